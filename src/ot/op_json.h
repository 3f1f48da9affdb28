#pragma once
// What the parsers of both types share: errors that name the component, and lengths.

#include "base/json.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloudsync::ot {

/// kOpInvalid: "component 3: <what>".
inline tl::unexpected<Error> component_error(std::size_t index, std::string_view what) {
  return fail(ErrorCode::kOpInvalid,
              "component " + std::to_string(index) + ": " + std::string(what));
}

/// A whole number from 1 to 2^53 - 1. Errors: kOpInvalid.
inline Result<std::uint64_t> parse_length(const JsonValue& value, std::size_t index) {
  std::uint64_t length = 0;
  if (const auto* whole = value.if_int64(); whole != nullptr && *whole > 0) {
    length = static_cast<std::uint64_t>(*whole);
  } else if (const auto* large = value.if_uint64()) {
    length = *large;
  }
  if (length == 0 || length > static_cast<std::uint64_t>(kJsonIntegerMax)) {
    return component_error(index, "a length must be a whole number from 1 to 2^53 - 1");
  }
  return length;
}

/// `components` of `json`, an array of at most `components_max`. Errors: kOpInvalid.
inline Result<const JsonArray*> parse_components(const JsonValue& json,
                                                 std::size_t components_max) {
  const JsonArray* array = json.if_array();
  if (array == nullptr) {
    return fail(ErrorCode::kOpInvalid, "an operation must be an array of components");
  }
  if (array->size() > components_max) {
    return fail(ErrorCode::kOpInvalid,
                "an operation may have at most " + std::to_string(components_max) + " components");
  }
  return array;
}

/// Adds the length of component `index` to the running total, which stays within 2^53 - 1.
inline Result<void> add_to_base(std::uint64_t& base, std::uint64_t length, std::size_t index) {
  base += length;  // both are below 2^53
  if (base > static_cast<std::uint64_t>(kJsonIntegerMax)) {
    return component_error(index, "the lengths add up to more than 2^53 - 1");
  }
  return {};
}

}  // namespace cloudsync::ot
