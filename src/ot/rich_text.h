#pragma once
// Rich text: Quill's Delta, runs of text and embedded objects with attributes. Lengths are UTF-16
// units, an embed counts 1. The rules are those of npm rich-text 4.1.0 with quill-delta 5.1.0
// (docs/ot.md); edits inside an embed (a retain that is an object) are not supported.
//
// JSON of an operation: an array of {"insert": text or object, "attributes"?: {…}},
// {"retain": n, "attributes"?: {…}} and {"delete": n}. A document is an array of inserts.

#include "base/json.h"
#include "base/result.h"
#include "ot/rich_text_runs.h"
#include "ot/rope.h"
#include "ot/shared_object.h"
#include "ot/side.h"
#include "ot/text.h"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cloudsync::ot {

/// Attributes of one component of a peer, as JSON text. An operation that cuts a formatted range
/// into pieces repeats its attributes in each: 20,000 pieces times any length would be more memory
/// than a server has. The longest in use are links, of which nginx takes 8 KiB.
inline constexpr std::size_t kAttributesBytesMax = 8'192;

struct RichTextComponent {
  enum class Kind : std::uint8_t { kRetain, kInsertText, kInsertEmbed, kDelete };

  Kind kind = Kind::kRetain;
  std::uint64_t length = 0;  ///< UTF-16 units; never 0, 1 for an embed
  std::string text;          ///< of kInsertText, valid UTF-8
  SharedObject embed;        ///< of kInsertEmbed
  SharedObject attributes;   ///< a null value in a retain's removes the attribute

  bool is_insert() const { return kind == Kind::kInsertText || kind == Kind::kInsertEmbed; }

  bool is_plain_retain() const { return kind == Kind::kRetain && attributes.empty(); }

  friend bool operator==(const RichTextComponent&, const RichTextComponent&) = default;
};

/// Operations of people have up to three components; those and short inserts cost no allocation.
using RichTextComponents = boost::container::small_vector<RichTextComponent, 4>;

/// An operation in normal form: equal neighbours are merged, an insert comes before a delete at the
/// same place, there is no retain without attributes at the end.
class RichTextOp {
 public:
  /// Parses and normalises a bare array or {"ops": […]}. Errors: kOpInvalid, the message names the
  /// component.
  static Result<RichTextOp> parse(const JsonValue& json,
                                  std::size_t components_max = kOpComponentsMax,
                                  std::size_t attributes_bytes_max = kAttributesBytesMax);
  /// A bare array.
  JsonValue to_json() const;

  /// Builders, from the start of the document to its end; zero lengths and "" do nothing.
  RichTextOp& retain(std::uint64_t units, SharedObject attributes = {});
  RichTextOp& insert(std::string_view text, SharedObject attributes = {});
  RichTextOp& insert_embed(SharedObject embed, SharedObject attributes = {});
  RichTextOp& erase(std::uint64_t units);
  RichTextOp& push(RichTextComponent component);
  /// Drops a retain without attributes at the end: call it once after the last builder.
  RichTextOp& trim();

  const RichTextComponents& components() const& { return components_; }

  /// To be moved from, after which there is no use for the operation.
  RichTextComponents&& components() && { return std::move(components_); }

  bool is_noop() const { return components_.empty(); }

  /// Units of the old document that the operation walks over: the least it can be applied to.
  std::uint64_t base_length() const;

  friend bool operator==(const RichTextOp&, const RichTextOp&) = default;

 private:
  RichTextComponents components_;
};

RichTextOp compose(const RichTextOp& first, const RichTextOp& second);
/// `op` rewritten to apply after `other`. Of two inserts at one place kRight's comes first, of two
/// values for one attribute kRight's stays: the reverse of text, as in the npm packages.
RichTextOp transform(const RichTextOp& op, const RichTextOp& other, Side side);
/// The same without copying what `op` inserts.
RichTextOp transform(RichTextOp&& op, const RichTextOp& other, Side side);
/// Where `position` is after `op`. An insert exactly there moves it only if the operation is its
/// owner's (`own`).
std::uint64_t transform_position(std::uint64_t position, const RichTextOp& op, bool own);

/// What stands for an embed in a document's text: the object replacement character, one UTF-16
/// unit. It may be in a text as well; the runs tell which it is.
inline constexpr std::string_view kEmbedText = "\uFFFC";

/// A document: one text, with kEmbedText for each embed, and the runs
/// that format it. Beside the text a run is a length and two handles however long it is, and both
/// trees are edited at one place each. Copying a document is O(1): copies share what neither
/// changes.
class RichTextDocument {
 public:
  RichTextDocument() = default;
  /// A bare array or {"ops": […]} of inserts. Errors: kOpInvalid.
  static Result<RichTextDocument> parse(const JsonValue& content);
  /// In normal form: neighbours with equal attributes are one insert. O(size).
  JsonValue to_json() const;

  /// Errors: kOpInvalid if the operation walks past the end or would cut a surrogate pair; then
  /// nothing changed. O(log n) for each component, and the text and runs that it adds, formats and
  /// removes.
  Result<void> apply(const RichTextOp& op);

  /// The operation that undoes `op`, which is to be applied to this document. Errors: as apply().
  Result<RichTextOp> invert(const RichTextOp& op) const;

  /// The content as inserts. O(size).
  RichTextComponents inserts() const { return inserts(0, length()); }

  const Rope& rope() const { return rope_; }

  std::size_t run_count() const { return runs_.tree().size(); }

  /// UTF-16 units.
  std::uint64_t length() const { return rope_.size().utf16_units; }

  friend bool operator==(const RichTextDocument&, const RichTextDocument&) = default;

 private:
  Result<void> check_fits(const RichTextOp& op) const;
  void insert(std::uint64_t at, const RichTextComponent& component);
  RichTextComponents inserts(std::uint64_t first, std::uint64_t last) const;

  Rope rope_;
  RichTextRuns runs_;
};

}  // namespace cloudsync::ot
