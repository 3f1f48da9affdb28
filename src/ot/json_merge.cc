#include "ot/json_merge.h"

#include "ot/json_text.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

// Strict equality of JavaScript, for which two lists or objects are never the same.
bool is_same_scalar(const JsonValue& a, const JsonValue& b) {
  return !a.is_structured() && a == b;
}

Merged merge_numbers(JsonComponent& last, const JsonComponent& next) {
  const std::int64_t sum = last.number + next.number;  // both within 2^53
  if (sum > kJsonCounterMax || sum < -kJsonCounterMax) {
    return Merged::kNo;
  }
  last.number = sum;
  return sum == 0 ? Merged::kCancelled : Merged::kYes;
}

// What `last` put there is deleted again.
Merged drop_inserted(JsonComponent& last) {
  if (!last.removed) {
    return Merged::kCancelled;
  }
  last.inserted.reset();
  return Merged::kYes;
}

Merged merge_list(JsonComponent& last, const JsonComponent& next) {
  const bool deletes_inserted = last.inserted && !next.inserted && next.removed &&
                                is_same_scalar(*last.inserted, *next.removed);
  return deletes_inserted ? drop_inserted(last) : Merged::kNo;
}

Merged merge_object(JsonComponent& last, JsonComponent& next) {
  const bool inserts_after_delete =
      last.removed && !last.inserted && next.inserted && !next.removed;
  if (!inserts_after_delete && !(last.inserted && next.removed)) {
    return Merged::kNo;
  }
  if (next.inserted) {
    last.inserted = std::move(next.inserted);
    return Merged::kYes;
  }
  return drop_inserted(last);
}

}  // namespace

Merged merge(JsonComponent& last, JsonComponent& next) {
  if (last.is_text() && next.is_text()) {
    return merge_text(last, next) ? Merged::kYes : Merged::kNo;
  }
  if (last.kind != next.kind || last.key != next.key || last.path != next.path) {
    return Merged::kNo;
  }
  switch (last.kind) {
    case Kind::kAdd:
      return merge_numbers(last, next);
    case Kind::kList:
      return merge_list(last, next);
    case Kind::kObject:
      return merge_object(last, next);
    default:
      return Merged::kNo;
  }
}

}  // namespace cloudsync::ot
