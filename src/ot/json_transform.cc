// Transforming JSON operations: the rules of npm ot-json0 1.1.0, for pairs of components and, from
// them, for lists of components (its bootstrapTransform).

#include "ot/json_op.h"
#include "ot/json_text.h"
#include "ot/json_value.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;
using Components = std::vector<JsonComponent>;

// What a rule says about the component: whether there is anything left of it.
enum class Fate : bool { kDropped, kKept };

// What `component` deletes was changed inside by `other`: it must name what is there now.
void follow_inside_removed(JsonComponent& component, const JsonComponent& other) {
  const std::size_t depth = component.path.size();
  if (component.removed && other.path.size() > depth && other.path[depth] == component.key &&
      is_prefix(component.path, other.path)) {
    apply_component(*component.removed, other, depth + 1);
  }
}

// --- `other` changes the elements of a list. `step` is the index in that list that `component`
// --- acts on or passes through; `acts_on_it` tells which.

bool is_insertion(const JsonComponent& component) {
  return component.kind == Kind::kList && !component.removed;
}

Fate after_list_insert(
    JsonComponent& component, std::uint64_t& step, bool acts_on_it, std::uint64_t at, Side side) {
  if (acts_on_it && is_insertion(component) && step == at) {
    step += side == Side::kRight ? 1 : 0;
  } else if (at <= step) {
    ++step;
  }
  if (acts_on_it && component.kind == Kind::kMove && at <= component.to) {
    ++component.to;
  }
  return Fate::kKept;
}

Fate after_list_delete(JsonComponent& component,
                       std::uint64_t& step,
                       bool acts_on_it,
                       std::uint64_t at) {
  if (acts_on_it && component.kind == Kind::kMove) {
    if (at == step) {
      return Fate::kDropped;
    }
    if (at < component.to || (at == component.to && step < component.to)) {
      --component.to;
    }
  }
  if (at < step) {
    --step;
    return Fate::kKept;
  }
  if (at > step) {
    return Fate::kKept;
  }
  if (!acts_on_it) {
    return Fate::kDropped;
  }
  if (component.removed && !component.inserted) {
    return Fate::kDropped;
  }
  component.removed.reset();  // a replacement becomes an insertion
  return Fate::kKept;
}

Fate after_list_replace(JsonComponent& component,
                        std::uint64_t step,
                        bool acts_on_it,
                        const JsonComponent& other,
                        Side side) {
  if (step != other.index()) {
    return Fate::kKept;
  }
  if (!acts_on_it) {
    return Fate::kDropped;
  }
  if (!component.removed) {
    return Fate::kKept;
  }
  if (!component.inserted || side == Side::kRight) {
    return Fate::kDropped;
  }
  component.removed = other.inserted;
  return Fate::kKept;
}

// Two moves in one list. The element moved by both goes where kLeft wants it.
Fate move_after_move(JsonComponent& component, const JsonComponent& other, Side side) {
  const std::uint64_t from = component.index();
  const std::uint64_t to = component.to;
  const std::uint64_t other_from = other.index();
  const std::uint64_t other_to = other.to;
  if (from == other_from) {
    if (side == Side::kRight) {
      return Fate::kDropped;
    }
    component.key = other_to;
    return Fate::kKept;
  }
  component.key = follow_move(from, other_from, other_to);
  if (to > other_from || (to == other_from && to > from)) {
    --component.to;
  }
  if (to > other_to) {
    ++component.to;
  } else if (to == other_to) {
    const bool same_direction = (other_to > other_from) == (to > from);
    if (same_direction ? side == Side::kRight : to > from) {
      ++component.to;
    }
  }
  return Fate::kKept;
}

Fate after_list_move(JsonComponent& component,
                     std::uint64_t& step,
                     bool acts_on_it,
                     const JsonComponent& other,
                     Side side) {
  if (acts_on_it && component.kind == Kind::kMove) {
    return move_after_move(component, other, side);
  }
  if (acts_on_it && is_insertion(component)) {
    // Between two elements, not at one: it does not go with the element behind it.
    const std::uint64_t before = step;
    step -= before > other.index() ? 1 : 0;
    step += before > other.to ? 1 : 0;
    return Fate::kKept;
  }
  step = follow_move(step, other.index(), other.to);
  return Fate::kKept;
}

Fate after_list_change(JsonComponent& component,
                       std::uint64_t& step,
                       bool acts_on_it,
                       const JsonComponent& other,
                       Side side) {
  if (other.kind == Kind::kMove) {
    return after_list_move(component, step, acts_on_it, other, side);
  }
  if (!other.removed) {
    return after_list_insert(component, step, acts_on_it, other.index(), side);
  }
  if (!other.inserted) {
    return after_list_delete(component, step, acts_on_it, other.index());
  }
  return after_list_replace(component, step, acts_on_it, other, side);
}

// --- `other` sets or deletes the key that `component` acts on or passes through.

Fate after_object_change(JsonComponent& component,
                         bool acts_on_it,
                         const JsonComponent& other,
                         Side side) {
  if (!acts_on_it) {
    return other.removed ? Fate::kDropped : Fate::kKept;
  }
  if (!component.inserted) {
    return other.removed ? Fate::kDropped : Fate::kKept;
  }
  if (other.inserted && side == Side::kRight) {
    return Fate::kDropped;
  }
  component.removed = other.inserted;  // nothing, if the key is gone
  return Fate::kKept;
}

