// What a member learns of its document: content, operations, what was missed.

#include "loadtest/member.h"
#include "loadtest/reply.h"

namespace cloudsync::loadtest {

Result<void> Member::take_content(const JsonObject& reply) {
  const auto head = find_unsigned(reply, "revision");
  if (!head) {
    return fail(ErrorCode::kBadRequest, "join reply without a revision");
  }
  const std::string hash = text_or_empty(reply, "hash");
  if (const JsonValue* snapshot = reply.if_contains("snapshot")) {
    return take_snapshot(Revision(*head), hash, *snapshot);
  }
  const JsonValue* ops = reply.if_contains("ops");
  if (ops == nullptr || !ops->is_array()) {
    return fail(ErrorCode::kBadRequest, "join reply without content");
  }
  const Revision first = next(copy_->resume_revision());
  auto batch = client::parse_catch_up(context_.options.type, first, ops->get_array());
  if (!batch) {
    return fail(batch.error());
  }
  measure(*batch);
  history_.resumed(copy_->resume_revision(), copy_->resume_hash());
  history_.received(*batch);
  content_.reset();
  CS_TRY(copy_->on_join_ops(*batch, Revision(*head), hash));
  // An operation that is there, but whose answer was lost, is acknowledged by now.
  const std::uint64_t last = copy_->last_seq().value();
  measure_acks(ClientSeq(copy_->in_flight() ? last - 1 : last));
  history_.advance(*copy_);
  return {};
}

Result<void> Member::take_snapshot(Revision revision, std::string hash, const JsonValue& snapshot) {
  content_ = document_.find_snapshot(snapshot);
  if (content_ != nullptr) {
    copy_->on_join_document(revision, std::move(hash), *content_);
  } else {
    CS_TRY(copy_->on_join_snapshot(revision, std::move(hash), snapshot));
    content_ = document_.keep_snapshot(snapshot, copy_->document());
  }
  unsent_.clear();  // with what was unsaved
  unacked_.clear();
  history_.opened(*copy_);
  return {};
}

void Member::load_snapshot(const JsonObject& reply) {
  HttpRequest get{document_.target(), "GET", text_or_empty(reply, "snapshotUrl"), {}};
  const Revision revision(find_unsigned(reply, "revision").value_or(0));
  context_.http.call(std::move(get),
                     [this, attempt = attempt_, revision, hash = text_or_empty(reply, "hash")](
                         Result<codec::http1::Response> response) {
                       if (attempt != attempt_ || state_ != State::kJoining) {
                         return;  // disconnected meanwhile
                       }
                       if (!response || response->status != 200) {
                         fail_with("snapshot_download");
                         return;
                       }
                       const auto content = parse_json(response->body);
                       if (!content || !take_snapshot(revision, hash, *content)) {
                         fail_with("bad_snapshot");
                         return;
                       }
                       on_joined();
                     });
}

void Member::on_ops_event(const JsonObject& message, std::string_view text) {
  auto parsed = client::parse_ops(context_.options.type, message);
  if (!parsed) {
    fail_with("bad_ops");
    return;
  }
  if (!text.empty()) {
    ++context_.measurements.frames;
  }
  const auto batch = std::make_shared<const client::OpsBatch>(*std::move(parsed));
  if (state_ == State::kJoining) {
    early_.push_back(batch);
    return;
  }
  if (!text.empty()) {
    document_.keep_frame(text, batch);
  }
  receive(batch);
}

void Member::receive(const Batch& batch) {
  measure(*batch);
  history_.received(*batch);
  if (const auto done = apply(batch); !done) {
    fail_with("diverged");
    return;
  }
  history_.advance(*copy_);
  fetch_gap();
  submit();
}

/// By itself only what no member with the same content has applied yet.
Result<void> Member::apply(const Batch& batch) {
  const bool whole = content_ != nullptr && copy_->saved() && !copy_->gap() &&
                     copy_->status() == client::Status::kLive && !batch->ops.empty() &&
                     batch->first == next(copy_->revision());
  if (!whole) {
    if (batch->last() > copy_->revision()) {
      content_.reset();
    }
    return copy_->on_ops(*batch);
  }
  if (auto after = document_.find_applied(content_, *batch)) {
    copy_->on_applied_ops(*batch, *after);
    content_ = std::move(after);
    return {};
  }
  CS_TRY(copy_->on_ops(*batch));
  content_ = document_.keep_applied(std::move(content_), batch, copy_->document());
  return {};
}

/// Counts the operations of `batch` that are new here.
void Member::measure(const client::OpsBatch& batch) {
  const TimePoint now = precise_now();
  Measurements& measurements = context_.measurements;
  for (std::size_t i = 0; i < batch.ops.size(); ++i) {
    if (Revision(batch.first.value() + i) > copy_->revision()) {
      ++measurements.operations;
      document_.on_applied(batch.ops[i],
                           copy_->self(),
                           now,
                           slow_ ? measurements.slow_delivery : measurements.delivery);
    }
  }
}

void Member::fetch_gap() {
  if (fetching_ || state_ != State::kJoined) {
    return;
  }
  if (const auto gap = copy_->gap()) {
    fetching_ = true;
    request("fetch-ops",
            JsonObject{{"documentId", document_.id().value()},
                       {"from", gap->from.value()},
                       {"to", gap->to.value()}},
            {PendingAck::Kind::kFetch, {}});
  }
}

}  // namespace cloudsync::loadtest
