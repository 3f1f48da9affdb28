#pragma once
// The operational transform types behind one face: a document is changed by operations, operations
// made concurrently are transformed so that every order of application gives the same document.
//
// Law (TP1): apply(apply(d, a), transform(b, a, kRight)) == apply(apply(d, b), transform(a, b,
// kLeft)). Sources: Ellis and Gibbs 1989; a server-side total order as in Jupiter (Nichols et al.
// 1995). The types' rules are those of the npm packages ot-text-unicode, rich-text (quill-delta)
// and ot-json0, see docs/ot.md; malformed input that they accept silently is refused here.

#include "base/json.h"
#include "base/result.h"
#include "ot/json_document.h"
#include "ot/json_op.h"
#include "ot/range.h"
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
  kJson,      ///< any JSON value, changed by path
};

std::string_view type_name(Type type);  // "text", "rich-text", "json"
std::optional<Type> type_from_name(std::string_view name);

/// One operation of any type, in normal form. The types are in the order of Type.
using Operation = std::variant<TextOp, RichTextOp, JsonOp>;
/// A document's content. Value semantics; copying costs O(1), copies share what neither changes.
using Document = std::variant<TextDocument, RichTextDocument, JsonDocument>;

Type type_of(const Operation& op);
Type type_of(const Document& document);

/// The content of a document at revision 0: "", [{"insert":"\n"}] or {}.
Document make_document(Type type);
/// Errors: kOpInvalid.
Result<Document> parse_document(Type type, const JsonValue& content);
/// A JSON string for text, an array of inserts for rich text (normalised), the value for json.
JsonValue content(const Document& document);

/// Parses and normalises what a peer sent. Errors: kOpInvalid, the message names the component.
Result<Operation> parse_operation(Type type, const JsonValue& json);
/// The same for an operation of a log, without the limits of what a peer may send: one of a peer
/// that was transformed, so that deletions were split.
Result<Operation> parse_committed(Type type, const JsonValue& json);
JsonValue to_json(const Operation& op);

/// Runs of rich text of the document, each with attributes of its own; 0 for the other types. O(1).
std::size_t run_count(const Document& document);

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
/// The same in place, without copying what `op` inserts: how one is moved over a long log.
void transform_in_place(Operation& op, const Operation& other, Side side);

/// Components of the operation.
std::size_t component_count(const Operation& op);

/// What transform(op, other) costs, at least 1: the components that it looks at.
std::size_t transform_cost(const Operation& op, const Operation& other);

/// True if the operation changes nothing.
bool is_noop(const Operation& op);

/// A selection as clients write it: {"index", "length"}; in json {"path"}, with an index and a
/// length if it is inside a string. Other members are ignored. Nothing if it is malformed.
std::optional<Range> read_range(Type type, const JsonObject& selection);
/// Writes `range` into `selection`; what else is in it stays.
void write_range(JsonObject& selection, Type type, const Range& range);

/// Where `range` is after `op`. An insert exactly at a position moves it only if it is the cursor
/// owner's own (`own`). See transform_cursor() for json.
Range transform_range(const Range& range, const Operation& op, bool own);

/// True if `range` is inside the document.
bool contains(const Document& document, const Range& range);

/// Length of the document in the type's units; of json that of its root, see JsonDocument.
std::uint64_t length(const Document& document);

}  // namespace cloudsync::ot
