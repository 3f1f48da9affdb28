// What a session does as time goes by: heartbeat, deadlines, and what is not needed any more.

#include "gateway/session.h"

#include <algorithm>
#include <utility>

namespace cloudsync::gateway {

namespace {

/// How late a ping may go out and still count from when it was due: the sweep's interval and some.
/// Beyond it the loop itself stood still, which is not the peers' fault.
constexpr std::chrono::milliseconds kLatePingMax{150};

}  // namespace

TimePoint SessionEnvironment::next_ping() const {
  const TimePoint latest = loop.now() + limits.ping_interval;
  return latest - (latest - pings_from) % ping_grain(limits);
}

TimePoint Session::tick(TimePoint now) {
  const bool queued = queued_bytes() > 0;  // a ping that leaves now is none to watch: kWatchedSend
  if (polling() != nullptr && now >= polling()->upgrade_deadline) {
    environment_.metrics.limit("handshake_timeout").add();
    abort_upgrade(codec::websocket::kCloseNoStatus);
  }
  TimePoint handler_due = kNever;
  if (closed_) {
    if (polling() != nullptr && now >= polling()->linger_deadline) {
      retire();
    }
  } else if (pong_awaited_ && now >= heartbeat_ && !input_held_) {
    environment_.metrics.limit("ping_timeout").add();
    refuse("ping_timeout", "ping timeout");
  } else if (stalled(now)) {
    environment_.stalled_limit.add();
    refuse("send_queue_timeout", "transport error", kCloseSlowConsumer);
  } else {
    ping_if_due(now);
    // While an upgrade is probed every held GET is freed, not just the first: else a client that
    // polls again before it pauses would wait for the next ping.
    if (upgrading() && polling()->candidate_probed) {
      free_poll();
    }
    if (Rest* rest = rest_.get()) {
      rest->drop_unused(transport_);
      rest_.drop_if_empty();
    }
    if (input_held_) {
      environment_.call_later(identity_.id, &Session::continue_input);  // less may be queued now
    }
    handler_->on_tick(now);
    handler_due = handler_->next_tick();
  }
  return std::min(handler_due, next_tick(now, queued));
}

TimePoint Session::next_tick(TimePoint now, bool queued) const {
  if (closed_) {
    return polling() == nullptr ? kNever
                                : std::min(polling()->upgrade_deadline, polling()->linger_deadline);
  }
  // What moves by itself, without a call.
  if (upgrading() || requests() != nullptr || input_held_ || queued) {
    return now;
  }
  return heartbeat_;
}

void Session::ping_if_due(TimePoint now) {
  const bool pong_held = input_held_ && websocket_ != nullptr;
  if ((pong_awaited_ && !pong_held) || now < heartbeat_) {
    return;
  }
  const TimePoint since = now - heartbeat_ <= kLatePingMax ? heartbeat_ : now;
  heartbeat_ = since + environment_.limits.ping_timeout;
  pong_awaited_ = true;
  if (pong_held) {
    expect_ping_soon();
  }
  pong_extended_ = false;
  send(environment_.ping);
}

// A client gives up without a ping in time, whatever else it gets, and who is held gets pings late.
void Session::expect_ping_soon() {
  heartbeat_ = std::min(heartbeat_, environment_.next_ping());
}

bool Session::stalled(TimePoint now) {
  if (websocket_ == nullptr) {
    return false;
  }
  if (websocket_->queued_bytes() == 0) {
    if (backlog() != nullptr) {
      backlog()->queue_seen = false;
    }
    return false;
  }
  Backlog& seen = make_backlog();
  const std::uint64_t sent = websocket_->sent_bytes();
  const bool was_queued = std::exchange(seen.queue_seen, true);
  if (sent != seen.sent_seen || !was_queued) {
    seen.sent_seen = sent;
    seen.queue_moved_at = now;
  }
  return now - seen.queue_moved_at >= environment_.limits.send_queue_timeout;
}

void Session::note_life() {
  if (pong_awaited_ && !std::exchange(pong_extended_, true)) {
    heartbeat_ = environment_.loop.now() + environment_.limits.ping_timeout;
  }
}

void Session::Rest::drop_unused(Transport transport) {
  if (requests.use_count() == 1) {
    requests.reset();  // all are finished
  }
  if (backlog != nullptr && backlog->empty()) {
    backlog.reset();
  }
  if (transport == Transport::kWebSocket && polling != nullptr && polling->unused()) {
    polling.reset();
  }
}

}  // namespace cloudsync::gateway
