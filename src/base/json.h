#pragma once
// JSON values and their one text form. Values are Boost.JSON's (iterative parser, depth cap); the
// writer is ours because peers are JavaScript: numbers print as JSON.stringify prints them, and
// equal documents must have equal bytes for state hashes.

#include "base/result.h"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloudsync {

using JsonValue = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

/// Deepest nesting accepted from a peer: rich text needs 5, and 5,000 nested arrays killed a stock
/// Node server that echoed them.
inline constexpr std::size_t kJsonDepthMax = 64;

/// Largest integer that every JavaScript peer represents exactly (2^53 - 1).
inline constexpr std::int64_t kJsonIntegerMax = 9'007'199'254'740'991;

/// Parses one JSON text (RFC 8259), nothing behind it. Errors: kBadRequest for malformed or too
/// deep text, lone surrogates, or numbers beyond a double. Numbers that are whole and within
/// kJsonIntegerMax become int64, all others double, so that 1, 1.0 and 1e0 are equal as they are in
/// JavaScript. Of duplicate keys the last wins.
Result<JsonValue> parse_json(std::string_view text, std::size_t depth_max = kJsonDepthMax);

/// Replaces the \u escapes in JSON text that are half of a surrogate pair by \ufffd, which has as
/// many characters. True if there were any. JavaScript writes and reads such strings, UTF-8 has no
/// form for them (RFC 8259 section 8.2). O(size).
bool replace_lone_surrogates(std::string& text);

/// Appends `value` as compact JSON, keys in the object's order, numbers as JavaScript prints them.
void append_json(std::string& out, const JsonValue& value);
std::string to_json(const JsonValue& value);

/// The canonical form: like to_json with keys sorted by UTF-8 bytes at every level. Equal values
/// have equal text.
std::string to_canonical_json(const JsonValue& value);

/// Appends `text` as a JSON string with its quotes. `text` is valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// `object[key]` if it is a string, else nullptr. The pointer lives as long as the object.
const boost::json::string* find_string(const JsonObject& object, std::string_view key);

/// `object[key]` if it is a whole number from 0 to kJsonIntegerMax.
std::optional<std::uint64_t> find_unsigned(const JsonObject& object, std::string_view key);

/// The characters of a Boost.JSON string as the standard's view (Boost has its own type).
inline std::string_view view(const boost::json::string& text) {
  return {text.data(), text.size()};
}

}  // namespace cloudsync
