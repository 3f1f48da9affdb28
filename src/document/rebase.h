#pragma once
// Moving a submission from the revision that it was made on to the head, operation by operation in
// the order of the log. Never over a composed history: compose is not closed under transform, the
// result can differ (docs/ot.md), and clients transform step by step as well. That may be long: it
// is done in slices, between which other documents have their turn.

#include "base/crypto.h"
#include "base/ids.h"
#include "document/history.h"
#include "document/op_size.h"
#include "ot/json_transform.h"
#include "ot/type.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cloudsync::document {

/// Names a request of a member, chosen by the service; its answer carries it.
using Token = std::uint64_t;

/// What may be spent on transforming in one turn of a loop.
class Slice {
 public:
  bool is_over() const { return left_ == 0; }

  std::size_t left() const { return left_; }

  void spend(std::size_t cost) { left_ -= std::min(cost, left_); }

 private:
  /// In the measure of ot::transform_cost: below a millisecond, as an edit elsewhere on this loop
  /// waits for it. bench/ot_bench has 25 to 100 ns a component. A step of the text types is not
  /// cut: two operations at the limit of 20,000 components take 4 ms.
  static constexpr std::size_t kCost = 8'192;

  std::size_t left_ = kCost;
};

/// An operation that is moved over others. One of json can rest inside of a step, as its cost is
/// the product of both lengths.
class MovingOp {
 public:
  MovingOp() = default;

  explicit MovingOp(ot::Operation op) : op_(std::move(op)) {}

  /// Moves over `committed`, of the authority's order. False if the slice was over before that was
  /// done: call it again with the same. `bytes` is the size of this operation as JSON.
  bool move_over(const Committed& committed, std::size_t bytes, Slice& slice);

  /// The operation; not inside of a step.
  const ot::Operation& op() const;

  /// The same, moved out.
  ot::Operation take();

 private:
  ot::Operation op_;
  std::unique_ptr<ot::JsonTransform> step_;  // the one that was begun; op_ is in it
};

/// A submission that has no answer yet.
struct PendingSubmission {
  ClientId client;
  UserId user;
  ClientSeq seq;
  Sha256 hash{};  ///< identity of the submission as received
  Revision base;  ///< as received
  OpSize size;
  /// The operation as it was made on `base`, moved over the log to revision `at`. Never moved over
  /// anything uncommitted, so that it needs no undoing when an append fails.
  MovingOp op;
  Revision at;
};

enum class RebaseStep : std::uint8_t {
  kMoved,      ///< now at the next revision
  kPaused,     ///< the slice is over: go on with the same operation of the log
  kCommitted,  ///< the committed operation is this very submission
  kReused,     ///< the same client's operation with a higher seq is in the log already
};

/// Moves `submission` over the operation that leads to the revision after `submission.at`.
RebaseStep rebase_over(PendingSubmission& submission, const Committed& committed, Slice& slice);

}  // namespace cloudsync::document
