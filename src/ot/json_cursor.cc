#include "ot/json_cursor.h"

#include "ot/json_text.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

// The value that the cursor is in is gone: it stays at the first `levels` of its path.
void cut(Range& range, std::size_t levels) {
  range.path.resize(levels);
  range.index = 0;
  range.length = 0;
}

void follow_element(Range& range, const JsonComponent& component) {
  const std::size_t depth = component.path.size();
  auto* index = std::get_if<std::uint64_t>(&range.path[depth]);
  if (index == nullptr) {
    return;
  }
  if (component.kind == Kind::kMove) {
    *index = follow_move(*index, component.index(), component.to);
  } else if (!component.removed) {
    *index += component.index() <= *index ? 1 : 0;
  } else if (component.index() == *index) {
    cut(range, depth + (component.inserted ? 1 : 0));
  } else if (!component.inserted && component.index() < *index) {
    --*index;
  }
}

void follow_member(Range& range, const JsonComponent& component) {
  const std::size_t depth = component.path.size();
  if (component.removed && component.key == range.path[depth]) {
    cut(range, depth + (component.inserted ? 1 : 0));
  }
}

void follow_text(Range& range, const JsonComponent& component, bool own) {
  const std::uint64_t end = transform_offset(range.index + range.length, component, own);
  range.index = transform_offset(range.index, component, own);
  range.length = end - range.index;
}

}  // namespace

Range transform_cursor(Range range, const JsonOp& op, bool own) {
  for (const JsonComponent& component : op.components()) {
    if (!is_prefix(component.path, range.path)) {
      continue;
    }
    const bool is_inside = range.path.size() > component.path.size();
    if (component.is_text() && !is_inside) {
      follow_text(range, component, own);
    } else if (component.kind == Kind::kObject && is_inside) {
      follow_member(range, component);
    } else if ((component.kind == Kind::kList || component.kind == Kind::kMove) && is_inside) {
      follow_element(range, component);
    }
  }
  return range;
}

}  // namespace cloudsync::ot
