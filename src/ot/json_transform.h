#pragma once
// Transforming JSON operations: the rules for two components, and lists of components in steps.

#include "ot/json_op.h"
#include "ot/json_path.h"
#include "ot/side.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace cloudsync::ot {

/// Neither acts inside of what the other acts on.
inline bool are_apart(const JsonComponent& a, const JsonComponent& b) {
  const std::size_t common = std::min(a.path.size(), b.path.size());
  return !is_prefix(std::span(a.path).first(common), b.path);
}

/// Of two that are not apart.
inline bool edit_one_string(const JsonComponent& a, const JsonComponent& b) {
  return a.is_text() && b.is_text() && a.path.size() == b.path.size();
}

struct Fates {
  bool left_is_kept;
  bool right_is_kept;
};

/// Transforms both over each other, in place. They are not apart and no edits of one string.
Fates transform_in_place(JsonComponent& left, JsonComponent& right);

/// `component` as it is after `other`, appended to `result`: no, one or two components.
void transform_component(JsonOp& result,
                         JsonComponent component,
                         const JsonComponent& other,
                         Side side);

/// transform(op, other, side) in steps, of which none takes longer than one component over a list:
/// two operations at the limit are a million pairs, for which no event loop has time at once.
class JsonTransform {
 public:
  JsonTransform(JsonOp op, JsonOp other, Side side);
  JsonTransform(JsonTransform&& other) noexcept;
  JsonTransform& operator=(JsonTransform&& other) noexcept;
  ~JsonTransform();

  /// Takes steps until `pairs_max` pairs of components were looked at, or all. Returns how many
  /// were: up to a list's length more.
  std::size_t go_on(std::size_t pairs_max);

  bool is_done() const { return result_.has_value(); }

  /// The transformed operation; once, when done.
  JsonOp take();

 private:
  struct Walk;

  void finish_walk();

  Side side_;
  std::vector<Walk> walks_;  // until done
  std::optional<JsonOp> result_;
};

}  // namespace cloudsync::ot
