#include "loadtest/socket_io_client.h"

#include "codec/engineio/packet.h"

#include <utility>

namespace cloudsync::loadtest {
namespace {

const codec::socketio::DecoderLimits kDecoderLimits;

}  // namespace

SocketIoClient::SocketIoClient(runtime::Loop& loop, SocketIoEvents& events, std::mt19937_64& random)
    : events_(events),
      socket_(loop, *this, random),
      decoder_(codec::socketio::Role::kClient, kDecoderLimits) {}

void SocketIoClient::open(const Target& target,
                          const std::optional<runtime::Endpoint>& source,
                          std::string auth_json) {
  CS_ASSERT(state_ == State::kClosed, "a client is opened when closed");
  state_ = State::kOpening;
  auth_json_ = std::move(auth_json);
  decoder_ = codec::socketio::Decoder(codec::socketio::Role::kClient, kDecoderLimits);
  socket_.open(target, source, "/socket.io/?EIO=4&transport=websocket");
}

void SocketIoClient::emit(std::string_view name,
                          std::string_view json,
                          std::optional<std::uint64_t> ack_id) {
  std::string text(1, static_cast<char>(codec::engineio::PacketType::kMessage));
  codec::socketio::append_event(text, "/", name, std::span(&json, 1), ack_id);
  socket_.send_text(text);
}

void SocketIoClient::on_disconnected(std::string_view reason) {
  state_ = State::kClosed;
  events_.on_disconnected(reason);
}

void SocketIoClient::on_binary(std::string_view bytes) {
  const auto packet = decoder_.decode_binary(bytes);
  if (!packet) {
    socket_.abort("bad_packet");
  } else if (packet->has_value()) {
    on_packet(**packet, {});
  }
}

void SocketIoClient::on_text(std::string_view text) {
  const auto packet = codec::engineio::decode_text(text);
  if (!packet) {
    socket_.abort("bad_packet");
    return;
  }
  switch (packet->type) {
    case codec::engineio::PacketType::kOpen:
      connect_namespace();
      return;
    case codec::engineio::PacketType::kPing:
      socket_.send_text("3");
      return;
    case codec::engineio::PacketType::kMessage:
      on_socket_packet(packet->data);
      return;
    case codec::engineio::PacketType::kClose:
      socket_.abort("engine_closed");
      return;
    case codec::engineio::PacketType::kPong:
    case codec::engineio::PacketType::kUpgrade:
    case codec::engineio::PacketType::kNoop:
      return;
  }
}

void SocketIoClient::connect_namespace() {
  if (state_ != State::kOpening) {
    socket_.abort("bad_packet");
    return;
  }
  state_ = State::kConnecting;
  std::string connect(1, static_cast<char>(codec::engineio::PacketType::kMessage));
  codec::socketio::append_connect(connect, "/", std::exchange(auth_json_, {}));
  socket_.send_text(connect);
}

void SocketIoClient::on_socket_packet(std::string_view text) {
  if (state_ == State::kReady && events_.try_packet(text)) {
    return;
  }
  const auto packet = decoder_.decode_text(text);
  if (!packet) {
    socket_.abort("bad_packet");
  } else if (packet->has_value()) {
    on_packet(**packet, text);
  }
}

void SocketIoClient::on_packet(const codec::socketio::Packet& packet, std::string_view text) {
  using codec::socketio::PacketType;
  if (packet.type == PacketType::kConnectError) {
    socket_.abort("connect_error");
    return;
  }
  if (packet.type == PacketType::kDisconnect) {
    socket_.abort("disconnected");
    return;
  }
  if (packet.type == PacketType::kConnect && state_ == State::kConnecting) {
    state_ = State::kReady;
    events_.on_ready();
    return;
  }
  if (packet.type == PacketType::kConnect || state_ != State::kReady || !packet.data.is_array()) {
    socket_.abort("bad_packet");
    return;
  }
  const JsonArray& array = packet.data.get_array();
  if (packet.is_ack() && packet.id) {
    events_.on_ack(*packet.id, array);
  } else if (const auto name = codec::socketio::event_name(packet)) {
    events_.on_event(*name, array, text);
  }
}

}  // namespace cloudsync::loadtest
