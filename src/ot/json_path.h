#pragma once
// Where something is inside a JSON document: a key or an index per level, from the root down.

#include "base/json.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace cloudsync::ot {

/// Levels that a document's content may have: the root is level 0, what is in it level 1. Leaves
/// room below kJsonDepthMax for the operations and frames that carry a whole value of a document.
inline constexpr std::size_t kJsonLevelsMax = 48;

/// An index of a list (or an offset in a string, in UTF-16 units), or a key of an object. The two
/// never stand for each other: "0" is no index.
using JsonKey = std::variant<std::uint64_t, std::string>;
using JsonPath = std::vector<JsonKey>;

bool is_prefix(std::span<const JsonKey> prefix, std::span<const JsonKey> path);

/// Errors: kOpInvalid, naming component `index`, if `json` is no array of strings and whole numbers
/// from 0 to 2^53 - 1, is longer than kJsonLevelsMax or holds a key that JavaScript objects don't
/// treat as data.
Result<JsonPath> parse_path(const JsonValue& json, std::size_t index);
JsonArray to_json(std::span<const JsonKey> path);

/// Errors: kOpInvalid, naming component `index`, if `value` holds more than `levels_max` levels or,
/// at any depth, a key that JavaScript objects don't treat as data.
Result<void> check_value(const JsonValue& value, std::size_t levels_max, std::size_t index);

}  // namespace cloudsync::ot
