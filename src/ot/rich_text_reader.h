#pragma once
// Takes an operation's components apart from the left, across their borders: what compose and
// transform walk with. Behind the end there is a retain without end.

#include "ot/rich_text.h"

#include <cstddef>
#include <cstdint>

namespace cloudsync::ot {

class RichTextReader {
 public:
  /// `components` outlives the reader.
  explicit RichTextReader(const RichTextComponents& components) : components_(components) {}

  /// Texts that are taken as a whole are moved out of `components`.
  explicit RichTextReader(RichTextComponents&& components)
      : components_(components), taken_(&components) {}

  bool at_end() const { return index_ == components_.size(); }

  bool at_insert() const { return !at_end() && components_[index_].is_insert(); }

  bool at_delete() const;
  /// Of the rest of the current component; without end at the end.
  std::uint64_t peek_length() const;

  /// At most `length` of the current component. A cut inside a surrogate pair is made before it,
  /// and remembered: only operations that don't fit their base cut there.
  RichTextComponent take(std::uint64_t length);
  RichTextComponent take_whole();

  bool has_cut_pair() const { return has_cut_pair_; }

 private:
  struct Piece {
    std::uint64_t length = 0;
    std::size_t text_at = 0;  // of the component's text
    std::size_t text_bytes = 0;
  };

  Piece advance(std::uint64_t length);

  const RichTextComponents& components_;
  RichTextComponents* taken_ = nullptr;
  std::size_t index_ = 0;
  std::uint64_t offset_ = 0;     // units taken of the current component
  std::size_t byte_offset_ = 0;  // the same in bytes of its text
  bool has_cut_pair_ = false;
};

/// Adds a component to a list in normal form: merges it with an equal neighbour, puts an insert
/// before a delete. A length of 0 adds nothing.
void push_component(RichTextComponents& components, RichTextComponent component);

}  // namespace cloudsync::ot
