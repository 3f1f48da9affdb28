#include "ot/attributes.h"

#include "ot/op_json.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace cloudsync::ot {
namespace {

constexpr std::array<std::string_view, 3> kForbiddenKeys = {
    "__proto__", "constructor", "prototype"};

bool has_null(const JsonObject& object) {
  return std::any_of(
      object.begin(), object.end(), [](const auto& member) { return member.value().is_null(); });
}

}  // namespace

SharedObject compose_attributes(const SharedObject& first,
                                const SharedObject& second,
                                Nulls nulls) {
  if (second.empty()) {
    return first;
  }
  if (first.empty() && (nulls == Nulls::kKeep || !has_null(second.get()))) {
    return second;
  }
  JsonObject result = first.get();
  for (const auto& [key, value] : second.get()) {
    if (value.is_null() && nulls == Nulls::kDrop) {
      result.erase(key);
    } else {
      result.insert_or_assign(key, value);
    }
  }
  return result;
}

SharedObject transform_attributes(const SharedObject& attributes,
                                  const SharedObject& other,
                                  Side side) {
  if (side == Side::kRight || other.empty() || attributes.empty()) {
    return attributes;
  }
  JsonObject result;
  for (const auto& [key, value] : attributes.get()) {
    if (!other.get().contains(key)) {
      result.emplace(key, value);
    }
  }
  return result;
}

SharedObject invert_attributes(const SharedObject& attributes, const SharedObject& base) {
  JsonObject result;
  for (const auto& [key, value] : attributes.get()) {
    const JsonValue* old = base.get().if_contains(key);
    if (old != nullptr && *old != value) {
      result.emplace(key, *old);
    } else if (old == nullptr && !value.is_null()) {
      result.emplace(key, nullptr);
    }
  }
  return result;
}

Result<void> check_key(std::string_view key, std::size_t component) {
  if (std::find(kForbiddenKeys.begin(), kForbiddenKeys.end(), key) != kForbiddenKeys.end()) {
    return component_error(component, "the key \"" + std::string(key) + "\" is not allowed");
  }
  return {};
}

Result<void> check_keys(const JsonObject& object, std::size_t component) {
  for (const auto& [key, value] : object) {
    CS_TRY(check_key({key.data(), key.size()}, component));
    CS_TRY(check_keys(value, component));
  }
  return {};
}

Result<void> check_keys(const JsonValue& value, std::size_t component) {
  if (const auto* object = value.if_object()) {
    return check_keys(*object, component);
  }
  if (const auto* array = value.if_array()) {
    for (const JsonValue& element : *array) {
      CS_TRY(check_keys(element, component));
    }
  }
  return {};
}

}  // namespace cloudsync::ot
