#include "loadtest/member_history.h"

#include <charconv>
#include <utility>

namespace cloudsync::loadtest {
namespace {

/// The state is told each so many revisions: hashing the content costs O(length).
constexpr std::uint64_t kStateInterval = 100;

std::optional<checker::ShortHash> to_hash(const std::string& digits) {
  checker::ShortHash hash = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hash, 16);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(hash)
                                                                      : std::nullopt;
}

/// Of the confirmed content, which is known only if nothing else is shown.
std::optional<checker::ShortHash> state_of(const client::DocumentClient& copy) {
  return copy.saved() ? std::optional(checker::state_hash(copy.document())) : std::nullopt;
}

}  // namespace

checker::Event MemberHistory::make(checker::Kind kind) const {
  checker::Event event;
  event.kind = kind;
  event.t = checker::wall_clock();
  event.writer = self_;
  event.doc = document_.value();
  return event;
}

// A history that can't be written any more is noticed when it is checked.
void MemberHistory::write(const checker::Event& event) {
  if (!writer_->append(event)) {
    writer_ = nullptr;
  }
}

void MemberHistory::connected(bool up) {
  if (is_on()) {
    checker::Event event = make(checker::Kind::kConn);
    event.on = up;
    write(event);
  }
}

void MemberHistory::opened(const client::DocumentClient& copy) {
  if (!is_on()) {
    return;
  }
  checker::Event event = make(checker::Kind::kOpen);
  event.type = copy.type();
  event.rev = copy.revision().value();
  event.hash = to_hash(copy.resume_hash());
  event.state = state_of(copy);
  write(event);
  revision_ = copy.revision();
  received_.erase(received_.begin(), received_.upper_bound(revision_));
}

void MemberHistory::resumed(Revision revision, const std::string& hash) {
  if (is_on()) {
    checker::Event event = make(checker::Kind::kResume);
    event.rev = revision.value();
    event.hash = to_hash(hash);
    write(event);
  }
}

void MemberHistory::sent(const client::OutgoingSubmission& submission, bool again) {
  if (!is_on()) {
    return;
  }
  checker::Event event = make(checker::Kind::kSubmit);
  event.seq = submission.seq.value();
  if (!again) {
    event.rev = submission.revision.value();
    event.digest = checker::submission_digest(event.rev, ot::to_json(submission.op));
    write(event);
  }
  event.kind = checker::Kind::kSent;
  write(event);
}

void MemberHistory::acked(ClientSeq seq, Revision revision) {
  if (is_on()) {
    checker::Event event = make(checker::Kind::kAck);
    event.seq = seq.value();
    event.rev = revision.value();
    write(event);
  }
}

void MemberHistory::rejected(ClientSeq seq, std::string_view code) {
  if (is_on()) {
    checker::Event event = make(checker::Kind::kReject);
    event.seq = seq.value();
    event.text = code;
    write(event);
  }
}

void MemberHistory::received(const client::OpsBatch& batch) {
  for (std::size_t i = 0; is_on() && i < batch.ops.size(); ++i) {
    const Revision revision(batch.first.value() + i);
    if (revision > revision_) {
      received_[revision] = {.client = batch.ops[i].client,
                             .seq = batch.ops[i].seq,
                             .hash = revision == batch.last() ? batch.hash : std::string()};
    }
  }
}

void MemberHistory::advance(const client::DocumentClient& copy) {
  if (!is_on()) {
    return;
  }
  while (revision_ < copy.revision()) {
    revision_ = next(revision_);
    const auto found = received_.extract(revision_);
    if (found.empty()) {
      continue;  // the checker will ask for it
    }
    checker::Event event = make(checker::Kind::kApply);
    event.rev = revision_.value();
    event.author = found.mapped().client.value();
    event.seq = found.mapped().seq.value();
    event.hash = found.mapped().hash.empty() ? std::nullopt : to_hash(found.mapped().hash);
    if (revision_ == copy.revision() && event.rev % kStateInterval == 0) {
      event.state = state_of(copy);
    }
    write(event);
  }
  if (is_on() && saved_ != copy.saved()) {
    saved_ = copy.saved();
    checker::Event event = make(checker::Kind::kLight);
    event.on = *saved_;
    write(event);
  }
}

void MemberHistory::finish(const client::DocumentClient& copy) {
  if (!is_on()) {
    return;
  }
  advance(copy);
  checker::Event event = make(checker::Kind::kFinal);
  event.rev = copy.revision().value();
  event.hash = to_hash(copy.resume_hash());
  event.state = state_of(copy);
  event.on = copy.saved();
  write(event);
}

}  // namespace cloudsync::loadtest
