#include "ot/attributes.h"

#include "ot/op_json.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace cloudsync::ot {
namespace {

constexpr std::array<std::string_view, 3> kForbiddenKeys = {
    "__proto__", "constructor", "prototype"};

}  // namespace

JsonObject compose_attributes(const JsonObject& first, const JsonObject& second, Nulls nulls) {
  JsonObject result = first;
  for (const auto& [key, value] : second) {
    if (value.is_null() && nulls == Nulls::kDrop) {
      result.erase(key);
    } else {
      result.insert_or_assign(key, value);
    }
  }
  return result;
}

JsonObject transform_attributes(const JsonObject& attributes, const JsonObject& other, Side side) {
  if (side == Side::kRight || other.empty()) {
    return attributes;
  }
  JsonObject result;
  for (const auto& [key, value] : attributes) {
    if (!other.contains(key)) {
      result.emplace(key, value);
    }
  }
  return result;
}

Result<void> check_keys(const JsonObject& object, std::size_t component) {
  for (const auto& [key, value] : object) {
    const std::string_view name{key.data(), key.size()};
    if (std::find(kForbiddenKeys.begin(), kForbiddenKeys.end(), name) != kForbiddenKeys.end()) {
      return component_error(component, "the key \"" + std::string(name) + "\" is not allowed");
    }
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
