#include "client/document_client.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace cloudsync::client {

DocumentClient::DocumentClient(ot::Type type, ClientId self, ClientSeq last_seq)
    : type_(type), self_(std::move(self)), seq_(last_seq), document_(ot::make_document(type)) {}

DocumentClient::DocumentClient(ClientId self, Journal journal)
    : type_(ot::type_of(journal.document)),
      self_(std::move(self)),
      seq_(journal.seq),
      has_content_(true),
      document_(std::move(journal.document)),
      revision_(journal.revision),
      hash_(std::move(journal.hash)),
      pending_(std::move(journal.pending)),
      head_(revision_) {
  if (journal.in_flight) {
    in_flight_ = InFlight{*std::move(journal.in_flight)};
  }
}

// --- joining ---

void DocumentClient::reset() {
  in_flight_.reset();
  pending_.reset();
  early_.clear();
  early_count_ = 0;
  presence_.clear();
  selection_.reset();
  presence_due_ = false;
  refusal_.reset();
}

Result<void> DocumentClient::on_join_snapshot(Revision revision,
                                              std::string hash,
                                              const JsonValue& content) {
  auto document = ot::parse_document(type_, content);
  if (!document) {
    return stop(std::move(document).error());
  }
  on_join_document(revision, std::move(hash), *std::move(document));
  return {};
}

void DocumentClient::on_join_document(Revision revision, std::string hash, ot::Document document) {
  CS_ASSERT(ot::type_of(document) == type_, "a copy keeps its type");
  reset();
  document_ = std::move(document);
  has_content_ = true;
  revision_ = revision;
  head_ = revision;
  hash_ = std::move(hash);
  status_ = Status::kLive;
}

Result<void> DocumentClient::on_join_ops(const OpsBatch& batch,
                                         Revision head,
                                         const std::string& head_hash) {
  CS_ASSERT(can_resume(), "operations answer a resume only");
  status_ = Status::kLive;
  head_ = std::max(head_, head);
  presence_.clear();  // the server sends no withdrawals for what happened meanwhile
  CS_TRY(on_ops(batch));
  if (revision_ == head) {
    hash_ = head_hash;
  }
  resend();
  return {};
}

void DocumentClient::on_disconnect() {
  if (status_ == Status::kLive) {
    status_ = Status::kOffline;
  }
}

// --- editing ---

Result<void> DocumentClient::edit(const ot::Operation& op) {
  if (!can_resume()) {
    return fail(ErrorCode::kUnavailable, "there is no copy to edit");
  }
  if (ot::is_noop(op)) {
    return {};
  }
  CS_TRY(ot::apply(document_, op));
  presence_.transform(op, nullptr);
  if (selection_) {
    selection_ = ot::transform_range(*selection_, op, true);
    presence_due_ = true;
  }
  pending_ = pending_ ? ot::compose(*pending_, op) : op;
  if (ot::is_noop(*pending_)) {
    pending_.reset();
  }
  return {};
}

std::optional<OutgoingSubmission> DocumentClient::take_submission() {
  if (status_ != Status::kLive) {
    return std::nullopt;
  }
  if (!in_flight_) {
    if (!pending_) {
      return std::nullopt;
    }
    seq_ = ClientSeq(seq_.value() + 1);
    in_flight_ = InFlight{
        {.sent = {.revision = revision_, .seq = seq_, .op = *pending_}, .op = std::move(*pending_)},
        true};
    pending_.reset();
  }
  if (!in_flight_->to_send) {
    return std::nullopt;
  }
  in_flight_->to_send = false;
  return in_flight_->sent;
}

std::optional<Journal> DocumentClient::journal() const {
  if (!has_content_) {
    return std::nullopt;
  }
  return Journal{
      .revision = revision_,
      .hash = hash_,
      .document = document_,
      .seq = seq_,
      .in_flight = in_flight_ ? std::optional<Journal::InFlight>(*in_flight_) : std::nullopt,
      .pending = pending_};
}

void DocumentClient::resend() {
  if (in_flight_) {
    in_flight_->to_send = true;
  }
}

// --- receiving ---

Result<void> DocumentClient::on_ops(const OpsBatch& batch) {
  if (!can_resume() || batch.ops.empty()) {
    return {};
  }
  head_ = std::max(head_, batch.last());
  if (batch.first > next(revision_)) {
    keep_early(batch);
    return {};
  }
  CS_TRY(advance(batch));
  return take_early();
}

void DocumentClient::on_applied_ops(const OpsBatch& batch, const ot::Document& after) {
  CS_ASSERT(status_ == Status::kLive && saved() && head_ == revision_ &&
                batch.first == next(revision_) && !batch.ops.empty(),
            "content is taken over where nothing else would be done");
  document_ = after;
  for (const CommittedOp& committed : batch.ops) {
    revision_ = next(revision_);
    presence_.transform(committed.op, &committed.client);
    presence_.on_revision(revision_, {});
    if (selection_) {
      selection_ = ot::transform_range(*selection_, committed.op, false);
    }
  }
  head_ = revision_;
  hash_ = batch.hash;
}

