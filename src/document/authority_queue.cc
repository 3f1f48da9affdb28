// DocumentAuthority: what waits at the head becomes a batch, in slices.
//
// Each operation is moved over all that wait before it, which is quadratic in their number and has
// to be: never over a composition (docs/ot.md). A batch is what one frame and the history may hold,
// so that what waits behind it is moved over it in memory.

#include "base/assert.h"
#include "document/authority.h"
#include "document/chain.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {
namespace {

/// What an operation of a batch costs in a slice beside its transforming: it is applied, encoded
/// and hashed, some three microseconds and more for a long one.
constexpr std::size_t kAppendCost = 64;
constexpr std::size_t kAppendedBytesPerCost = 16;

}  // namespace

// Behind those that came before it.
void DocumentAuthority::enqueue(PendingSubmission submission) {
  CS_ASSERT(submission.at == head(), "what waits was moved to the head");
  (work_->lagging.empty() ? work_->queue : work_->lagging).push_back(std::move(submission));
}

// Whenever nothing is in flight: reads what others are known to have committed, or else makes the
// next batch of what waits.
void DocumentAuthority::start_batch(Moment moment) {
  if (phase_ != Phase::kIdle) {
    return;
  }
  if (heard_ > head()) {
    recover();  // an append would only meet another head
    return;
  }
  if (std::exchange(work_->check_again, false)) {
    read_head();
  }
  if ((!work_->lagging.empty() || !work_->queue.empty()) && !hold(Window::kBatch, moment)) {
    phase_ = Phase::kBatching;
    work_->batch_bytes = 0;
    make_batch(moment);
  }
}

// One slice of making a batch, and what comes behind the last.
void DocumentAuthority::make_batch(Moment moment) {
  Slice slice;
  if (!move_laggards(slice) || !form_batch(slice, moment)) {
    pause(Turn::kQueue);
  } else if (heard_ > head()) {
    recover();
  } else if (work_->batch.empty()) {  // all were refused
    phase_ = Phase::kIdle;
    start_batch(moment);
  } else {
    append_batch(moment);
  }
}

// One slice of moving what waits over what was found in the log; behind the last, the log is read
// on.
void DocumentAuthority::go_on_recovering() {
  Slice slice;
  if (move_laggards(slice)) {
    read(RecoveryRead{}, next(head()), Revision(kJsonIntegerMax), catch_up_budget());
  } else {
    pause(Turn::kQueue);
  }
}

// Moves what waits over what was published last, in order. True if all was.
bool DocumentAuthority::move_laggards(Slice& slice) {
  while (!work_->lagging.empty()) {
    PendingSubmission& submission = work_->lagging.front();
    RebaseStep done = RebaseStep::kMoved;
    while (done == RebaseStep::kMoved && submission.at < head()) {
      if (slice.is_over()) {
        return false;
      }
      done = step(submission, history_.at(next(submission.at)), slice);
    }
    if (done == RebaseStep::kPaused) {
      return false;
    }
    if (done == RebaseStep::kMoved) {
      work_->queue.push_back(std::move(submission));
    } else {
      work_->queue_bytes -= submission.size.bytes;
    }
    work_->lagging.pop_front();
  }
  return true;
}

// Takes what waits into the batch, in order, up to the bounds of one frame and of the history. True
// if it is full or nothing waits.
bool DocumentAuthority::form_batch(Slice& slice, Moment moment) {
  const std::size_t ops_max =
      std::max<std::size_t>(1, std::min(limits_.commit_batch_ops, limits_.catch_up_ops));
  while (!work_->queue.empty() && work_->batch.size() < ops_max) {
    if (!work_->candidate) {
      work_->candidate = Candidate{.op = MovingOp(work_->queue.front().op.op())};
    }
    if (!move_candidate(slice)) {
      return false;
    }
    if (!add_candidate(slice, moment)) {
      break;
    }
  }
  work_->candidate.reset();
  return true;
}

// Moves the candidate over the batch. False if the slice was over before.
bool DocumentAuthority::move_candidate(Slice& slice) {
  while (work_->candidate->over < work_->batch_committed.size()) {
    if (slice.is_over() ||
        !work_->candidate->op.move_over(work_->batch_committed[work_->candidate->over],
                                        work_->queue.front().size.bytes,
                                        slice)) {
      return false;
    }
    ++work_->candidate->over;
  }
  return !slice.is_over();
}

// Adds the candidate to the batch, or refuses it. False if the batch has no room for it.
bool DocumentAuthority::add_candidate(Slice& slice, Moment moment) {
  ot::Operation op = work_->candidate->op.take();
  std::string text = to_json(ot::to_json(op));
  slice.spend(kAppendCost + text.size() / kAppendedBytesPerCost);
  if (!work_->batch.empty() && work_->batch_bytes + text.size() > limits_.catch_up_bytes) {
    return false;  // it starts anew in the next
  }
  const PendingSubmission& submission = work_->queue.front();
  if (auto fits = content_.try_op(op, submission.size, limits_.document_bytes); !fits) {
    refuse_candidate(std::move(fits).error());
    return true;
  }
  const storage::Update* previous =
      work_->batch_committed.empty() ? nullptr : &work_->batch_committed.back().update;
  const Timestamp last_at = previous == nullptr ? last_at_ : previous->created_at;
  storage::Update update{
      .revision = next(previous == nullptr ? head() : previous->revision),
      .client = submission.client,
      .seq = submission.seq,
      .user = submission.user,
      .op = std::move(text),
      .salt = {},
      .op_digest = {},
      .created_at = std::max(moment.now, last_at),  // so that "at a time" is searchable
      .prev_hash = {},
      .hash = {}};
  moment.random.fill(update.salt);
  link(update, previous == nullptr ? history_.head_hash() : previous->hash);
  work_->batch_bytes += update.op.size();
  work_->batch_committed.push_back({.update = std::move(update), .op = std::move(op)});
  work_->batch.push_back(take_candidate());
  return true;
}

void DocumentAuthority::refuse_candidate(Error error) {
  const PendingSubmission submission = take_candidate();
  if (error.code == ErrorCode::kOpInvalid) {
    refuse_invalid(submission, std::move(error));
  } else {
    effects_.emplace_back(LimitEffect{"document_bytes"});
    answer_pending(submission.client, fail(std::move(error)));
  }
  maybe_forget(submission.client);
}

// Takes the candidate's submission out of the queue.
PendingSubmission DocumentAuthority::take_candidate() {
  PendingSubmission submission = std::move(work_->queue.front());
  work_->queue.pop_front();
  work_->queue_bytes -= submission.size.bytes;
  work_->candidate.reset();
  return submission;
}

void DocumentAuthority::append_batch(Moment moment) {
  batch_holding_.opens_at = moment.at + window(limits_.batch_window);
  storage::Append append{
      .document = info_.id, .expected_head = head(), .updates = {}, .clients = {}};
  append.updates.reserve(work_->batch.size());
  append.clients.reserve(work_->batch.size());
  for (std::size_t i = 0; i < work_->batch.size(); ++i) {
    const storage::Update& update = work_->batch_committed[i].update;
    append.updates.push_back(update);
    append.clients.push_back({.client = update.client,
                              .last_seq = update.seq,
                              .revision = update.revision,
                              .submission_hash = work_->batch[i].hash});
  }
  phase_ = Phase::kAppending;
  effects_.emplace_back(AppendEffect{std::move(append)});
}

}  // namespace cloudsync::document
