#include "document/rebase.h"

#include "base/assert.h"

#include <utility>

namespace cloudsync::document {

RebaseStep rebase_over(PendingSubmission& submission, const Committed& committed) {
  CS_ASSERT(committed.update.revision == next(submission.at), "the log is walked without a gap");
  if (committed.update.client == submission.client) {
    if (committed.update.seq == submission.seq) {
      return RebaseStep::kCommitted;
    }
    if (committed.update.seq > submission.seq) {
      return RebaseStep::kReused;
    }
  }
  submission.op = ot::transform(submission.op, committed.op, ot::Side::kLeft);
  submission.at = committed.update.revision;
  return RebaseStep::kMoved;
}

ot::Operation rebase_over_batch(ot::Operation op, std::span<const Committed> batch) {
  for (const Committed& before : batch) {
    op = ot::transform(op, before.op, ot::Side::kLeft);
  }
  return op;
}

}  // namespace cloudsync::document
