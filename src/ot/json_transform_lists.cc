// Lists of components, transformed over each other component by component (bootstrapTransform of
// npm ot-json0 1.1.0).

#include "base/assert.h"
#include "ot/json_merge.h"
#include "ot/json_text.h"
#include "ot/json_transform.h"

#include <iterator>
#include <limits>
#include <utility>

namespace cloudsync::ot {
namespace {

using Components = std::vector<JsonComponent>;

// A list of components in normal form that is changed from its front to its end, in place: most
// stay what they are, and two neighbours that did are not compared again.
class Rewriting {
 public:
  explicit Rewriting(Components& list) : list_(list) {}

  // The next component stays as it is, or was changed where it is.
  void keep(bool is_changed) {
    const std::size_t next = next_++;
    if (!is_changed && !is_changed_) {
      put(next);
      return;
    }
    is_changed_ = is_changed;
    while (kept_ > 0) {
      const Merged merged = merge(list_[kept_ - 1], list_[next]);
      if (merged == Merged::kNo) {
        break;
      }
      // What was merged may merge with the one before.
      --kept_;
      is_changed_ = true;
      if (merged == Merged::kCancelled) {
        return;
      }
      list_[next] = std::move(list_[kept_]);
    }
    put(next);
  }

  void drop() {
    ++next_;
    is_changed_ = true;
  }

  // At most two parts take the next component's place.
  void split(Components parts) {
    if (parts.size() == 2) {
      const auto at = list_.begin() + static_cast<std::ptrdiff_t>(next_);
      *at = std::move(parts.back());
      list_.insert(at, std::move(parts.front()));
      keep(true);
      keep(true);
    } else if (parts.size() == 1) {
      list_[next_] = std::move(parts.front());
      keep(true);
    } else {
      drop();
    }
  }

  // The next component; the list is over if there is none.
  JsonComponent* next() { return next_ < list_.size() ? &list_[next_] : nullptr; }

  // Takes the components that were not kept or dropped yet out of the list.
  Components cut_off() {
    const auto rest = list_.begin() + static_cast<std::ptrdiff_t>(next_);
    Components cut(std::make_move_iterator(rest), std::make_move_iterator(list_.end()));
    list_.resize(kept_);
    next_ = kept_;
    return cut;
  }

  // The rest stays as it is.
  void finish() {
    while (next() != nullptr) {
      if (!is_changed_ && kept_ == next_) {
        return;
      }
      keep(false);
    }
    list_.resize(kept_);
  }

 private:
  void put(std::size_t at) {
    if (at != kept_) {
      list_[kept_] = std::move(list_[at]);
    }
    ++kept_;
  }

  Components& list_;
  std::size_t kept_ = 0;  // the first ones are done
  std::size_t next_ = 0;  // at least kept_
  bool is_changed_ =
      false;  // the last one is not what it was, or not the one that was before next_
};

void append_all(Components& list, Components components) {
  JsonOp op(std::move(list));
  for (JsonComponent& component : components) {
    op.append(std::move(component));
  }
  list = op.take_components();
}

// Two edits of one string that overlap: what is left of `right`, of which there may be two.
Components transform_overlap(Rewriting& left, const JsonComponent& right) {
  JsonOp left_after;
  JsonOp right_after;
  transform_text(right_after, right, *left.next(), Side::kRight);
  transform_text(left_after, std::move(*left.next()), right, Side::kLeft);
  left.split(left_after.take_components());
  return right_after.take_components();
}

}  // namespace

// Two lists that are transformed over each other. The right list's components go through the left
// list one by one; where one of them becomes two, these go through the rest of the left list in a
// walk of their own, the walks being a stack.
struct JsonTransform::Walk {
  Components left;  // after right[0, next_right)
  Components right;
  std::size_t next_right = 0;
  JsonOp right_result = {};  // right[0, next_right) after `left`

