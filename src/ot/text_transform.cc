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
  explicit Reader(const TextComponents& components) : components_(components) {}

  /// Inserts that are moved as a whole are taken out of `components`.
  explicit Reader(TextComponents&& components) : components_(components), taken_(&components) {}

  bool at_end() const { return index_ == components_.size(); }

  bool at_insert() const { return !at_end() && components_[index_].kind == Kind::kInsert; }

  bool at_delete() const { return !at_end() && components_[index_].kind == Kind::kDelete; }

  /// Moves what is left of the current component to `result`; not at the end.
  void move_whole(TextOp& result) { move(kEndless, result); }

  /// Moves at most `length` of the current component to `result`, and returns its length.
  std::uint64_t move(std::uint64_t length, TextOp& result) {
    if (at_insert()) {
      return move_insert(length, result);
    }
    const bool is_delete = at_delete();
    const std::uint64_t walked = walk(length);
    is_delete ? result.erase(walked) : result.skip(walked);
    return walked;
  }

  /// Walks over at most `length` of the current component, and returns its length.
  std::uint64_t walk(std::uint64_t length) {
    if (at_end()) {
      return length;
    }
    const TextComponent& current = components_[index_];
    const std::uint64_t walked = std::min(length, current.length - offset_);
    if (walked == current.length - offset_) {
      ++index_;
      offset_ = 0;
      byte_offset_ = 0;
      return walked;
    }
    if (current.kind == Kind::kInsert) {
      byte_offset_ += bytes_of_code_points(rest_of(current), walked);
    }
    offset_ += walked;
    return walked;
  }

 private:
  static constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

  std::string_view rest_of(const TextComponent& insert) const {
    return std::string_view(insert.text).substr(byte_offset_);
  }

  std::uint64_t move_insert(std::uint64_t length, TextOp& result) {
    const TextComponent& current = components_[index_];
    const std::string_view rest = rest_of(current);
    if (taken_ != nullptr && offset_ == 0 && length >= current.length) {
      result.append(std::move((*taken_)[index_++]));
      return current.length;
    }
    const std::uint64_t walked = walk(length);
    const bool is_rest = offset_ == 0;
    result.insert(is_rest ? rest : rest.substr(0, rest.size() - rest_of(current).size()), walked);
    return walked;
  }

  const TextComponents& components_;
  TextComponents* taken_ = nullptr;
  std::size_t index_ = 0;
  std::uint64_t offset_ = 0;     // code points taken of the current component
  std::size_t byte_offset_ = 0;  // the same in bytes of its text
};

void take_rest(Reader& reader, TextOp& result) {
  while (!reader.at_end()) {
    reader.move_whole(result);
  }
  result.trim();
}

// Room for what two operations may become, unless that is likely to fit without an allocation.
void reserve(TextOp& result, std::size_t first, std::size_t second) {
  if (std::max(first, second) > TextComponents::static_capacity) {
    result.reserve(first + second);
  }
}

// Ends with the reader: what `other` does behind it leaves a skip at the end, which is dropped.
TextOp transform(Reader reader, const TextOp& other, Side side) {
  TextOp result;
  for (const TextComponent& component : other.components()) {
    if (reader.at_end()) {
      break;
    }
    if (component.kind == Kind::kInsert) {
      if (side == Side::kLeft && reader.at_insert()) {
        reader.move_whole(result);
      }
      result.skip(component.length);
      continue;
    }
    for (std::uint64_t left = component.length; left > 0;) {
      if (reader.at_insert()) {
        reader.move_whole(result);
        continue;
      }
      // What `other` deletes is gone already.
      left -= component.kind == Kind::kSkip ? reader.move(left, result) : reader.walk(left);
    }
  }
  take_rest(reader, result);
  return result;
}

}  // namespace

TextOp compose(const TextOp& first, const TextOp& second) {
  TextOp result;
  reserve(result, first.components().size(), second.components().size());
  Reader reader(first.components());
  for (const TextComponent& component : second.components()) {
    if (component.kind == Kind::kInsert) {
      result.insert(component.text, component.length);
      continue;
    }
    if (reader.at_end()) {
      component.kind == Kind::kSkip ? result.skip(component.length)
                                    : result.erase(component.length);
      continue;
    }
    for (std::uint64_t left = component.length; left > 0;) {
      if (reader.at_delete()) {  // gone before `second` saw the text
        reader.move_whole(result);
        continue;
      }
      if (component.kind == Kind::kSkip) {
        left -= reader.move(left, result);
        continue;
      }
      const bool is_insert = reader.at_insert();  // which `second` deletes: nothing is left of it
      const std::uint64_t walked = reader.walk(left);
      left -= walked;
      result.erase(is_insert ? 0 : walked);
    }
  }
  take_rest(reader, result);
  return result;
}

TextOp transform(const TextOp& op, const TextOp& other, Side side) {
  return transform(Reader(op.components()), other, side);
}

TextOp transform(TextOp&& op, const TextOp& other, Side side) {
  return transform(Reader(std::move(op).components()), other, side);
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
