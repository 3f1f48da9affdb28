#pragma once
// One call of the operational transform types as JSON, for debugging and for comparing other
// implementations with this one:
//   {"type": "text", "rich-text" or "json", "call": …, and what the call takes}
//     check             op, [doc]           -> op in normal form, if it fits doc
//     apply             doc, op             -> content
//     compose           op, other           -> op, then other, as one
//     transform         op, other, side     -> op after other; side is "left" or "right"
//     invert            op, doc             -> what undoes op, which was made on doc
//     transform-cursor  cursor, op, [own]   -> cursor: an index, or a selection as in presence
//     hash              doc                 -> SHA-256 of the content's canonical JSON

#include <string>
#include <string_view>

namespace cloudsync::ot_tool {

/// Deepest nesting of a request. Operations and documents of any depth within it get the answer of
/// their type; what is deeper is op_invalid, too.
inline constexpr std::size_t kRequestDepthMax = 256;

/// Answers one request: {"result": …} or {"error": {"code", "message"}}, keys sorted, numbers as
/// JavaScript prints them. What is no request at all is bad_request.
std::string answer(std::string_view request);

}  // namespace cloudsync::ot_tool
