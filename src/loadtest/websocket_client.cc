#include "loadtest/websocket_client.h"

#include "base/bytes.h"
#include "codec/websocket/handshake.h"

#include <cstring>

namespace cloudsync::loadtest {
namespace {

using codec::websocket::Opcode;

// A document of 16 MiB comes by HTTP; what a WebSocket brings is at most a catch-up.
const codec::websocket::FrameLimits kFrameLimits{.message_bytes = 4U * 1024 * 1024,
                                                 .fragments = 4'096};

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

WebSocketClient::WebSocketClient(runtime::Loop& loop,
                                 WebSocketEvents& events,
                                 std::mt19937_64& random)
    : loop_(loop),
      events_(events),
      random_(random),
      frames_(codec::websocket::Role::kClient, kFrameLimits) {}

WebSocketClient::~WebSocketClient() = default;

void WebSocketClient::open(const Target& target,
                           const std::optional<runtime::Endpoint>& source,
                           std::string_view path) {
  CS_ASSERT(state_ == State::kClosed, "a client is opened when closed");
  state_ = State::kUpgrading;
  reason_.clear();
  frames_ = codec::websocket::FrameParser(codec::websocket::Role::kClient, kFrameLimits);
  upgrade_ =
      std::make_unique<Upgrade>(Upgrade{random_bytes<16>(random_), codec::http1::ResponseParser()});
  const codec::websocket::ClientHandshake handshake{
      target.host, std::string(path), upgrade_->nonce, {}};
  auto connected = [this, request = share(codec::websocket::client_request(handshake))](
                       const Result<runtime::SocketId>& socket) { on_connected(socket, request); };
  socket_ = source ? loop_.connect_from(*source, target.endpoint, *this, std::move(connected))
                   : loop_.connect(target.endpoint, *this, std::move(connected));
}

void WebSocketClient::on_connected(const Result<runtime::SocketId>& socket,
                                   const SharedBytes& request) {
  if (socket) {
    loop_.send(*socket, request);
    return;
  }
  if (reason_.empty()) {
    reason_ = "connect_failed";
  }
  end();
}

void WebSocketClient::abort(std::string_view reason) {
  if (!reason_.empty() || state_ == State::kClosed) {
    return;
  }
  reason_ = reason;
  loop_.close(socket_, runtime::CloseMode::kAbort);
}

void WebSocketClient::end() {
  socket_ = {};
  upgrade_.reset();
  state_ = State::kClosed;
  const std::string reason = std::exchange(reason_, {});
  events_.on_disconnected(reason);
}

void WebSocketClient::limit_reading(double bytes_per_second) {
  read_rate_ = bytes_per_second;
  if (read_rate_ <= 0) {
    loop_.resume_reading(socket_);
  }
}

void WebSocketClient::send_text(std::string_view text) {
  if (state_ == State::kOpen) {
    send_frame(Opcode::kText, text);
  }
}

void WebSocketClient::send_frame(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + codec::websocket::kFrameHeaderMax);
  codec::websocket::append_masked_frame(frame, opcode, payload, random_bytes<4>(random_));
  loop_.send(socket_, share(std::move(frame)));
}

void WebSocketClient::on_data(runtime::SocketId, std::span<std::uint8_t> bytes) {
  if (state_ == State::kUpgrading && !finish_upgrade(bytes)) {
    return;
  }
  const std::size_t size = bytes.size();
  if (const auto error = frames_.feed(bytes, *this)) {
    abort("bad_frame");
  }
  if (read_rate_ > 0) {
    loop_.pause_reading(socket_);
    const std::chrono::duration<double> pause(static_cast<double>(size) / read_rate_);
    loop_.run_after(std::chrono::duration_cast<Duration>(pause),
                    [this, socket = socket_] { loop_.resume_reading(socket); });
  }
}

/// True once the upgrade is done; `bytes` is then what follows it.
bool WebSocketClient::finish_upgrade(std::span<std::uint8_t>& bytes) {
  const auto result = upgrade_->parser.feed(bytes);
  if (result.status == codec::http1::ParseStatus::kNeedMore) {
    return false;
  }
  if (result.status != codec::http1::ParseStatus::kComplete) {
    abort("bad_response");
    return false;
  }
  const auto response = upgrade_->parser.take_response();
  if (!codec::websocket::check_response(response, upgrade_->nonce)) {
    abort("http_" + std::to_string(response.status));
    return false;
  }
  state_ = State::kOpen;
  upgrade_.reset();
  loop_.pin(socket_);
  bytes = bytes.subspan(result.consumed);
  events_.on_open();
  return reason_.empty();
}

void WebSocketClient::on_closed(runtime::SocketId, runtime::CloseCause cause) {
  if (reason_.empty()) {
    reason_ = cause == runtime::CloseCause::kPeer ? "server_ended" : "reset";
  }
  end();
}

bool WebSocketClient::on_message(Opcode opcode, std::span<const std::uint8_t> payload) {
  if (opcode == Opcode::kText) {
    events_.on_text(as_text(payload));
  } else {
    events_.on_binary(as_text(payload));
  }
  return reason_.empty();
}

bool WebSocketClient::on_ping(std::span<const std::uint8_t> payload) {
  send_frame(Opcode::kPong, as_text(payload));
  return true;
}

void WebSocketClient::on_close(std::uint16_t code, std::string_view) {
  abort("ws_close_" + std::to_string(code));
}

}  // namespace cloudsync::loadtest
