// Compose, transform and cursors of rich text. The rules are those of quill-delta 5.1.0
// (src/Delta.ts, BSD-3-Clause), written anew.

#include "ot/attributes.h"
#include "ot/rich_text.h"
#include "ot/rich_text_reader.h"
#include "ot/unicode.h"

#include <algorithm>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = RichTextComponent::Kind;

// The reader's next piece, no longer than the other's.
std::uint64_t common_length(const RichTextReader& one, const RichTextReader& other) {
  return std::min(one.peek_length(), other.peek_length());
}

// Ends with `ours`: what `other` does behind it leaves a retain at the end, which is dropped.
RichTextOp transform(RichTextReader ours, const RichTextOp& other, Side side) {
  RichTextOp result;
  RichTextReader theirs(other.components());
  while (!ours.at_end()) {
    if (theirs.at_insert() && (side == Side::kLeft || !ours.at_insert())) {
      result.retain(theirs.take_whole().length);
      continue;
    }
    if (ours.at_insert()) {
      result.push(ours.take_whole());
      continue;
    }
    const std::uint64_t length = common_length(ours, theirs);
    RichTextComponent change = ours.take(length);
    const RichTextComponent done = theirs.take(length);
    if (done.kind == Kind::kDelete) {
      continue;  // deleted already, or nothing left to format
    }
    if (change.kind == Kind::kRetain) {
      change.attributes = transform_attributes(change.attributes, done.attributes, side);
    }
    result.push(std::move(change));
  }
  result.trim();
  return result;
}

}  // namespace

RichTextOp compose(const RichTextOp& first, const RichTextOp& second) {
  RichTextOp result;
  RichTextReader ours(first.components());
  RichTextReader theirs(second.components());
  while (!ours.at_end() || !theirs.at_end()) {
    if (theirs.at_insert()) {
      result.push(theirs.take_whole());
      continue;
    }
    if (ours.at_delete()) {
      result.push(ours.take_whole());
      continue;
    }
    const std::uint64_t length = common_length(ours, theirs);
    RichTextComponent before = ours.take(length);
    RichTextComponent change = theirs.take(length);
    if (ours.has_cut_pair() && before.kind == Kind::kInsertText) {
      before.length = count_utf16_units(before.text);  // `second` doesn't fit; stay consistent
    }
    if (change.kind == Kind::kRetain) {
      const Nulls nulls = before.is_insert() ? Nulls::kDrop : Nulls::kKeep;
      before.attributes = compose_attributes(before.attributes, change.attributes, nulls);
      result.push(std::move(before));
    } else if (!before.is_insert()) {
      result.push(std::move(change));
    }  // else `second` deletes what `first` inserted
  }
  result.trim();
  return result;
}

RichTextOp transform(const RichTextOp& op, const RichTextOp& other, Side side) {
  return transform(RichTextReader(op.components()), other, side);
}

RichTextOp transform(RichTextOp&& op, const RichTextOp& other, Side side) {
  return transform(RichTextReader(std::move(op).components()), other, side);
}

std::uint64_t transform_position(std::uint64_t position, const RichTextOp& op, bool own) {
  std::uint64_t walked = 0;
  for (const RichTextComponent& component : op.components()) {
    if (walked > position) {
      break;
    }
    if (component.kind == Kind::kDelete) {
      position -= std::min(component.length, position - walked);
      continue;
    }
    if (component.is_insert() && (walked < position || own)) {
      position += component.length;
    }
    walked += component.length;
  }
  return position;
}

}  // namespace cloudsync::ot
