#include "loadtest/shared_document.h"

namespace cloudsync::loadtest {

void SharedDocument::on_submitted(const ClientId& client, ClientSeq seq, EditTimes times) {
  if (announce_) {
    announce_(client, seq, times);
  }
  if (members_ > 1) {
    on_their_way_.try_emplace({client, seq}, OnItsWay{std::move(times), members_ - 1});
  }
}

void SharedDocument::on_announced(const ClientId& client, ClientSeq seq, EditTimes times) {
  const auto arrived = arrived_.extract({client, seq});
  const std::size_t count = arrived.empty() ? 0 : arrived.mapped().size();
  for (std::size_t i = 0; i < count; ++i) {
    const Arrival& arrival = arrived.mapped()[i];
    for (const TimePoint scheduled : times) {
      arrival.latency->record(scheduled, arrival.time);
    }
  }
  if (count < members_) {
    on_their_way_.try_emplace({client, seq}, OnItsWay{std::move(times), members_ - count});
  }
}

void SharedDocument::on_applied(const client::CommittedOp& op,
                                const ClientId& member,
                                TimePoint now,
                                Latency& latency) {
  if (op.client == member) {
    return;
  }
  const auto found = on_their_way_.find({op.client, op.seq});
  if (found == on_their_way_.end()) {
    if (announce_) {
      arrived_[{op.client, op.seq}].push_back({now, &latency});
    }
    return;
  }
  for (const TimePoint scheduled : found->second.times) {
    latency.record(scheduled, now);
  }
  if (--found->second.missing == 0) {
    on_their_way_.erase(found);
  }
}

std::shared_ptr<const client::OpsBatch> SharedDocument::find_frame(std::string_view text) const {
  return text == frame_text_ ? frame_ : nullptr;
}

void SharedDocument::keep_frame(std::string_view text,
                                std::shared_ptr<const client::OpsBatch> batch) {
  frame_text_ = text;
  frame_ = std::move(batch);
}

SharedContent SharedDocument::find_snapshot(const JsonValue& snapshot) const {
  return snapshot == snapshot_.json ? snapshot_.content : nullptr;
}

SharedContent SharedDocument::keep_snapshot(JsonValue snapshot, const ot::Document& content) {
  snapshot_ = {std::move(snapshot), std::make_shared<const ot::Document>(content)};
  return snapshot_.content;
}

SharedContent SharedDocument::find_applied(const SharedContent& before,
                                           const client::OpsBatch& batch) const {
  return before == applied_.before && &batch == applied_.batch.get() ? applied_.after : nullptr;
}

SharedContent SharedDocument::keep_applied(SharedContent before,
                                           std::shared_ptr<const client::OpsBatch> batch,
                                           const ot::Document& after) {
  applied_ = {std::move(before), std::move(batch), std::make_shared<const ot::Document>(after)};
  return applied_.after;
}

}  // namespace cloudsync::loadtest
