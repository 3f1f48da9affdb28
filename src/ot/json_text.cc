#include "ot/json_text.h"

#include "ot/unicode.h"

#include <string_view>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

// `inner` put into `outer` at `offset`; false if that cuts a surrogate pair, so that no document
// fits both edits.
bool inject(std::string& outer, std::uint64_t offset, std::string_view inner) {
  const Utf16Prefix before = utf16_prefix(outer, offset);
  if (before.units != offset) {
    return false;
  }
  outer.insert(before.bytes, inner);
  return true;
}

void keep(JsonOp& result, JsonComponent component, std::string_view text, std::uint64_t offset) {
  component.text = text;
  component.units = count_utf16_units(text);
  component.key = offset;
  if (component.units > 0) {
    result.append(std::move(component));
  }
}

// Text put inside what is deleted stays, so the deletion becomes two.
void delete_around_insert(JsonOp& result, JsonComponent component, const JsonComponent& other) {
  const std::string text = std::move(component.text);
  std::string_view rest = text;
  const std::uint64_t offset = component.index();
  if (offset < other.index()) {
    const std::size_t bytes = utf16_prefix(rest, other.index() - offset).bytes;
    keep(result, component, rest.substr(0, bytes), offset);
    rest.remove_prefix(bytes);
  }
  keep(result, std::move(component), rest, offset + other.units);
}

// What both delete is deleted once.
void delete_rest(JsonOp& result, JsonComponent component, const JsonComponent& other) {
  const std::uint64_t offset = component.index();
  const std::uint64_t end = offset + component.units;
  const std::uint64_t other_end = other.index() + other.units;
  std::string rest;
  if (offset < other.index()) {
    rest.append(component.text, 0, utf16_prefix(component.text, other.index() - offset).bytes);
  }
  if (end > other_end) {
    const std::uint64_t gone = other_end - offset;
    rest.append(component.text, utf16_prefix(component.text, gone).bytes);
  }
  const std::uint64_t moved = transform_offset(offset, other, false);
  keep(result, std::move(component), rest, moved);
}

}  // namespace

bool merge_text(JsonComponent& last, JsonComponent& next) {
  if (last.kind != next.kind) {
    return false;
  }
  if (last.kind == Kind::kTextInsert) {
    const bool touches = last.index() <= next.index() && next.index() <= last.index() + last.units;
    if (!touches || last.path != next.path ||
        !inject(last.text, next.index() - last.index(), next.text)) {
      return false;
    }
  } else {
    const bool touches = next.index() <= last.index() && last.index() <= next.index() + next.units;
    if (!touches || last.path != next.path ||
        !inject(next.text, last.index() - next.index(), last.text)) {
      return false;
    }
    last.text = std::move(next.text);
    last.key = next.key;
  }
  last.units += next.units;
  return true;
}

void transform_text(JsonOp& result,
                    JsonComponent component,
                    const JsonComponent& other,
                    Side side) {
  const std::uint64_t offset = component.index();
  if (component.kind == Kind::kTextInsert) {
    component.key = transform_offset(offset, other, side == Side::kRight);
    result.append(std::move(component));
  } else if (other.kind == Kind::kTextInsert) {
    delete_around_insert(result, std::move(component), other);
  } else if (offset >= other.index() + other.units) {
    component.key = offset - other.units;
    result.append(std::move(component));
  } else if (offset + component.units <= other.index()) {
    result.append(std::move(component));
  } else {
    delete_rest(result, std::move(component), other);
  }
}

bool shift_texts(JsonComponent& left, JsonComponent& right) {
  const auto end = [](const JsonComponent& edit) {
    return edit.index() + (edit.kind == Kind::kTextDelete ? edit.units : 0);
  };
  const bool left_is_first = end(left) <= right.index();
  if (!left_is_first && end(right) > left.index()) {
    return false;
  }
  JsonComponent& later = left_is_first ? right : left;
  const JsonComponent& earlier = left_is_first ? left : right;
  later.key = earlier.kind == Kind::kTextInsert ? later.index() + earlier.units
                                                : later.index() - earlier.units;
  return true;
}

std::uint64_t transform_offset(std::uint64_t offset, const JsonComponent& edit, bool after) {
  const std::uint64_t at = edit.index();
  if (edit.kind == Kind::kTextInsert) {
    return at < offset || (at == offset && after) ? offset + edit.units : offset;
  }
  if (offset <= at) {
    return offset;
  }
  return offset <= at + edit.units ? at : offset - edit.units;
}

}  // namespace cloudsync::ot
