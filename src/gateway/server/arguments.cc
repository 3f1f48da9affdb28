#include "gateway/server/arguments.h"

#include <algorithm>

namespace cloudsync::gateway {

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
  if (object == nullptr || attachments.empty() || !object->contains("_placeholder")) {
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
  placeholder["_placeholder"] = true;
  placeholder["num"] = static_cast<std::int64_t>(attachments.size());
  attachments.push_back(std::move(bytes));
  return add(std::move(placeholder));
}

Arguments Arguments::without_first(std::size_t count) const {
  const auto skipped = static_cast<std::ptrdiff_t>(std::min(count, values.size()));
  return Arguments(JsonArray(values.begin() + skipped, values.end()), attachments);
}

}  // namespace cloudsync::gateway
