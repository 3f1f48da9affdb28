#include "gateway/server/arguments.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace cloudsync::gateway {

namespace {

constexpr std::string_view kPlaceholder = "_placeholder";

/// Calls `visit(num)` on the number of each placeholder in `value`, in order. A list of what is
/// left instead of recursion: the depth is the sender's.
template <class Visit>
void for_each_placeholder(JsonValue& value, Visit visit) {
  std::vector<JsonValue*> left{&value};
  while (!left.empty()) {
    JsonValue& next = *left.back();
    left.pop_back();
    std::vector<JsonValue*> inner;
    if (JsonArray* array = next.if_array()) {
      for (JsonValue& element : *array) {
        inner.push_back(&element);
      }
    } else if (JsonObject* object = next.if_object()) {
      if (object->contains(kPlaceholder) && find_unsigned(*object, "num")) {
        visit(object->at("num"));
        continue;
      }
      for (auto& member : *object) {
        inner.push_back(&member.value());
      }
    }
    left.insert(left.end(), inner.rbegin(), inner.rend());
  }
}

}  // namespace

// Each attachment moves once, however often it is named: a small event must not become a large one.
Arguments::Arguments(JsonArray given, std::vector<std::string> bytes) : values(std::move(given)) {
  if (bytes.empty()) {
    return;
  }
  std::map<std::uint64_t, std::int64_t> numbers;
  JsonValue whole(std::move(values));
  for_each_placeholder(whole, [&](JsonValue& num) {
    const auto old = static_cast<std::uint64_t>(num.get_int64());
    if (old >= bytes.size()) {
      return;
    }
    const auto next = static_cast<std::int64_t>(attachments.size());
    const auto [number, added] = numbers.emplace(old, next);
    if (added) {
      attachments.push_back(std::move(bytes[old]));
    }
    num = number->second;
  });
  values = std::move(whole.get_array());
}

JsonValue Arguments::adopt(const Arguments& other, std::size_t index) {
  JsonValue value = other[index];
  if (other.attachments.empty()) {
    return value;
  }
  JsonArray alone;
  alone.push_back(std::move(value));
  Arguments part(std::move(alone), other.attachments);
  const auto first = static_cast<std::int64_t>(attachments.size());
  for_each_placeholder(part.values[0], [&](JsonValue& num) { num = num.get_int64() + first; });
  std::move(part.attachments.begin(), part.attachments.end(), std::back_inserter(attachments));
  return std::move(part.values[0]);
}

const JsonValue& Arguments::operator[](std::size_t index) const {
  static const JsonValue kNull;
  return index < values.size() ? values[index] : kNull;
}

std::string_view Arguments::text(std::size_t index) const {
  const auto* string = (*this)[index].if_string();
  return string == nullptr ? std::string_view() : view(*string);
}

std::uint64_t Arguments::number(std::size_t index) const {
  const JsonValue& value = (*this)[index];
  return value.is_int64() && value.get_int64() >= 0 ? static_cast<std::uint64_t>(value.get_int64())
                                                    : 0;
}

bool Arguments::boolean(std::size_t index) const {
  const JsonValue& value = (*this)[index];
  return value.is_bool() && value.get_bool();
}

const std::string* Arguments::binary(std::size_t index) const {
  const auto* object = (*this)[index].if_object();
  if (object == nullptr || attachments.empty() || !object->contains(kPlaceholder)) {
    return nullptr;
  }
  const auto number = find_unsigned(*object, "num");
  return number && *number < attachments.size() ? &attachments[*number] : nullptr;
}

Arguments& Arguments::add(JsonValue value) {
  values.push_back(std::move(value));
  return *this;
}

Arguments& Arguments::add_binary(std::string bytes) {
  JsonObject placeholder;
  placeholder[kPlaceholder] = true;
  placeholder["num"] = static_cast<std::int64_t>(attachments.size());
  attachments.push_back(std::move(bytes));
  return add(std::move(placeholder));
}

Arguments Arguments::without_first(std::size_t count) const {
  const auto skipped = static_cast<std::ptrdiff_t>(std::min(count, values.size()));
  return Arguments(JsonArray(values.begin() + skipped, values.end()), attachments);
}

}  // namespace cloudsync::gateway
