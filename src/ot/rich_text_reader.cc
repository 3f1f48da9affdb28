#include "ot/rich_text_reader.h"

#include "ot/unicode.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = RichTextComponent::Kind;

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

}  // namespace

bool RichTextReader::at_delete() const {
  return !at_end() && components_[index_].kind == Kind::kDelete;
}

std::uint64_t RichTextReader::peek_length() const {
  return at_end() ? kEndless : components_[index_].length - offset_;
}

RichTextReader::Piece RichTextReader::advance(std::uint64_t length) {
  const RichTextComponent& current = components_[index_];
  Piece piece{
      std::min(length, current.length - offset_), byte_offset_, current.text.size() - byte_offset_};
  const bool is_rest = offset_ + piece.length == current.length;
  if (!is_rest && current.kind == Kind::kInsertText) {
    const bool is_ascii = current.text.size() == current.length;
    const Utf16Prefix prefix =
        is_ascii ? Utf16Prefix{static_cast<std::size_t>(piece.length), piece.length}
                 : utf16_prefix(std::string_view(current.text).substr(byte_offset_), piece.length);
    has_cut_pair_ = has_cut_pair_ || prefix.units != piece.length;
    piece.text_bytes = prefix.bytes;
  }
  if (is_rest) {
    ++index_;
    offset_ = 0;
    byte_offset_ = 0;
  } else {
    offset_ += piece.length;
    byte_offset_ += piece.text_bytes;
  }
  return piece;
}

RichTextComponent RichTextReader::take(std::uint64_t length) {
  if (at_end()) {
    RichTextComponent retain;
    retain.length = length;
    return retain;
  }
  const RichTextComponent& current = components_[index_];
  if (taken_ != nullptr && offset_ == 0 && length >= current.length) {
    return std::move((*taken_)[index_++]);
  }
  const Piece piece = advance(length);
  RichTextComponent taken;
  taken.kind = current.kind;
  taken.length = piece.length;
  taken.text.assign(current.text, piece.text_at, piece.text_bytes);
  taken.embed = current.embed;
  taken.attributes = current.attributes;
  return taken;
}

RichTextComponent RichTextReader::take_whole() {
  return take(kEndless);
}

namespace {

// Merges `component` into `last` if the two may be one.
bool merge(RichTextComponent& last, const RichTextComponent& component) {
  if (last.kind != component.kind || last.kind == Kind::kInsertEmbed ||
      last.attributes != component.attributes) {
    return false;
  }
  last.length += component.length;
  last.text += component.text;
  return true;
}

}  // namespace

void push_component(RichTextComponents& components, RichTextComponent component) {
  if (component.length == 0) {
    return;
  }
  std::size_t at = components.size();
  if (at > 0 && component.is_insert() && components[at - 1].kind == Kind::kDelete) {
    --at;
  }
  if (at > 0 && merge(components[at - 1], component)) {
    return;
  }
  components.insert(components.begin() + static_cast<std::ptrdiff_t>(at), std::move(component));
}

}  // namespace cloudsync::ot
