// Compose, transform and cursors of plain text: two operations are walked side by side. The rules,
// with their order of components, are those of ot-text-unicode 4.0.0 (lib/type.ts, MIT), written
// anew.

#include "ot/text.h"
#include "ot/unicode.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = TextComponent::Kind;

// Takes an operation apart from the left. Behind its end there is a skip without end.
class Reader {
 public:
  explicit Reader(const TextOp& op) : components_(op.components()) {}

  bool at_end() const { return index_ == components_.size(); }

  bool at_insert() const { return !at_end() && components_[index_].kind == Kind::kInsert; }

  bool at_delete() const { return !at_end() && components_[index_].kind == Kind::kDelete; }

  /// What is left of the current component; not at the end.
  TextComponent take_whole() { return take(std::numeric_limits<std::uint64_t>::max()); }

  /// At most `length` of the current component.
  TextComponent take(std::uint64_t length) {
    if (at_end()) {
      return {Kind::kSkip, length, {}};
    }
    const TextComponent& current = components_[index_];
    const std::uint64_t taken = std::min(length, current.length - offset_);
    TextComponent piece{current.kind, taken, {}};
    if (current.kind == Kind::kInsert) {
      const std::string_view rest = std::string_view(current.text).substr(byte_offset_);
      piece.text = rest.substr(0, bytes_of_code_points(rest, taken));
      byte_offset_ += piece.text.size();
    }
    offset_ += taken;
    if (offset_ == current.length) {
      ++index_;
      offset_ = 0;
      byte_offset_ = 0;
    }
    return piece;
  }

 private:
  const TextComponents& components_;
  std::size_t index_ = 0;
  std::uint64_t offset_ = 0;     // code points taken of the current component
  std::size_t byte_offset_ = 0;  // the same in bytes of its text
};

void take_rest(Reader& reader, TextOp& result) {
  while (!reader.at_end()) {
    result.append(reader.take_whole());
  }
  result.trim();
}

}  // namespace

TextOp compose(const TextOp& first, const TextOp& second) {
  TextOp result;
  Reader reader(first);
  for (const TextComponent& component : second.components()) {
    if (component.kind == Kind::kInsert) {
      result.append(component);
      continue;
    }
    for (std::uint64_t left = component.length; left > 0;) {
      if (reader.at_delete()) {  // gone before `second` saw the text
        result.append(reader.take_whole());
        continue;
      }
      TextComponent piece = reader.take(left);
      left -= piece.length;
      if (component.kind == Kind::kSkip) {
        result.append(std::move(piece));
      } else if (piece.kind == Kind::kSkip) {
        result.erase(piece.length);
      }  // else `second` deletes what `first` inserted
    }
  }
  take_rest(reader, result);
  return result;
}

TextOp transform(const TextOp& op, const TextOp& other, Side side) {
  TextOp result;
  Reader reader(op);
  for (const TextComponent& component : other.components()) {
    if (component.kind == Kind::kInsert) {
      if (side == Side::kLeft && reader.at_insert()) {
        result.append(reader.take_whole());
      }
      result.skip(component.length);
      continue;
    }
    for (std::uint64_t left = component.length; left > 0;) {
      if (reader.at_insert()) {
        result.append(reader.take_whole());
        continue;
      }
      TextComponent piece = reader.take(left);
      left -= piece.length;
      if (component.kind == Kind::kSkip) {
        result.append(std::move(piece));
      }  // else `other` has deleted it already
    }
  }
  take_rest(reader, result);
  return result;
}

std::uint64_t transform_position(std::uint64_t position, const TextOp& op, bool own) {
  std::uint64_t walked = 0;  // never beyond position
  for (const TextComponent& component : op.components()) {
    if (component.kind == Kind::kSkip) {
      walked += component.length;
    } else if (component.kind == Kind::kDelete) {
      position -= std::min(component.length, position - walked);
    } else if (walked < position || own) {
      walked += component.length;
      position += component.length;
    }
    if (walked > position) {
      break;
    }
  }
  return position;
}

}  // namespace cloudsync::ot
