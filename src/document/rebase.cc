#include "document/rebase.h"

#include "base/assert.h"

#include <utility>

namespace cloudsync::document {
namespace {

/// Bytes of JSON that cost as much to copy or change as a pair of components to transform.
constexpr std::size_t kBytesPerCost = 64;

// Only json copies the other operation, and changes the values that this one deletes.
std::size_t bytes_cost(const ot::Operation& op, std::size_t bytes) {
  return ot::type_of(op) == ot::Type::kJson ? bytes / kBytesPerCost : 0;
}

}  // namespace

bool MovingOp::move_over(const Committed& committed, std::size_t bytes, Slice& slice) {
  if (step_ == nullptr) {
    slice.spend(bytes_cost(op_, bytes + committed.update.op.size()));
    const std::size_t cost = ot::transform_cost(op_, committed.op);
    auto* json = std::get_if<ot::JsonOp>(&op_);
    if (json == nullptr || cost <= slice.left()) {
      ot::transform_in_place(op_, committed.op, ot::Side::kLeft);
      slice.spend(cost);
      return true;
    }
    step_ = std::make_unique<ot::JsonTransform>(
        std::move(*json), std::get<ot::JsonOp>(committed.op), ot::Side::kLeft);
  }
  while (!step_->is_done()) {
    if (slice.is_over()) {
      return false;
    }
    slice.spend(step_->go_on(slice.left()));
  }
  op_ = step_->take();
  step_.reset();
  return true;
}

const ot::Operation& MovingOp::op() const {
  CS_ASSERT(step_ == nullptr, "the operation is between two steps");
  return op_;
}

ot::Operation MovingOp::take() {
  static_cast<void>(op());
  return std::move(op_);
}

RebaseStep rebase_over(PendingSubmission& submission, const Committed& committed, Slice& slice) {
  CS_ASSERT(committed.update.revision == next(submission.at), "the log is walked without a gap");
  if (committed.update.client == submission.client) {
    if (committed.update.seq == submission.seq) {
      return RebaseStep::kCommitted;
    }
    if (committed.update.seq > submission.seq) {
      return RebaseStep::kReused;
    }
  }
  if (!submission.op.move_over(committed, submission.size.bytes, slice)) {
    return RebaseStep::kPaused;
  }
  submission.at = committed.update.revision;
  return RebaseStep::kMoved;
}

}  // namespace cloudsync::document
