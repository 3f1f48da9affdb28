// What a peer sends, from Engine.IO packets to the application's events; and the brake on it.

#include "base/error_json.h"
#include "base/log.h"
#include "gateway/session.h"

#include <utility>

namespace cloudsync::gateway {

namespace engineio = codec::engineio;
namespace socketio = codec::socketio;

namespace {

/// Refused CONNECTs to other namespaces on one connection; each echoes the name back.
constexpr std::uint8_t kRefusedNamespacesMax = 10;

/// Packets of one session that are handled in a turn of the loop if more are waiting: a POST can
/// have half a million, and other peers are served between the turns. Fewer, and the turn itself
/// would be what they cost.
constexpr std::size_t kPacketsPerTurn = 256;

std::string error_json(const Error& error) {
  std::string json = "{";
  append_error_members(json, error);
  json += '}';
  return json;
}

}  // namespace

void Session::handle_engine_packet(const engineio::Packet& packet) {
  switch (packet.type) {
    case engineio::PacketType::kMessage:
      handle_message(packet.binary, packet.data);
      break;
    case engineio::PacketType::kPong:
      if (pong_deadline_) {
        pong_deadline_.reset();
        next_ping_ = environment_.loop.now() + environment_.limits.ping_interval;
      }
      break;
    case engineio::PacketType::kPing:
      close("parse error");  // pings go from server to client since v4
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
    handle_message(binary, bytes);
    return;
  }
  waiting_.push_back({.binary = binary, .bytes = std::string(bytes)});
}

// Whether the peer has too many requests under way; then it is not read until there are fewer.
bool Session::must_wait() {
  if (!requests_->wait_if_full()) {
    return false;
  }
  if (!std::exchange(input_held_, true)) {
    environment_.requests_limit.add();
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
  if (std::exchange(input_held_, false) && pong_deadline_) {
    // The pong may have been waiting behind the requests.
    pong_deadline_ = environment_.loop.now() + environment_.limits.ping_timeout;
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
  return post_ != nullptr ? read_post() : handle_waiting();
}

bool Session::handle_waiting() {
  if (must_wait()) {
    return false;
  }
  const Message message = std::move(waiting_.front());
  waiting_.pop_front();
  handle_message(message.binary, message.bytes);
  return true;
}

void Session::handle_message(bool binary, std::string_view bytes) {
  if (binary) {
    handle_binary(bytes);
  } else {
    handle_text(bytes);
  }
}

void Session::handle_text(std::string_view text) {
  auto packet = decoder_.decode_text(text);
  if (!packet) {
    log_info("packet_refused", {{"reason", packet.error().message}});
    close("parse error");
  } else if (*packet) {
    handle_packet(**std::move(packet));
  } else if (namespace_ != Namespace::kConnected) {
    close("parse error");  // attachments are not kept for somebody unknown
  } else {
    attachments_deadline_ = environment_.loop.now() + environment_.limits.handshake_timeout;
  }
}

void Session::handle_binary(std::string_view bytes) {
  auto packet = decoder_.decode_binary(bytes);
  if (!packet) {
    close("parse error");
  } else if (*packet) {
    attachments_deadline_.reset();
    handle_packet(**std::move(packet));
  }
}

void Session::handle_packet(socketio::Packet packet) {
  if (packet.type == socketio::PacketType::kConnect) {
    handle_connect(packet);
    return;
  }
  if (packet.nsp != "/" || namespace_ == Namespace::kNotJoined) {
    close("parse error");
  } else if (namespace_ == Namespace::kLeft) {
    // After a disconnect() of ours the client's packets may still be under way.
  } else if (packet.is_event()) {
    handle_event(std::move(packet));
  } else if (packet.type == socketio::PacketType::kDisconnect) {
    leave_namespace();
  }
  // An ACK answers nothing: this gateway sends no events that ask for one yet; unknown ids are
  // ignored.
}

void Session::handle_connect(const socketio::Packet& packet) {
  std::string answer;
  if (packet.nsp != "/") {
    if (++refused_namespaces_ > kRefusedNamespacesMax) {
      close("parse error");
      return;
    }
    socketio::append_connect_error(answer, packet.nsp, "Invalid namespace");
    send_message(answer);
    return;
  }
  if (namespace_ != Namespace::kNotJoined) {
    // One Socket.IO connection per session: its id is not used for a second one.
    close("parse error");
    return;
  }
  const auto accepted =
      environment_.application.on_connect(identity_.id, identity_.subject, packet.data);
  if (!accepted) {
    log_info("connect_refused", {{"code", error_name(accepted.error().code)}});
    socketio::append_connect_error(
        answer, "/", accepted.error().message, error_json(accepted.error()));
    send_message(answer);
    return;
  }
  namespace_ = Namespace::kConnected;
  connect_deadline_.reset();
  std::string sid = R"({"sid":)";
  append_json_string(sid, identity_.socket_sid);
  sid += '}';
  socketio::append_connect(answer, "/", sid);
  send_message(answer);
}

void Session::handle_event(socketio::Packet packet) {
  const auto name = socketio::event_name(packet);
  Event event;
  event.name = name ? std::string(*name) : std::string();
  event.ack = packet.id;
  event.had_lone_surrogates = packet.had_lone_surrogates;
  event.ticket = RequestsInFlight::begin(requests_);
  event.arguments = std::move(packet.data.get_array());
  event.arguments.erase(event.arguments.begin());
  environment_.application.on_event(identity_.id, std::move(event));
}

}  // namespace cloudsync::gateway
