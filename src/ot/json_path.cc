#include "ot/json_path.h"

#include "ot/attributes.h"
#include "ot/op_json.h"

#include <algorithm>
#include <utility>

namespace cloudsync::ot {
namespace {

// Recursion ends at `levels_max`, however deep the value is.
bool is_deeper(const JsonValue& value, std::size_t levels_max) {
  if (const auto* object = value.if_object()) {
    return levels_max == 0 || std::any_of(object->begin(), object->end(), [=](const auto& member) {
             return is_deeper(member.value(), levels_max - 1);
           });
  }
  if (const auto* array = value.if_array()) {
    return levels_max == 0 ||
           std::any_of(array->begin(), array->end(), [=](const JsonValue& element) {
             return is_deeper(element, levels_max - 1);
           });
  }
  return false;
}

Result<JsonKey> parse_key(const JsonValue& json, std::size_t index) {
  if (const auto* whole = json.if_int64(); whole != nullptr && *whole >= 0) {
    return JsonKey(static_cast<std::uint64_t>(*whole));
  }
  if (const auto* key = json.if_string()) {
    CS_TRY(check_key(view(*key), index));
    return JsonKey(std::string(view(*key)));
  }
  return component_error(index,
                         "an element of a path must be a key or a whole number from 0 to 2^53 - 1");
}

}  // namespace

bool is_prefix(std::span<const JsonKey> prefix, std::span<const JsonKey> path) {
  return prefix.size() <= path.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

Result<JsonPath> parse_path(const JsonValue& json, std::size_t index) {
  const auto* array = json.if_array();
  if (array == nullptr) {
    return component_error(index, "a path must be an array");
  }
  if (array->size() > kJsonLevelsMax) {
    return component_error(
        index, "a path may have at most " + std::to_string(kJsonLevelsMax) + " elements");
  }
  JsonPath path;
  path.reserve(array->size());
  for (const JsonValue& element : *array) {
    CS_TRY_ASSIGN(JsonKey key, parse_key(element, index));
    path.push_back(std::move(key));
  }
  return path;
}

JsonArray to_json(std::span<const JsonKey> path) {
  JsonArray array;
  array.reserve(path.size() + 1);  // most callers add one
  for (const JsonKey& key : path) {
    if (const auto* name = std::get_if<std::string>(&key)) {
      array.emplace_back(*name);
    } else {
      array.emplace_back(static_cast<std::int64_t>(std::get<std::uint64_t>(key)));
    }
  }
  return array;
}

Result<void> check_value(const JsonValue& value, std::size_t levels_max, std::size_t index) {
  if (is_deeper(value, levels_max)) {
    return component_error(
        index, "content may have at most " + std::to_string(kJsonLevelsMax) + " levels");
  }
  return check_keys(value, index);
}

}  // namespace cloudsync::ot
