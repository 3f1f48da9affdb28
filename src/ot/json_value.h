#pragma once
// JSON operations on plain JSON values: what a deletion names is kept true with it, and the tests
// compare the document with it.

#include "base/json.h"
#include "ot/json_op.h"

#include <cstddef>
#include <string_view>

namespace cloudsync::ot {

// Why a component does not fit a document.
inline constexpr std::string_view kNoSuchPath = "the path leads nowhere";
inline constexpr std::string_view kNoList = "the path does not lead to a list";
inline constexpr std::string_view kNoObject = "the path does not lead to an object";
inline constexpr std::string_view kNoString = "the path does not lead to a string";
inline constexpr std::string_view kNoCounter =
    "na needs a whole number, and a result, within 2^53 of 0";
inline constexpr std::string_view kPastEnd = "the index is past the end of the list";
inline constexpr std::string_view kNotRemoved = "what is deleted is not what is there";
inline constexpr std::string_view kKeyTaken = "the key exists: its value must be named with od";
inline constexpr std::string_view kOffsetPastEnd =
    "the offset is past the end of the string or inside a surrogate pair";

/// Applies `component`, without the first `skipped` elements of its path, to `root`. Returns why it
/// does not fit, and then nothing changed; empty if it was applied. O(length of what it changes).
std::string_view apply_component(JsonValue& root,
                                 const JsonComponent& component,
                                 std::size_t skipped = 0);

/// Applies all components or, with an error, none. Errors: kOpInvalid, the message names the
/// component.
Result<void> apply_to_value(JsonValue& root, const JsonOp& op);

}  // namespace cloudsync::ot