// Applies the part of a batch that is not known yet; batch.first is at most revision_ + 1.
Result<void> DocumentClient::advance(const OpsBatch& batch) {
  if (batch.last() <= revision_) {
    return {};
  }
  const std::size_t known = next(revision_).value() - batch.first.value();
  for (std::size_t i = known; i < batch.ops.size(); ++i) {
    CS_TRY(receive(batch.ops[i]));
    revision_ = next(revision_);
    presence_.on_revision(revision_, unacknowledged());
  }
  hash_ = batch.hash;
  return {};
}

bool DocumentClient::is_acknowledgement(const CommittedOp& committed) const {
  return in_flight_ && committed.client == self_ && committed.seq == in_flight_->sent.seq;
}

Result<void> DocumentClient::receive(const CommittedOp& committed) {
  if (is_acknowledgement(committed)) {
    in_flight_.reset();
    return {};
  }
  ot::Operation op = committed.op;
  for (ot::Operation* own :
       {in_flight_ ? &in_flight_->op : nullptr, pending_ ? &*pending_ : nullptr}) {
    if (own != nullptr) {
      ot::Operation rebased = ot::transform(*own, op, ot::Side::kLeft);
      op = ot::transform(op, *own, ot::Side::kRight);
      *own = std::move(rebased);
    }
  }
  if (pending_ && ot::is_noop(*pending_)) {
    pending_.reset();  // another client did the same; there is nothing left to say
  }
  if (auto applied = ot::apply(document_, op); !applied) {
    return stop({.code = ErrorCode::kInternal, .message = "a committed operation does not fit"});
  }
  presence_.transform(op, &committed.client);
  if (selection_) {
    selection_ = ot::transform_range(*selection_, op, false);
  }
  return {};
}

void DocumentClient::keep_early(const OpsBatch& batch) {
  if (early_count_ + batch.ops.size() > kEarlyOpsMax) {
    return;
  }
  const auto known = early_.find(batch.first);
  if (known != early_.end()) {
    if (known->second.ops.size() >= batch.ops.size()) {
      return;
    }
    early_count_ -= known->second.ops.size();
  }
  early_count_ += batch.ops.size();
  early_.insert_or_assign(batch.first, batch);
}

Result<void> DocumentClient::take_early() {
  while (!early_.empty() && early_.begin()->first <= next(revision_)) {
    const OpsBatch batch = std::move(early_.begin()->second);
    early_.erase(early_.begin());
    early_count_ -= batch.ops.size();
    CS_TRY(advance(batch));
  }
  return {};
}

std::optional<FetchRange> DocumentClient::gap() const {
  if (status_ != Status::kLive || head_ == revision_) {
    return std::nullopt;
  }
  const Revision to = early_.empty() ? head_ : Revision(early_.begin()->first.value() - 1);
  return FetchRange{.from = next(revision_), .to = to};
}

void DocumentClient::on_ack(ClientSeq seq, Revision revision) {
  if (in_flight_ && in_flight_->sent.seq == seq) {
    // The frame that holds `revision` comes before its ack, so it was lost or is being fetched.
    head_ = std::max(head_, revision);
  }
}

void DocumentClient::on_refused(ClientSeq seq, const Error& error) {
  if (!in_flight_ || in_flight_->sent.seq != seq) {
    return;
  }
  switch (error.code) {
    case ErrorCode::kOverloaded:
    case ErrorCode::kUnavailable:
    case ErrorCode::kRateLimited:
      resend();
      return;
    case ErrorCode::kNotJoined:
      resend();
      on_disconnect();
      return;
    default:
      (void)stop(error);
  }
}

Result<void> DocumentClient::stop(Error error) {
  status_ = Status::kStopped;
  refusal_ = error;
  return fail(std::move(error));
}

// --- presence ---

std::vector<const ot::Operation*> DocumentClient::unacknowledged() const {
  std::vector<const ot::Operation*> ops;
  if (in_flight_) {
    ops.push_back(&in_flight_->op);
  }
  if (pending_) {
    ops.push_back(&*pending_);
  }
  return ops;
}

void DocumentClient::on_presence(const ClientId& client,
                                 Revision revision,
                                 std::optional<ot::Range> selection) {
  if (client != self_) {
    presence_.on_presence(client, revision, std::move(selection), revision_, unacknowledged());
  }
}

void DocumentClient::select(ot::Range selection) {
  selection_ = std::move(selection);
  presence_due_ = true;
}

std::optional<ot::Range> DocumentClient::take_presence() {
  if (status_ != Status::kLive || !presence_due_ || !saved()) {
    return std::nullopt;
  }
  presence_due_ = false;
  return selection_;
}

}  // namespace cloudsync::client