// `component` as it is after `other`, appended to `result`: no, one or two components.
void transform_component(JsonOp& result,
                         JsonComponent component,
                         const JsonComponent& other,
                         Side side) {
  follow_inside_removed(component, other);
  const std::size_t depth = other.path.size();
  const bool acts_on_it = component.path.size() == depth;
  const bool is_touched = other.kind != Kind::kAdd && is_prefix(other.path, component.path) &&
                          !(acts_on_it && component.kind == Kind::kAdd);
  if (!is_touched) {
    result.append(std::move(component));
    return;
  }
  if (other.is_text()) {
    if (acts_on_it && component.is_text()) {
      transform_text(result, std::move(component), other, side);
    } else {
      result.append(std::move(component));
    }
    return;
  }
  JsonKey& step = acts_on_it ? component.key : component.path[depth];
  Fate fate = Fate::kKept;
  if (acts_on_it && component.is_text()) {
    // One takes it for a string, the other for a list: no document fits both.
  } else if (other.kind == Kind::kObject) {
    if (step == other.key) {
      fate = after_object_change(component, acts_on_it, other, side);
    }
  } else if (auto* index = std::get_if<std::uint64_t>(&step)) {
    fate = after_list_change(component, *index, acts_on_it, other, side);
  }
  if (fate == Fate::kKept) {
    result.append(std::move(component));
  }
}

// --- Lists of components ---

// Neither acts inside of what the other acts on.
bool are_apart(const JsonComponent& a, const JsonComponent& b) {
  return !is_prefix(a.path, b.path) && !is_prefix(b.path, a.path);
}

// Transforms two lists over each other. The right list's components go through the left list one by
// one; where one of them becomes two, these go through the rest of the left list in a walk of their
// own, the walks being a stack.
struct Walk {
  Components left;
  Components right;
  std::size_t next_right = 0;
  JsonOp left_result = {};   // `left` after right[0, next_right)
  JsonOp right_result = {};  // right[0, next_right) after `left`
};

void append_all(JsonOp& op, Components components) {
  for (JsonComponent& component : components) {
    op.append(std::move(component));
  }
}

// Takes the next right component through the left list. Returns what of both lists is left to walk
// if it became two.
std::optional<Walk> step(Walk& walk) {
  JsonComponent right = std::move(walk.right[walk.next_right++]);
  walk.left_result = JsonOp();
  for (std::size_t k = 0; k < walk.left.size(); ++k) {
    if (are_apart(walk.left[k], right)) {
      walk.left_result.append(std::move(walk.left[k]));
      continue;
    }
    const bool edit_one_string =
        walk.left[k].is_text() && right.is_text() && walk.left[k].path.size() == right.path.size();
    if (edit_one_string && shift_texts(walk.left[k], right)) {
      walk.left_result.append(std::move(walk.left[k]));
      continue;
    }
    JsonOp right_after;
    transform_component(right_after, right, walk.left[k], Side::kRight);
    transform_component(walk.left_result, std::move(walk.left[k]), right, Side::kLeft);
    Components parts = right_after.take_components();
    const auto rest = walk.left.begin() + static_cast<std::ptrdiff_t>(k + 1);
    if (parts.size() == 1) {
      right = std::move(parts.front());
      continue;
    }
    Components left_rest(std::make_move_iterator(rest), std::make_move_iterator(walk.left.end()));
    if (!parts.empty()) {
      return Walk{.left = std::move(left_rest), .right = std::move(parts)};
    }
    append_all(walk.left_result, std::move(left_rest));
    walk.left = walk.left_result.take_components();
    return std::nullopt;
  }
  walk.right_result.append(std::move(right));
  walk.left = walk.left_result.take_components();
  return std::nullopt;
}

std::pair<Components, Components> transform_both(Components left, Components right) {
  std::vector<Walk> walks;
  walks.push_back({.left = std::move(left), .right = std::move(right)});
  while (true) {
    Walk& walk = walks.back();
    if (walk.next_right < walk.right.size()) {
      if (std::optional<Walk> inner = step(walk)) {
        walks.push_back(std::move(*inner));
      }
      continue;
    }
    Walk done = std::move(walks.back());
    walks.pop_back();
    if (walks.empty()) {
      return {std::move(done.left), done.right_result.take_components()};
    }
    Walk& outer = walks.back();
    append_all(outer.left_result, std::move(done.left));
    append_all(outer.right_result, done.right_result.take_components());
    outer.left = outer.left_result.take_components();
  }
}

}  // namespace

std::uint64_t follow_move(std::uint64_t index, std::uint64_t from, std::uint64_t to) {
  if (index == from) {
    return to;
  }
  const std::uint64_t taken_out = index > from ? index - 1 : index;
  const bool is_pushed = index > to || (index == to && from > to);
  return is_pushed ? taken_out + 1 : taken_out;
}

JsonOp transform(const JsonOp& op, const JsonOp& other, Side side) {
  JsonOp result;
  if (op.components().size() == 1 && other.components().size() == 1) {
    transform_component(result, op.components().front(), other.components().front(), side);
    return result;
  }
  auto [left, right] = side == Side::kLeft ? transform_both(op.components(), other.components())
                                           : transform_both(other.components(), op.components());
  append_all(result, side == Side::kLeft ? std::move(left) : std::move(right));
  return result;
}

}  // namespace cloudsync::ot
