// DocumentAuthority: batches, the four outcomes of an append, and publication.

#include "base/assert.h"
#include "document/authority.h"
#include "document/chain.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudsync::document {

// Whenever nothing is in flight: reads what others are known to have committed, or else forms the
// next batch of what waits, in order, up to the bounds of one frame.
void DocumentAuthority::start_batch(Moment moment) {
  if (phase_ != Phase::kIdle) {
    return;
  }
  if (heard_ > head()) {
    recover();  // an append would only meet another head
    return;
  }
  if (std::exchange(check_again_, false)) {
    read_head();
  }
  if (queue_.empty()) {
    return;
  }
  storage::Append append{
      .document = info_.id, .expected_head = head(), .updates = {}, .clients = {}};
  std::size_t bytes = 0;
  while (!queue_.empty() && batch_.size() < limits_.commit_batch_ops) {
    PendingSubmission& submission = queue_.front();
    CS_ASSERT(submission.at == head(), "what waits was moved to the head");
    bytes += submission.size.bytes;
    if (!batch_.empty() && bytes > limits_.catch_up_bytes) {
      break;
    }
    queue_bytes_ -= submission.size.bytes;
    PendingSubmission taken = std::move(submission);
    queue_.pop_front();
    add_to_batch(std::move(taken), append, moment);
  }
  if (!batch_.empty()) {
    phase_ = Phase::kAppending;
    effects_.emplace_back(AppendEffect{std::move(append)});
  }
}

// Adds a submission behind those in the batch, or refuses it.
void DocumentAuthority::add_to_batch(PendingSubmission submission,
                                     storage::Append& append,
                                     Moment moment) {
  ot::Operation op = rebase_over_batch(submission.op, batch_committed_);
  if (auto fits = content_.try_op(op, submission.size, limits_.document_bytes); !fits) {
    if (fits.error().code == ErrorCode::kOpInvalid) {
      refuse_invalid(submission, std::move(fits).error());
    } else {
      effects_.emplace_back(LimitEffect{"document_bytes"});
      answer_pending(submission.client, fail(std::move(fits).error()));
    }
    maybe_forget(submission.client);
    return;
  }
  const storage::Update* previous =
      batch_committed_.empty() ? nullptr : &batch_committed_.back().update;
  const Timestamp last_at = previous == nullptr ? last_at_ : previous->created_at;
  storage::Update update{
      .revision = next(previous == nullptr ? head() : previous->revision),
      .client = submission.client,
      .seq = submission.seq,
      .user = submission.user,
      .op = to_json(ot::to_json(op)),
      .salt = {},
      .op_digest = {},
      .created_at = std::max(moment.now, last_at),  // so that "at a time" is searchable
      .prev_hash = {},
      .hash = {}};
  moment.random.fill(update.salt);
  link(update, previous == nullptr ? history_.head_hash() : previous->hash);
  append.updates.push_back(update);
  append.clients.push_back({.client = submission.client,
                            .last_seq = submission.seq,
                            .revision = update.revision,
                            .submission_hash = submission.hash});
  batch_.push_back(std::move(submission));
  batch_committed_.push_back({.update = std::move(update), .op = std::move(op)});
}

void DocumentAuthority::on_append(const storage::AppendOutcome& outcome, Moment moment) {
  if (phase_ == Phase::kBroken) {
    return;
  }
  CS_ASSERT(phase_ == Phase::kAppending, "one append is in flight");
  switch (outcome.status) {
    case storage::AppendStatus::kCommitted:
      on_committed(moment);
      break;
    case storage::AppendStatus::kRefused:
      on_refused(outcome, moment);
      break;
    case storage::AppendStatus::kConflict:
    case storage::AppendStatus::kUnknown:
      recover();
      break;
  }
}

void DocumentAuthority::on_committed(Moment moment) {
  phase_ = Phase::kIdle;
  const std::vector<PendingSubmission> batch = std::exchange(batch_, {});
  std::vector<Committed> committed = std::exchange(batch_committed_, {});
  std::vector<Revision> revisions;
  content_.commit_working();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    revisions.push_back(committed[i].update.revision);
    ledger_.commit(batch[i].client, batch[i].seq, revisions.back(), batch[i].hash);
  }
  std::vector<storage::Update> published;
  if (shared_) {
    for (const Committed& one : committed) {
      published.push_back(one.update);
    }
  }
  publish(std::move(committed));
  if (shared_) {
    effects_.emplace_back(PublishEffect{std::move(published)});
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answer_pending(batch[i].client, revisions[i]);
    maybe_forget(batch[i].client);
  }
  write_snapshot_if_due();
  start_batch(moment);
}

