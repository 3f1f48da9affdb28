// What a peer sends, from Engine.IO packets to the messages for the handler; and the brake on it.

#include "gateway/session.h"

#include <algorithm>
#include <utility>

namespace cloudsync::gateway {

namespace engineio = codec::engineio;

namespace {

/// Packets of one session that are handled in a turn of the loop if more are waiting: a POST can
/// have half a million, and other peers are served between the turns. Fewer, and the turn itself
/// would be what they cost.
constexpr std::size_t kPacketsPerTurn = 256;

/// The part of limits.send_queue_bytes above which a peer's further messages wait: room for the
/// answers that are under way then, two large ones, and for what others say meanwhile.
constexpr std::size_t kHeldQueueFraction = 4;

}  // namespace

void Session::handle_engine_packet(const engineio::Packet& packet) {
  switch (packet.type) {
    case engineio::PacketType::kMessage:
      handler_->on_message(packet.binary, packet.data);
      break;
    case engineio::PacketType::kPong:
      if (std::exchange(pong_awaited_, false)) {
        heartbeat_ = environment_.next_ping();
      }
      break;
    case engineio::PacketType::kPing:
      refuse("ping_from_client", "parse error");  // pings go from server to client since v4
      break;
    case engineio::PacketType::kClose:
      close("transport close");
      break;
    case engineio::PacketType::kOpen:
    case engineio::PacketType::kUpgrade:
    case engineio::PacketType::kNoop:
      break;  // ignored on an established session, as the stock server does
  }
}

// Of a WebSocket: messages keep their order; the engine's own packets (a pong, a close) do not wait
// with them.
void Session::take_message(bool binary, std::string_view bytes) {
  if (!has_input() && !must_wait()) {
    handler_->on_message(binary, bytes);
    return;
  }
  make_backlog().waiting.push_back({.binary = binary, .bytes = std::string(bytes)});
}

// Whether the peer has too many requests under way, or a WebSocket too much to take of what it was
// sent; then it is not read until there is less. So a peer that asks for much at once, and reads,
// gets all of it, where its answers would be too much for its queue. A client that polls may wait
// for the answer to its POST before it takes anything: it is not held for what is queued.
bool Session::must_wait() {
  const bool full = requests() != nullptr && requests()->wait_if_full();
  const bool behind = websocket_ != nullptr &&
                      queued_bytes() > environment_.limits.send_queue_bytes / kHeldQueueFraction;
  if (!full && !behind) {
    return false;
  }
  if (!std::exchange(input_held_, true)) {
    environment_.requests_limit.add();
    expect_ping_soon();
    if (websocket_ != nullptr) {
      websocket_->hold_input(true);
    }
  }
  return true;
}

void Session::release_input() {
  if (websocket_ != nullptr) {
    websocket_->hold_input(false);
  }
  // The pong may have been waiting behind the requests: that they came and were answered will do.
  if (std::exchange(input_held_, false) && std::exchange(pong_awaited_, false)) {
    expect_ping_soon();
  }
}

void Session::continue_input() {
  if (std::exchange(continuing_, true)) {
    return;  // the answer to a POST let the next one in: it is handled below
  }
  std::size_t handled = 0;
  while (!closed_ && has_input() && handled < kPacketsPerTurn && handle_next()) {
    ++handled;
  }
  continuing_ = false;
  if (closed_) {
    return;
  }
  if (!has_input()) {
    release_input();
  } else if (handled == kPacketsPerTurn) {
    environment_.call_later(identity_.id, &Session::continue_input);
  }
}

// A POST came before what the WebSocket brought that took over from polling.
bool Session::handle_next() {
  return polling() != nullptr && polling()->post != nullptr ? read_post() : handle_waiting();
}

bool Session::handle_waiting() {
  if (must_wait()) {
    return false;
  }
  const Message message = std::move(backlog()->waiting.front());
  backlog()->waiting.pop_front();
  handler_->on_message(message.binary, message.bytes);
  return true;
}

}  // namespace cloudsync::gateway