  std::optional<Walk> step();
};

// Takes the next right component through the left list. Returns what of both lists is left to walk
// if it became two.
std::optional<JsonTransform::Walk> JsonTransform::Walk::step() {
  JsonComponent theirs = std::move(right[next_right++]);
  Rewriting ours(left);
  while (JsonComponent* own = ours.next()) {
    if (are_apart(*own, theirs)) {
      ours.keep(false);
      continue;
    }
    if (!edit_one_string(*own, theirs)) {
      const Fates fates = transform_in_place(*own, theirs);
      fates.left_is_kept ? ours.keep(true) : ours.drop();
      if (!fates.right_is_kept) {
        ours.finish();
        return std::nullopt;
      }
      continue;
    }
    if (shift_texts(*own, theirs)) {
      ours.keep(true);
      continue;
    }
    Components parts = transform_overlap(ours, theirs);
    if (parts.empty()) {
      ours.finish();
      return std::nullopt;
    }
    if (parts.size() == 2) {
      return Walk{.left = ours.cut_off(), .right = std::move(parts)};
    }
    theirs = std::move(parts.front());
  }
  ours.finish();
  right_result.append(std::move(theirs));
  return std::nullopt;
}

JsonTransform::JsonTransform(JsonOp op, JsonOp other, Side side) : side_(side) {
  if (side == Side::kRight) {
    std::swap(op, other);
  }
  walks_.push_back({.left = op.take_components(), .right = other.take_components()});
}

JsonTransform::JsonTransform(JsonTransform&&) noexcept = default;
JsonTransform& JsonTransform::operator=(JsonTransform&&) noexcept = default;
JsonTransform::~JsonTransform() = default;

std::size_t JsonTransform::go_on(std::size_t pairs_max) {
  std::size_t pairs = 0;
  while (!is_done() && pairs < pairs_max) {
    Walk& walk = walks_.back();
    pairs += 1 + walk.left.size();
    if (walk.next_right == walk.right.size()) {
      finish_walk();
    } else if (std::optional<Walk> inner = walk.step()) {
      walks_.push_back(std::move(*inner));
    }
  }
  return pairs;
}

// The innermost walk is at its end: the one around it goes on behind it.
void JsonTransform::finish_walk() {
  Walk done = std::move(walks_.back());
  walks_.pop_back();
  if (walks_.empty()) {
    result_ = side_ == Side::kLeft ? JsonOp(std::move(done.left)) : std::move(done.right_result);
    return;
  }
  Walk& outer = walks_.back();
  append_all(outer.left, std::move(done.left));
  for (JsonComponent& component : done.right_result.take_components()) {
    outer.right_result.append(std::move(component));
  }
}

JsonOp JsonTransform::take() {
  CS_ASSERT(is_done(), "only what is transformed is taken");
  return std::move(*result_);
}

namespace {

bool are_single(const JsonOp& op, const JsonOp& other) {
  return op.components().size() == 1 && other.components().size() == 1;
}

JsonOp transform_at_once(JsonOp op, const JsonOp& other, Side side) {
  JsonTransform transform(std::move(op), other, side);
  transform.go_on(std::numeric_limits<std::size_t>::max());
  return transform.take();
}

}  // namespace

JsonOp transform(JsonOp&& op, const JsonOp& other, Side side) {
  if (!are_single(op, other)) {
    return transform_at_once(std::move(op), other, side);
  }
  Components components = op.take_components();
  JsonComponent component = std::move(components.front());
  components.clear();
  JsonOp result(std::move(components));  // its memory is kept
  transform_component(result, std::move(component), other.components().front(), side);
  return result;
}

JsonOp transform(const JsonOp& op, const JsonOp& other, Side side) {
  if (!are_single(op, other)) {
    return transform_at_once(op, other, side);
  }
  JsonOp result;
  transform_component(result, op.components().front(), other.components().front(), side);
  return result;
}

}  // namespace cloudsync::ot
