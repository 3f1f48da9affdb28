#include "checker/client_trace.h"

#include "base/error.h"

#include <algorithm>
#include <utility>

namespace cloudsync::checker {
namespace {

/// The same submission is to be sent again.
bool is_retryable(std::string_view code) {
  return code == error_name(ErrorCode::kOverloaded) ||
         code == error_name(ErrorCode::kUnavailable) ||
         code == error_name(ErrorCode::kRateLimited) || code == error_name(ErrorCode::kNotJoined);
}

/// Says that the submission is not in the log and never will be, if it was sent once: of several
/// nodes another may have it yet.
bool says_never_stored(std::string_view code) {
  return code == error_name(ErrorCode::kOpInvalid) || code == error_name(ErrorCode::kTooLarge) ||
         code == error_name(ErrorCode::kRevisionTooOld) ||
         code == error_name(ErrorCode::kRevisionUnknown);
}

}  // namespace

void ClientTrace::add(const Event& event, Author author, Where where) {
  switch (event.kind) {
    case Kind::kOpen:
      if (event.type) {
        document_.type(*event.type);
      }
      [[fallthrough]];
    case Kind::kResume:
      joined(event, where);
      break;
    case Kind::kSubmit:
      submit(event, where);
      break;
    case Kind::kSent:
      if (Submission* sent = find(event.seq)) {
        sent->never_stored = false;  // and if it was refused before, it is tried again
        ++sent->sent;
      }
      break;
    case Kind::kAck:
      document_.author(event.rev, {.client = number_, .seq = event.seq}, Claim::kAcked, where);
      document_.seen(event.rev, event.t, where);
      document_.acked(event.rev, event.t);
      settle(event.seq, Fate::kCommitted);
      break;
    case Kind::kReject:
      reject(event, where);
      break;
    case Kind::kApply:
      apply(event, author, where);
      break;
    case Kind::kLight:
      if (event.on) {
        check_saved(where);
      }
      break;
    case Kind::kCopy:
      give_back();
      break;
    case Kind::kFinal:
      joined(event, where);
      document_.at_rest(event.rev, where);
      at_rest_ = true;
      if (event.on) {
        check_saved(where);
      } else {
        violate(Invariant::kI1, event.rev, where, "at rest, but not saved");
      }
      break;
    default:
      break;
  }
}

// I4, I19: the copy is at a revision, with a content.
void ClientTrace::joined(const Event& event, Where where) {
  out_.count(Invariant::kI19);
  if (rev_ && event.rev < *rev_) {
    violate(Invariant::kI19,
            event.rev,
            where,
            "the client was at revision " + std::to_string(*rev_) + " before");
  }
  if (rev_ && event.kind != Kind::kOpen && event.rev > *rev_) {
    violate(Invariant::kI4,
            event.rev,
            where,
            "the client only got to revision " + std::to_string(*rev_));
  }
  rev_ = event.rev;
  document_.seen(event.rev, event.t, where);
  if (event.hash) {
    document_.hash(event.rev, *event.hash, where);
  }
  if (event.state) {
    document_.state(event.rev, *event.state, Invariant::kI1, where);
  }
}

// I3: a sequence number stands for one operation.
void ClientTrace::submit(const Event& event, Where where) {
  out_.count(Invariant::kI3);
  if (Submission* same = find(event.seq)) {
    if (same->digest != event.digest) {
      violate(Invariant::kI3,
              event.rev,
              where,
              "submission " + std::to_string(event.seq) + " was another operation before");
    }
    return;
  }
  if (!submissions_.empty() && event.seq < submissions_.back().seq) {
    violate(Invariant::kI3,
            event.rev,
            where,
            "submission " + std::to_string(event.seq) + " after " +
                std::to_string(submissions_.back().seq));
    return;
  }
  submissions_.push_back({.seq = event.seq,
                          .rev = event.rev,
                          .digest = event.digest,
                          .fate = Fate::kOutstanding,
                          .never_stored = false,
                          .sent = 0,
                          .where = where});
  ++outstanding_;
  refusal_.reset();  // what was refused goes on in this one
}

void ClientTrace::reject(const Event& event, Where where) {
  if (is_retryable(event.text)) {
    return;
  }
  out_.count(Invariant::kI15);
  settle(event.seq, Fate::kRefused);
  if (Submission* refused = find(event.seq)) {
    refused->never_stored = says_never_stored(event.text) && refused->sent <= 1;
  }
  refusal_ = Refusal{.seq = event.seq, .code = event.text, .where = where};
}

void ClientTrace::apply(const Event& event, Author author, Where where) {
  out_.count(Invariant::kI4);
  if (rev_ && event.rev != *rev_ + 1) {
    violate(event.rev <= *rev_ ? Invariant::kI19 : Invariant::kI4,
            event.rev,
            where,
            "applied at revision " + std::to_string(*rev_));
  } else if (!rev_) {
    violate(Invariant::kI4, event.rev, where, "applied to no copy");
  }
  rev_ = event.rev;
  document_.author(event.rev, author, Claim::kApplied, where);
  document_.seen(event.rev, event.t, where);
  if (event.hash) {
    document_.hash(event.rev, *event.hash, where);
  }
  if (event.state) {
    document_.state(event.rev, *event.state, Invariant::kI1, where);
  }
  if (author.client == number_) {
    settle(event.seq, Fate::kCommitted);
    if (refusal_ && refusal_->seq == event.seq) {
      refusal_.reset();  // a page that was loaded anew tried again
    }
  }
}

void ClientTrace::settle(std::uint64_t seq, Fate fate) {
  Submission* submission = find(seq);
  if (submission != nullptr && submission->fate == Fate::kOutstanding) {
    submission->fate = fate;
    --outstanding_;
  }
}

// The copy has all that was unacknowledged.
void ClientTrace::give_back() {
  refusal_.reset();
  for (auto it = submissions_.rbegin(); outstanding_ > 0; ++it) {
    if (it->fate == Fate::kOutstanding) {
      it->fate = Fate::kReturned;
      --outstanding_;
    }
  }
}

// I19: "saved" is shown only if everything is acknowledged.
void ClientTrace::check_saved(Where where) {
  out_.count(Invariant::kI19);
  if (outstanding_ > 0) {
    violate(Invariant::kI19,
            rev_.value_or(0),
            where,
            "shows \"saved\" with " + std::to_string(outstanding_) + " unacknowledged");
  }
}

ClientTrace::Submission* ClientTrace::find(std::uint64_t seq) {
  const auto found = std::lower_bound(
      submissions_.begin(), submissions_.end(), seq, [](const Submission& submission, auto wanted) {
        return submission.seq < wanted;
      });
  return found == submissions_.end() || found->seq != seq ? nullptr : &*found;
}

void ClientTrace::finish() {
  // I15: the text of what was refused went on, or back to the user.
  if (refusal_ && at_rest_) {
    violate(Invariant::kI15,
            rev_.value_or(0),
            refusal_->where,
            "submission " + std::to_string(refusal_->seq) + " was refused (" + refusal_->code +
                "), and nothing became of it");
  }
  if (!document_.has_log()) {
    return;
  }
  for (const Submission& submission : submissions_) {
    const auto place = document_.place({.client = number_, .seq = submission.seq});
    if (submission.never_stored && place) {
      violate(Invariant::kI15, *place, submission.where, "refused, but in the log");
    }
  }
  // I3: 0 or 1 times, that is, not from nowhere.
  if (submissions_.empty()) {
    return;
  }
  for (const DocumentTrace::Row& row : document_.rows()) {
    if (row.author.client == number_ && find(row.author.seq) == nullptr) {
      violate(Invariant::kI3,
              row.row->update.revision.value(),
              row.where,
              "submission " + std::to_string(row.author.seq) + " was never made by its client");
    }
  }
}

}  // namespace cloudsync::checker
