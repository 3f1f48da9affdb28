#pragma once
// The operational transform types behind one face: a document is changed by operations, operations
// made concurrently are transformed so that every order of application gives the same document.
//
// Law (TP1): apply(apply(d, a), transform(b, a, kRight)) == apply(apply(d, b), transform(a, b,
// kLeft)). Sources: Ellis and Gibbs 1989; a server-side total order as in Jupiter (Nichols et al.
// 1995). The types' rules are those of the npm packages ot-text-unicode and rich-text
// (quill-delta), see docs/ot.md; malformed input that they accept silently is refused here.

#include "base/json.h"
#include "base/result.h"
#include "ot/rich_text.h"
#include "ot/text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace cloudsync::ot {

enum class Type : std::uint8_t {
  kText,      ///< plain text, positions in Unicode code points
  kRichText,  ///< Quill Delta, positions in UTF-16 units
};

std::string_view type_name(Type type);  // "text", "rich-text"
std::optional<Type> type_from_name(std::string_view name);

/// One operation of either type, in normal form.
using Operation = std::variant<TextOp, RichTextOp>;
/// A document's content. Value semantics; copying costs O(1), copies share what neither changes.
using Document = std::variant<TextDocument, RichTextDocument>;

Type type_of(const Operation& op);
Type type_of(const Document& document);

/// The content of a document at revision 0: "" or [{"insert":"\n"}].
Document make_document(Type type);
/// Errors: kOpInvalid.
Result<Document> parse_document(Type type, const JsonValue& content);
/// A JSON string for text, an array of inserts for rich text (normalised).
JsonValue content(const Document& document);

/// Parses and normalises. Errors: kOpInvalid, the message names the component.
Result<Operation> parse_operation(Type type, const JsonValue& json);
JsonValue to_json(const Operation& op);

/// Checks that `op` fits `document` and changes it; on an error (kOpInvalid) nothing changed.
/// Both must be of one type (asserted). O(log n) for each component. Call it as ot::apply:
/// std::apply is looked up, too.
Result<void> apply(Document& document, const Operation& op);

/// The operation that undoes `op`, which fits `document` and was not applied to it yet. Errors:
/// kOpInvalid. Both must be of one type (asserted).
Result<Operation> invert(const Operation& op, const Document& document);

/// One operation with the effect of `first`, then `second`.
Operation compose(const Operation& first, const Operation& second);

/// Rewrites `op`, made on the same document as `other`, to apply after `other`. O(components of
/// both). The authority transforms incoming operations as kLeft over committed ones; a client keeps
/// kLeft for its own, too.
Operation transform(const Operation& op, const Operation& other, Side side);

/// True if the operation changes nothing.
bool is_noop(const Operation& op);

/// A cursor (length 0) or selection, in the type's units.
struct Range {
  std::uint64_t index = 0;
  std::uint64_t length = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

/// Where `range` is after `op`. An insert exactly at a position moves it only if it is the cursor
/// owner's own (`own`).
Range transform_range(const Range& range, const Operation& op, bool own);

/// Length of the document in the type's units; a position is valid from 0 to this.
std::uint64_t length(const Document& document);

}  // namespace cloudsync::ot
