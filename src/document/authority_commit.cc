// DocumentAuthority: the four outcomes of an append, and publication.

#include "base/assert.h"
#include "document/authority.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudsync::document {

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
  const std::vector<PendingSubmission> batch = std::exchange(work_->batch, {});
  std::vector<Committed> committed = std::exchange(work_->batch_committed, {});
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
  const std::vector<PendingSubmission> batch = std::exchange(work_->batch, {});
  work_->batch_committed.clear();
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
  work_->batch_committed.clear();
  for (const PendingSubmission& submission : work_->batch) {
    work_->queue_bytes += submission.size.bytes;
  }
  work_->queue.insert(work_->queue.begin(),
                      std::make_move_iterator(work_->batch.begin()),
                      std::make_move_iterator(work_->batch.end()));
  work_->batch.clear();
  go_on_recovering();
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
  go_on_recovering();
}

// Makes committed operations, already in the content, the document's head, and one frame for all
// members. What waits lags behind then.
void DocumentAuthority::publish(std::vector<Committed> batch) {
  deliver_presence();
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
    if (knows(update.client) || work_->lookups.contains(update.client)) {
      ledger_.meet(update.client, update.seq, update.revision);
    }
  }
  CS_ASSERT(work_->lagging.empty(), "nothing is committed before what waits was moved");
  work_->lagging.swap(work_->queue);
  for (Committed& committed : batch) {
    const storage::Update& update = committed.update;
    last_at_ = std::max(last_at_, update.created_at);
    ++ops_since_snapshot_;
    bytes_since_snapshot_ += update.op.size();
    history_.push(std::move(committed));
  }
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
      .revision = head(), .hash = history_.head_hash(), .content = content_.committed()});
}

}  // namespace cloudsync::document
