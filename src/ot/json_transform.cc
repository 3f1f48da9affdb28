// The rules of npm ot-json0 1.1.0 for two components.

#include "ot/json_transform.h"

#include "ot/json_text.h"
#include "ot/json_value.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

// What a rule says about the component: whether there is anything left of it.
enum class Fate : std::uint8_t {
  kDropped,
  kKept,
  kRemovesInserted,  ///< kept, and it removes what the other component put there
};

// What a component does to its list or object, without the values: what the rules look at. Two
// components are transformed over each other in place by noting this of both before.
struct Action {
  Kind kind;
  bool removes;
  bool inserts;
  std::uint64_t index;  ///< of kinds with a list
  std::uint64_t to;

  explicit Action(const JsonComponent& component)
      : kind(component.kind),
        removes(component.removed.has_value()),
        inserts(component.inserted.has_value()),
        index(0),
        to(component.to) {
    if (const auto* in_list = std::get_if<std::uint64_t>(&component.key)) {
      index = *in_list;
    }
  }
};

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

Fate after_list_replace(
    JsonComponent& component, std::uint64_t step, bool acts_on_it, const Action& other, Side side) {
  if (step != other.index) {
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
  return Fate::kRemovesInserted;
}

// Two moves in one list. The element moved by both goes where kLeft wants it.
Fate move_after_move(JsonComponent& component, const Action& other, Side side) {
  const std::uint64_t from = component.index();
  const std::uint64_t to = component.to;
  const std::uint64_t other_from = other.index;
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
                     const Action& other,
                     Side side) {
  if (acts_on_it && component.kind == Kind::kMove) {
    return move_after_move(component, other, side);
  }
  if (acts_on_it && is_insertion(component)) {
    // Between two elements, not at one: it does not go with the element behind it.
    const std::uint64_t before = step;
    step -= before > other.index ? 1 : 0;
    step += before > other.to ? 1 : 0;
    return Fate::kKept;
  }
  step = follow_move(step, other.index, other.to);
  return Fate::kKept;
}

Fate after_list_change(JsonComponent& component,
                       std::uint64_t& step,
                       bool acts_on_it,
                       const Action& other,
                       Side side) {
  if (other.kind == Kind::kMove) {
    return after_list_move(component, step, acts_on_it, other, side);
  }
  if (!other.removes) {
    return after_list_insert(component, step, acts_on_it, other.index, side);
  }
  if (!other.inserts) {
    return after_list_delete(component, step, acts_on_it, other.index);
  }
  return after_list_replace(component, step, acts_on_it, other, side);
}

// --- `other` sets or deletes the key that `component` acts on or passes through.

Fate after_object_change(const JsonComponent& component,
                         bool acts_on_it,
                         const Action& other,
                         Side side) {
  if (!acts_on_it || !component.inserted) {
    return other.removes ? Fate::kDropped : Fate::kKept;
  }
  if (other.inserts && side == Side::kRight) {
    return Fate::kDropped;
  }
  return Fate::kRemovesInserted;  // nothing, if the key is gone
}

// Changes the place of `component` as `other`, which acts as `action` says, demands. The two are
// not apart and no edits of one string. Of `other` the path is read and, if it changes an object,
// the key: transforming it over `component` changes neither, if both act on one container.
Fate follow(JsonComponent& component, const JsonComponent& other, const Action& action, Side side) {
  const std::size_t depth = other.path.size();
  const bool acts_on_it = component.path.size() == depth;
  const bool is_value = component.kind == Kind::kAdd || component.is_text();  // no container
  if (component.path.size() < depth || (acts_on_it && is_value) || action.kind == Kind::kAdd ||
      other.is_text()) {
    return Fate::kKept;
  }
  JsonKey& step = acts_on_it ? component.key : component.path[depth];
  if (action.kind == Kind::kObject) {
    return step == other.key ? after_object_change(component, acts_on_it, action, side)
                             : Fate::kKept;
  }
  auto* index = std::get_if<std::uint64_t>(&step);
  return index == nullptr ? Fate::kKept
                          : after_list_change(component, *index, acts_on_it, action, side);
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

Fates transform_in_place(JsonComponent& left, JsonComponent& right) {
  const Action left_action(left);
  const Action right_action(right);
  follow_inside_removed(left, right);
  follow_inside_removed(right, left);
  const Fate right_fate = follow(right, left, left_action, Side::kRight);
  const Fate left_fate = follow(left, right, right_action, Side::kLeft);
  if (right_fate == Fate::kRemovesInserted) {
    right.removed = left.inserted;
  }
  if (left_fate == Fate::kRemovesInserted) {
    left.removed = right.inserted;
  }
  return {.left_is_kept = left_fate != Fate::kDropped && !left.is_noop(),
          .right_is_kept = right_fate != Fate::kDropped && !right.is_noop()};
}

void transform_component(JsonOp& result,
                         JsonComponent component,
                         const JsonComponent& other,
                         Side side) {
  if (are_apart(component, other)) {
    result.append(std::move(component));
    return;
  }
  if (edit_one_string(component, other)) {
    transform_text(result, std::move(component), other, side);
    return;
  }
  follow_inside_removed(component, other);
  const Fate fate = follow(component, other, Action(other), side);
  if (fate == Fate::kRemovesInserted) {
    component.removed = other.inserted;
  }
  if (fate != Fate::kDropped) {
    result.append(std::move(component));
  }
}

}  // namespace cloudsync::ot
