// DocumentAuthority: a submission's way from its arrival to the queue at the head.

#include "base/assert.h"
#include "document/authority.h"
#include "document/chain.h"

#include <utility>

namespace cloudsync::document {
namespace {

/// Answers that one submission may owe: a client resends after a timeout, seldom more than twice.
constexpr std::size_t kResendsMax = 16;

/// What parsing an operation of the log costs in a slice: half a microsecond at least.
constexpr std::size_t kParseCost = 8;
constexpr std::size_t kParsedBytesPerCost = 16;

Error overloaded(std::string message) {
  return {.code = ErrorCode::kOverloaded, .message = std::move(message), .retry_after_ms = 500};
}

/// For the author of a paste, who has to know how much goes.
Error too_large(std::size_t has, std::string_view what, std::size_t max) {
  return {.code = ErrorCode::kTooLarge,
          .message = "an operation of " + std::to_string(has) + std::string(what) + ", at most " +
                     std::to_string(max) + " are allowed"};
}

}  // namespace

void DocumentAuthority::submit(Token token,
                               MemberId member_id,
                               const Submission& submission,
                               Moment moment) {
  const Member* member = members_.find(member_id);
  if (member == nullptr) {
    answer_submit(token, fail(ErrorCode::kNotJoined, "join the document first"));
    return;
  }
  if (phase_ == Phase::kBroken) {
    answer_submit(token, fail(ErrorCode::kInternal, "the document is out of order"));
    return;
  }
  if (submission.seq.value() == 0) {
    answer_submit(token, fail(ErrorCode::kBadRequest, "seq starts at 1"));
    return;
  }
  const std::string canonical = to_canonical_json(submission.op);
  const OpSize size = measure_op(submission.op, canonical);
  if (size.bytes > limits_.op_bytes) {
    effects_.emplace_back(LimitEffect{"op_bytes"});
    answer_submit(token, fail(too_large(size.bytes, " bytes of JSON", limits_.op_bytes)));
    return;
  }
  if (size.components > limits_.op_components) {
    effects_.emplace_back(LimitEffect{"op_components"});
    answer_submit(token, fail(too_large(size.components, " components", limits_.op_components)));
    return;
  }
  PendingSubmission pending{.client = member->client,
                            .user = member->user,
                            .seq = submission.seq,
                            .hash = submission_hash(submission.revision, submission.seq, canonical),
                            .base = submission.revision,
                            .size = size,
                            .op = {},
                            .at = submission.revision};
  if (answer_if_known(token, pending)) {
    return;
  }
  if (auto admissible = check_admissible(pending); !admissible) {
    if (admissible.error().code == ErrorCode::kOverloaded) {
      effects_.emplace_back(LimitEffect{"document_queue_ops"});
    } else if (admissible.error().code == ErrorCode::kRevisionTooOld) {
      effects_.emplace_back(LimitEffect{"rebase_ops"});
    }
    answer_submit(token, fail(std::move(admissible).error()));
    return;
  }
  auto op = ot::parse_operation(type_, submission.op);
  if (!op) {
    ledger_.refuse(pending.client, pending.seq, pending.hash);
    answer_submit(token, fail(std::move(op).error()));
    return;
  }
  const std::uint64_t behind = head().value() - pending.base.value();
  if (behind * ot::component_count(*op) > limits_.rebase_components) {
    effects_.emplace_back(LimitEffect{"rebase_components"});
    answer_submit(token, fail(ErrorCode::kRevisionTooOld, "too much to move over the log"));
    return;
  }
  pending.op = MovingOp(*std::move(op));
  work_->queue_bytes += pending.size.bytes;
  work_->awaited.emplace(pending.client,
                         Awaited{.tokens = {token}, .seq = pending.seq, .hash = pending.hash});
  move_to_head({.submission = std::move(pending), .updates = {}, .current = {}}, moment);
}

void DocumentAuthority::answer_submit(Token token, Result<Revision> reply, bool duplicate) {
  effects_.emplace_back(
      SubmitAnswer{.token = token, .reply = std::move(reply), .duplicate = duplicate});
}

// Answers the client's submission that is under way, and its resends.
void DocumentAuthority::answer_pending(const ClientId& client, const Result<Revision>& reply) {
  const auto awaited = work_->awaited.extract(client);
  CS_ASSERT(!awaited.empty(), "a submission is answered once");
  bool duplicate = false;
  for (const Token token : awaited.mapped().tokens) {
    answer_submit(token, reply, duplicate);
    duplicate = true;
  }
}

void DocumentAuthority::refuse_invalid(const PendingSubmission& submission, Error error) {
  ledger_.refuse(submission.client, submission.seq, submission.hash);
  answer_pending(submission.client, fail(std::move(error)));
}

// Answers a resend, or a misuse of a seq. False if the submission is a new one.
bool DocumentAuthority::answer_if_known(Token token, const PendingSubmission& submission) {
  if (join_pending(token, submission)) {
    return true;
  }
  const auto answer = ledger_.check(submission.client, submission.seq, submission.hash);
  switch (answer.verdict) {
    case ClientLedger::Verdict::kNew:
      return false;
    case ClientLedger::Verdict::kCommitted:
      if (answer.revision > head()) {
        // Another process committed it and its frame is yet to come, before the ack. Going on as
        // with a new one leads there: the append meets another head, and the log has this
        // submission.
        return false;
      }
      answer_submit(token, answer.revision, true);
      return true;
    case ClientLedger::Verdict::kMet:
      if (head() < answer.revision) {
        return false;  // as above
      }
      answer_submit(token, reply_to_met(submission), true);
      return true;
    case ClientLedger::Verdict::kInvalid:
      answer_submit(token, fail(ErrorCode::kOpInvalid, "the operation was found invalid"), true);
      return true;
    case ClientLedger::Verdict::kReused:
      break;
  }
  answer_submit(token, fail(ErrorCode::kSeqReused, "the seq was used before"));
  return true;
}

// The log has an operation with the submission's seq. Another node may have put it there, and then
// the store alone can tell whether it is this one: whoever resends it is told when that was looked
// up. A client that follows the operations needs no answer, it has met its own by now.
Result<Revision> DocumentAuthority::reply_to_met(const PendingSubmission& submission) {
  const auto known = ledger_.check(submission.client, submission.seq, submission.hash);
  switch (known.verdict) {
    case ClientLedger::Verdict::kCommitted:
      return known.revision;
    case ClientLedger::Verdict::kMet:
      look_up(submission.client);
      return fail({.code = ErrorCode::kUnavailable,
                   .message = "another node committed an operation with this seq",
                   .retry_after_ms = 100});
    default:
      return fail(ErrorCode::kSeqReused, "the seq was used before");
  }
}

// If the client has a submission under way: a resend of it waits for the same answer.
bool DocumentAuthority::join_pending(Token token, const PendingSubmission& submission) {
  const auto found = work_->awaited.find(submission.client);
  if (found == work_->awaited.end()) {
    return false;
  }
  Awaited& pending = found->second;
  if (submission.seq > pending.seq) {
    answer_submit(token, fail(overloaded("a client has one operation of a document in flight")));
  } else if (submission.seq < pending.seq || submission.hash != pending.hash) {
    answer_submit(token, fail(ErrorCode::kSeqReused, "the seq was used before"));
  } else if (pending.tokens.size() >= kResendsMax) {
    answer_submit(token, fail(overloaded("the operation is being committed")));
  } else {
    pending.tokens.push_back(token);
  }
  return true;
}

Result<void> DocumentAuthority::check_admissible(const PendingSubmission& submission) const {
  if (submission.base > head()) {
    return fail(ErrorCode::kRevisionUnknown, "the document has not reached that revision");
  }
  if (head().value() - submission.base.value() > limits_.rebase_ops) {
    return fail(ErrorCode::kRevisionTooOld, "too many operations behind");
  }
  // Bytes are bounded as well: a queue of the largest operations would be 2 GiB. One that is above
  // the bound alone gets in, to be refused for good: waiting would not help it.
  if (work_->moving.size() + work_->lagging.size() + work_->queue.size() + work_->reads.size() >=
          limits_.document_queue_ops ||
      (work_->queue_bytes > 0 &&
       work_->queue_bytes + submission.size.bytes > limits_.document_bytes)) {
    return fail(overloaded("too many operations wait for this document"));
  }
  return {};
}

// Moves the submission over the log to the head and queues it, in slices; what is not in memory is
// read first.
void DocumentAuthority::move_to_head(Moving moving, Moment moment) {
  PendingSubmission& submission = moving.submission;
  Slice slice;
  while (submission.at < head()) {
    if (slice.is_over()) {
      work_->moving.push_back(std::move(moving));
      pause(Turn::kSubmission);
      return;
    }
    if (!moving.current && moving.taken < moving.updates.size()) {
      auto committed = take_read(moving);
      if (!committed) {
        give_up(submission, committed.error());
        return;
      }
      slice.spend(kParseCost + committed->update.op.size() / kParsedBytesPerCost);
      moving.current = *std::move(committed);
    }
    if (!moving.current && !history_.reaches(submission.at)) {
      const Revision from = next(submission.at);
      read(RebaseRead{std::move(submission)}, from, head(), catch_up_budget());
      return;
    }
    const RebaseStep done = step(
        submission, moving.current ? *moving.current : history_.at(next(submission.at)), slice);
    if (done == RebaseStep::kMoved) {
      moving.current.reset();
    } else if (done != RebaseStep::kPaused) {
      work_->queue_bytes -= submission.size.bytes;
      return;
    }
  }
  enqueue(std::move(submission));
  start_batch(moment);
}

void DocumentAuthority::pause(Turn turn) {
  work_->turns.push_back(turn);
  effects_.emplace_back(ContinueEffect{});
}

void DocumentAuthority::go_on(Moment moment) {
  if (work_->turns.empty()) {
    return;  // given up meanwhile
  }
  const Turn turn = work_->turns.front();
  work_->turns.pop_front();
  if (turn == Turn::kQueue) {
    phase_ == Phase::kRecovering ? go_on_recovering() : make_batch(moment);
    return;
  }
  Moving moving = std::move(work_->moving.front());
  work_->moving.pop_front();
  move_to_head(std::move(moving), moment);
}

// The next operation that was read of the log for the submission.
Result<Committed> DocumentAuthority::take_read(Moving& moving) const {
  storage::Update& update = moving.updates[moving.taken++];
  auto json = parse_json(update.op);
  auto op = json ? ot::parse_committed(type_, *json) : Result<ot::Operation>(fail(json.error()));
  if (!op || update.revision != next(moving.submission.at)) {
    return fail(ErrorCode::kInternal, "the log is damaged");
  }
  return Committed{.update = std::move(update), .op = *std::move(op)};
}

// Answers a submission that can't be brought to the head.
void DocumentAuthority::give_up(const PendingSubmission& submission, const Error& error) {
  work_->queue_bytes -= submission.size.bytes;
  answer_pending(submission.client, fail(error));
  maybe_forget(submission.client);
}

// Moves the submission over one operation of the log, or answers it.
RebaseStep DocumentAuthority::step(PendingSubmission& submission,
                                   const Committed& committed,
                                   Slice& slice) {
  const RebaseStep done = rebase_over(submission, committed, slice);
  if (done == RebaseStep::kCommitted) {
    const Revision revision = committed.update.revision;
    if (shared_) {
      ledger_.meet(submission.client, submission.seq, revision);
      answer_pending(submission.client, reply_to_met(submission));
    } else {
      ledger_.commit(submission.client, submission.seq, revision, submission.hash);
      answer_pending(submission.client, revision);
    }
    maybe_forget(submission.client);
  } else if (done == RebaseStep::kReused) {
    answer_pending(submission.client, fail(ErrorCode::kSeqReused, "a later seq was committed"));
    maybe_forget(submission.client);
  }
  return done;
}

void DocumentAuthority::on_rebase_read(PendingSubmission submission,
                                       Result<std::vector<storage::Update>> updates,
                                       Moment moment) {
  if (!updates || updates->empty()) {
    give_up(submission,
            {.code = ErrorCode::kUnavailable,
             .message = "the log can't be read",
             .retry_after_ms = 1'000});
    return;
  }
  move_to_head({.submission = std::move(submission), .updates = *std::move(updates), .current = {}},
               moment);
}

}  // namespace cloudsync::document
