#pragma once
// Moving a submission from the revision that it was made on to the head, operation by operation in
// the order of the log. Never over a composed history: compose is not closed under transform, the
// result can differ (docs/ot.md), and clients transform step by step as well.

#include "base/crypto.h"
#include "base/ids.h"
#include "document/history.h"
#include "document/op_size.h"
#include "ot/type.h"

#include <cstdint>
#include <span>
#include <vector>

namespace cloudsync::document {

/// Names a request of a member, chosen by the service; its answer carries it.
using Token = std::uint64_t;

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
  ot::Operation op;
  Revision at;
};

enum class RebaseStep : std::uint8_t {
  kMoved,      ///< now at the next revision
  kCommitted,  ///< the committed operation is this very submission
  kReused,     ///< the same client's operation with a higher seq is in the log already
};

/// Moves `submission` over the operation that leads to the revision after `submission.at`.
RebaseStep rebase_over(PendingSubmission& submission, const Committed& committed);

/// `op` moved over operations that are not in the log yet: those before it in its batch.
ot::Operation rebase_over_batch(ot::Operation op, std::span<const Committed> batch);

}  // namespace cloudsync::document
