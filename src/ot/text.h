#pragma once
// Plain text: a string changed by operations that walk over it, with all counts in Unicode code
// points. The rules are those of npm ot-text-unicode 4.0.0 (docs/ot.md).
//
// JSON of an operation: an array of components; a number n > 0 skips n code points, a string is
// inserted, {"d": n} deletes n code points. ["x", 3, {"d": 1}] puts x at the start and deletes the
// fourth code point of the old text.

#include "base/json.h"
#include "base/result.h"
#include "ot/rope.h"
#include "ot/side.h"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cloudsync::ot {

/// Components that one operation may have unless the caller says otherwise.
inline constexpr std::size_t kOpComponentsMax = 20'000;

struct TextComponent {
  enum class Kind : std::uint8_t { kSkip, kInsert, kDelete };

  Kind kind = Kind::kSkip;
  std::uint64_t length = 0;  ///< code points skipped, inserted or deleted; never 0
  std::string text;          ///< what is inserted, valid UTF-8; empty for the other kinds

  friend bool operator==(const TextComponent&, const TextComponent&) = default;
};

/// Operations of people have up to three components; those and short inserts cost no allocation.
using TextComponents = boost::container::small_vector<TextComponent, 4>;

/// An operation in normal form: neighbours of one kind are merged, there is no skip at the end. An
/// insert beside a delete stays in the order it was given: the effect is the same, but concurrent
/// inserts tell the two orders apart.
class TextOp {
 public:
  /// Parses and normalises. Errors: kOpInvalid, the message names the component.
  static Result<TextOp> parse(const JsonValue& json, std::size_t components_max = kOpComponentsMax);
  JsonValue to_json() const;

  /// Builders, from the start of the text to its end; zero lengths and "" do nothing.
  TextOp& skip(std::uint64_t code_points) { return add(TextComponent::Kind::kSkip, code_points); }

  TextOp& insert(std::string_view text);

  /// The same for text that is known to have `code_points`.
  TextOp& insert(std::string_view text, std::uint64_t code_points) {
    if (code_points != 0) {
      add(TextComponent::Kind::kInsert, code_points).components_.back().text += text;
    }
    return *this;
  }

  TextOp& erase(std::uint64_t code_points) {
    return add(TextComponent::Kind::kDelete, code_points);
  }

  TextOp& append(TextComponent component);

  /// Makes room: adding up to that many components allocates once at most.
  void reserve(std::size_t components) { components_.reserve(components); }

  /// Drops the skip at the end: call it once after the last builder.
  TextOp& trim() {
    if (!components_.empty() && components_.back().kind == TextComponent::Kind::kSkip) {
      components_.pop_back();
    }
    return *this;
  }

  const TextComponents& components() const& { return components_; }

  /// To be moved from, after which there is no use for the operation.
  TextComponents&& components() && { return std::move(components_); }

  bool is_noop() const { return components_.empty(); }

  /// Code points of the old text that the operation walks over: the least it can be applied to.
  std::uint64_t base_length() const;

  friend bool operator==(const TextOp&, const TextOp&) = default;

 private:
  // Lengthens the last component if it is of that kind. Inline: it is most of what transform and
  // compose do.
  TextOp& add(TextComponent::Kind kind, std::uint64_t length) {
    if (length == 0) {
      return *this;
    }
    if (components_.empty() || components_.back().kind != kind) {
      components_.emplace_back();
      components_.back().kind = kind;
    }
    components_.back().length += length;
    return *this;
  }

  TextComponents components_;
};

TextOp compose(const TextOp& first, const TextOp& second);
/// `op` rewritten to apply after `other`. Of two inserts at one place, kLeft's comes first.
TextOp transform(const TextOp& op, const TextOp& other, Side side);
/// The same without copying what `op` inserts.
TextOp transform(TextOp&& op, const TextOp& other, Side side);
/// Where `position` is after `op`. An insert exactly there moves it only if the operation is its
/// owner's (`own`).
std::uint64_t transform_position(std::uint64_t position, const TextOp& op, bool own);

/// A text. Copying it is O(1): copies share what neither changes.
class TextDocument {
 public:
  TextDocument() = default;

  /// `text` is valid UTF-8.
  explicit TextDocument(std::string_view text) : rope_(text) {}

  /// Errors: kOpInvalid if `content` is not a string.
  static Result<TextDocument> parse(const JsonValue& content);

  /// Errors: kOpInvalid if the operation walks past the end; then nothing changed. O(log n) for
  /// each component, and what it adds and removes.
  Result<void> apply(const TextOp& op);

  /// The operation that undoes `op`, which is to be applied to this document. Errors: as apply().
  Result<TextOp> invert(const TextOp& op) const;

  const Rope& rope() const { return rope_; }

  /// O(size).
  std::string text() const { return rope_.text(); }

  /// Code points.
  std::uint64_t length() const { return rope_.size().code_points; }

  friend bool operator==(const TextDocument&, const TextDocument&) = default;

 private:
  Rope rope_;
};

}  // namespace cloudsync::ot
