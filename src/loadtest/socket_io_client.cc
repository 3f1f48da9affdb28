#include "loadtest/socket_io_client.h"

#include "codec/engineio/packet.h"
#include "codec/websocket/handshake.h"

#include <array>
#include <cstring>

namespace cloudsync::loadtest {
namespace {

using codec::websocket::Opcode;

// A document of 16 MiB comes by HTTP; what a WebSocket brings is at most a catch-up.
const codec::websocket::FrameLimits kFrameLimits{.message_bytes = 4U * 1024 * 1024,
                                                 .fragments = 4'096};
const codec::socketio::DecoderLimits kDecoderLimits;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Random is enough here: an unpredictable mask protects proxies, and a load test has none to
/// protect.
template <std::size_t kSize>
std::array<std::uint8_t, kSize> random_bytes(std::mt19937_64& random) {
  std::array<std::uint8_t, kSize> bytes{};
  for (std::size_t at = 0; at < kSize; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(bytes.data() + at, &word, std::min(sizeof word, kSize - at));
  }
  return bytes;
}

}  // namespace

struct SocketIoClient::Upgrade {
  std::array<std::uint8_t, 16> nonce;
  std::string auth_json;
  codec::http1::ResponseParser parser;
};

SocketIoClient::SocketIoClient(runtime::Loop& loop, SocketIoEvents& events, std::mt19937_64& random)
    : loop_(loop),
      events_(events),
      random_(random),
      frames_(codec::websocket::Role::kClient, kFrameLimits),
      decoder_(codec::socketio::Role::kClient, kDecoderLimits) {}

SocketIoClient::~SocketIoClient() = default;

void SocketIoClient::open(const Target& target,
                          const std::optional<runtime::Endpoint>& source,
                          std::string auth_json) {
  CS_ASSERT(state_ == State::kClosed, "a client is opened when closed");
  state_ = State::kUpgrading;
  reason_.clear();
  frames_ = codec::websocket::FrameParser(codec::websocket::Role::kClient, kFrameLimits);
  decoder_ = codec::socketio::Decoder(codec::socketio::Role::kClient, kDecoderLimits);
  upgrade_ = std::make_unique<Upgrade>(
      Upgrade{random_bytes<16>(random_), std::move(auth_json), codec::http1::ResponseParser()});
  const codec::websocket::ClientHandshake handshake{
      target.host, "/socket.io/?EIO=4&transport=websocket", upgrade_->nonce, {}};
  auto connected = [this, request = share(codec::websocket::client_request(handshake))](
                       Result<runtime::SocketId> socket) {
    if (!socket) {
      state_ = State::kClosed;
      events_.on_disconnected("connect_failed");
      return;
    }
    socket_ = *socket;
    loop_.send(*socket_, request);
  };
  if (source) {
    loop_.connect_from(*source, target.endpoint, *this, std::move(connected));
  } else {
    loop_.connect(target.endpoint, *this, std::move(connected));
  }
}

void SocketIoClient::close() {
  abort("closed");
}

void SocketIoClient::limit_reading(double bytes_per_second) {
  read_rate_ = bytes_per_second;
  if (read_rate_ <= 0 && socket_) {
    loop_.resume_reading(*socket_);
  }
}

void SocketIoClient::emit(std::string_view name,
                          std::string_view json,
                          std::optional<std::uint64_t> ack_id) {
  std::string text(1, static_cast<char>(codec::engineio::PacketType::kMessage));
  codec::socketio::append_event(text, "/", name, std::span(&json, 1), ack_id);
  send_text(text);
}

void SocketIoClient::on_data(runtime::SocketId, std::span<std::uint8_t> bytes) {
  if (state_ == State::kUpgrading && !finish_upgrade(bytes)) {
    return;
  }
  const std::size_t size = bytes.size();
  if (const auto error = frames_.feed(bytes, *this)) {
    abort("bad_frame");
  }
  if (read_rate_ > 0 && socket_) {
    loop_.pause_reading(*socket_);
    const std::chrono::duration<double> pause(static_cast<double>(size) / read_rate_);
    loop_.run_after(std::chrono::duration_cast<Duration>(pause),
                    [this, socket = *socket_] { loop_.resume_reading(socket); });
  }
}

/// True once the upgrade is done; `bytes` is then what follows it.
bool SocketIoClient::finish_upgrade(std::span<std::uint8_t>& bytes) {
  const auto result = upgrade_->parser.feed(bytes);
  if (result.status == codec::http1::ParseStatus::kNeedMore) {
    return false;
  }
  if (result.status != codec::http1::ParseStatus::kComplete) {
    return abort("bad_response");
  }
  const auto response = upgrade_->parser.take_response();
  if (!codec::websocket::check_response(response, upgrade_->nonce)) {
    return abort("http_" + std::to_string(response.status));
  }
  state_ = State::kOpening;
  bytes = bytes.subspan(result.consumed);
  return true;
}

void SocketIoClient::on_closed(runtime::SocketId, runtime::CloseCause cause) {
  socket_.reset();
  upgrade_.reset();
  state_ = State::kClosed;
  if (reason_.empty()) {
    reason_ = cause == runtime::CloseCause::kPeer ? "server_ended" : "reset";
  }
  const std::string reason = std::exchange(reason_, {});
  events_.on_disconnected(reason);
}

bool SocketIoClient::on_message(Opcode opcode, std::span<const std::uint8_t> payload) {
  if (opcode == Opcode::kText) {
    return on_engine_packet(text_of(payload));
  }
  auto packet = decoder_.decode_binary(text_of(payload));
  if (!packet) {
    return abort("bad_packet");
  }
  return !packet->has_value() || on_packet(**packet, {});
}

bool SocketIoClient::on_ping(std::span<const std::uint8_t> payload) {
  send_frame(Opcode::kPong, text_of(payload));
  return true;
}

void SocketIoClient::on_close(std::uint16_t code, std::string_view) {
  abort("ws_close_" + std::to_string(code));
}

bool SocketIoClient::on_engine_packet(std::string_view text) {
  const auto packet = codec::engineio::decode_text(text);
  if (!packet) {
    return abort("bad_packet");
  }
  switch (packet->type) {
    case codec::engineio::PacketType::kOpen: {
      if (state_ != State::kOpening) {
        return abort("bad_packet");
      }
      state_ = State::kConnecting;
      std::string connect(1, static_cast<char>(codec::engineio::PacketType::kMessage));
      codec::socketio::append_connect(connect, "/", upgrade_->auth_json);
      send_text(connect);
      return true;
    }
    case codec::engineio::PacketType::kPing:
      send_text("3");
      return true;
    case codec::engineio::PacketType::kMessage:
      return on_socket_packet(packet->data);
    case codec::engineio::PacketType::kClose:
      return abort("engine_closed");
    case codec::engineio::PacketType::kPong:
    case codec::engineio::PacketType::kUpgrade:
    case codec::engineio::PacketType::kNoop:
      return true;
  }
  return true;
}

bool SocketIoClient::on_socket_packet(std::string_view text) {
  if (state_ == State::kReady && events_.try_packet(text)) {
    return reason_.empty();
  }
  auto packet = decoder_.decode_text(text);
  if (!packet) {
    return abort("bad_packet");
  }
  return !packet->has_value() || on_packet(**packet, text);
}

bool SocketIoClient::on_packet(const codec::socketio::Packet& packet, std::string_view text) {
  using codec::socketio::PacketType;
  if (packet.type == PacketType::kConnectError) {
    return abort("connect_error");
  }
  if (packet.type == PacketType::kDisconnect) {
    return abort("disconnected");
  }
  if (packet.type == PacketType::kConnect) {
    if (state_ != State::kConnecting) {
      return abort("bad_packet");
    }
    state_ = State::kReady;
    upgrade_.reset();
    events_.on_ready();
    return true;
  }
  if (state_ != State::kReady || !packet.data.is_array()) {
    return abort("bad_packet");
  }
  const JsonArray& array = packet.data.get_array();
  if (packet.is_ack() && packet.id) {
    events_.on_ack(*packet.id, array);
  } else if (const auto name = codec::socketio::event_name(packet)) {
    events_.on_event(*name, array, text);
  }
  return reason_.empty();  // the owner may have closed
}

void SocketIoClient::send_text(std::string_view text) {
  send_frame(Opcode::kText, text);
}

void SocketIoClient::send_frame(Opcode opcode, std::string_view payload) {
  if (socket_) {
    std::string frame;
    frame.reserve(payload.size() + codec::websocket::kFrameHeaderMax);
    codec::websocket::append_masked_frame(frame, opcode, payload, random_bytes<4>(random_));
    loop_.send(*socket_, share(std::move(frame)));
  }
}

bool SocketIoClient::abort(std::string reason) {
  if (reason_.empty()) {
    reason_ = std::move(reason);
  }
  if (socket_) {
    loop_.close(*socket_, runtime::CloseMode::kAbort);
  }
  return false;
}

}  // namespace cloudsync::loadtest