void DocumentAuthority::on_refused(const storage::AppendOutcome& outcome, Moment moment) {
  phase_ = Phase::kIdle;
  content_.drop_working();
  const std::vector<PendingSubmission> batch = std::exchange(batch_, {});
  batch_committed_.clear();
  for (const PendingSubmission& submission : batch) {
    answer_pending(submission.client,
                   fail({.code = outcome.refusal,
                         .message = "the operation was not stored",
                         .retry_after_ms = 1'000}));
    maybe_forget(submission.client);
  }
  start_batch(moment);
}

// The batch goes back to the queue's front: its operations were moved over the log only, so they
// are as good as received. Nobody is answered before the log was read to its end.
void DocumentAuthority::recover() {
  phase_ = Phase::kRecovering;
  content_.drop_working();
  batch_committed_.clear();
  for (const PendingSubmission& submission : batch_) {
    queue_bytes_ += submission.size.bytes;
  }
  queue_.insert(queue_.begin(),
                std::make_move_iterator(batch_.begin()),
                std::make_move_iterator(batch_.end()));
  batch_.clear();
  read(RecoveryRead{}, next(head()), Revision(kJsonIntegerMax), catch_up_budget());
}

void DocumentAuthority::on_recovery_read(std::uint32_t attempt,
                                         Result<std::vector<storage::Update>> updates,
                                         Moment moment) {
  if (!updates) {
    read(RecoveryRead{.attempt = attempt + 1},
         next(head()),
         Revision(kJsonIntegerMax),
         catch_up_budget());
    return;
  }
  if (updates->empty()) {
    phase_ = Phase::kIdle;
    heard_ = head();  // whatever was said, the log has no more
    start_batch(moment);
    return;
  }
  if (!follow(*std::move(updates))) {
    return;
  }
  write_snapshot_if_due();
  read(RecoveryRead{}, next(head()), Revision(kJsonIntegerMax), catch_up_budget());
}

// Makes committed operations, already in the content, the document's head: one frame for all
// members, then the answers of those found among them; the rest of the queue is moved on.
void DocumentAuthority::publish(std::vector<Committed> batch) {
  UpdateList updates;
  for (const Committed& committed : batch) {
    updates.push_back(&committed.update);
  }
  if (!members_.empty()) {
    deliver("ops", ops_event(info_.id, updates), std::nullopt, std::nullopt);
  }
  for (const Committed& committed : batch) {
    const storage::Update& update = committed.update;
    // Committed by another node: the hash of its submission is not in the log.
    if (ledger_.knows(update.client) || lookups_.contains(update.client)) {
      ledger_.meet(update.client, update.seq, update.revision);
    }
  }
  move_queue_over(batch);
  for (Committed& committed : batch) {
    const storage::Update& update = committed.update;
    last_at_ = std::max(last_at_, update.created_at);
    ++ops_since_snapshot_;
    bytes_since_snapshot_ += update.op.size();
    history_.push(std::move(committed));
  }
}

// Every pair of a waiting and a committed operation is transformed; what waits is taken in hand
// once.
void DocumentAuthority::move_queue_over(const std::vector<Committed>& batch) {
  auto kept = queue_.begin();
  for (PendingSubmission& submission : queue_) {
    const bool waits_on =
        std::all_of(batch.begin(), batch.end(), [this, &submission](const Committed& committed) {
          return step(submission, committed);
        });
    if (!waits_on) {
      queue_bytes_ -= submission.size.bytes;
      continue;
    }
    if (&*kept != &submission) {
      *kept = std::move(submission);
    }
    ++kept;
  }
  queue_.erase(kept, queue_.end());
}

void DocumentAuthority::write_snapshot_if_due() {
  const bool due = ops_since_snapshot_ >= limits_.snapshot_ops ||
                   bytes_since_snapshot_ >= limits_.snapshot_bytes;
  if (!due || writing_snapshot_) {
    return;
  }
  writing_snapshot_ = true;
  ops_since_snapshot_ = 0;
  bytes_since_snapshot_ = 0;
  effects_.emplace_back(SnapshotEffect{
      {.revision = head(), .content = *content_.json(), .hash = history_.head_hash()}});
}

}  // namespace cloudsync::document
