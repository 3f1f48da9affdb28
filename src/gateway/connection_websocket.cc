// A connection as a WebSocket: frames in, frames out, compressed where that was agreed on.

#include "base/bytes.h"
#include "codec/websocket/frame.h"
#include "codec/websocket/handshake.h"
#include "gateway/connection.h"

#include <utility>

namespace cloudsync::gateway {

using codec::http1::Request;
using codec::websocket::Opcode;

namespace {

/// Pongs are dropped while this much is queued: a peer that pings without reading gets no memory.
constexpr std::size_t kPongQueueMax = 64 * 1024;

}  // namespace

class Connection::FrameReceiver final : public codec::websocket::FrameVisitor {
 public:
  explicit FrameReceiver(Connection& connection) : connection_(connection) {}

  bool on_message(Opcode opcode, std::span<const std::uint8_t> payload) override {
    connection_.deadline_ = kNever;
    ConnectionOwner& owner = connection_.environment_.owner;
    if (opcode == Opcode::kText) {
      owner.on_websocket_text(connection_, as_text(payload));
    } else {
      owner.on_websocket_binary(connection_, as_text(payload));
    }
    return !connection_.ended_;
  }

  bool on_ping(std::span<const std::uint8_t> payload) override {
    if (connection_.queued_bytes() < kPongQueueMax) {
      std::string frame;
      codec::websocket::append_frame(frame, Opcode::kPong, as_text(payload));
      connection_.environment_.loop.send(connection_.socket_, share(std::move(frame)));
    }
    return true;
  }

  bool on_pong(std::span<const std::uint8_t>) override { return true; }

  void on_close(std::uint16_t code, std::string_view) override { connection_.close(code); }

 private:
  Connection& connection_;
};

void Connection::accept_websocket(const Request& request) {
  busy_ = false;
  http_->response_headers.clear();
  deadline_ = kNever;
  std::optional<codec::websocket::DeflateAgreement> deflate;
  auto& compression = environment_.compression;
  if (compression) {
    const auto offers = codec::websocket::parse_extensions(request.headers);
    deflate = offers ? codec::websocket::accept_deflate(*offers) : std::nullopt;
  }
  if (deflate) {
    deflate_window_bits_ = static_cast<std::uint8_t>(deflate->server_window_bits);
  }
  websocket_ = true;
  environment_.loop.pin(socket_);  // only requests of HTTP move to other loops
  environment_.loop.send(socket_, share(codec::websocket::accept_response(request, deflate)));
  if (!processing_) {
    process_pending();
  }
}

void Connection::process_websocket(std::span<std::uint8_t> bytes) {
  auto& compression = environment_.compression;
  codec::websocket::FrameParser fresh(
      codec::websocket::Role::kServer,
      environment_.frames,
      deflate_window_bits_ == 0 ? nullptr : &compression->inflater());
  codec::websocket::FrameParser& frames = incomplete_ != nullptr ? *incomplete_ : fresh;
  FrameReceiver receiver(*this);
  if (const auto error = frames.feed(bytes, receiver)) {
    environment_.owner.on_violation(*this,
                                    error->code == codec::websocket::kCloseTooBig ? "payload_bytes"
                                    : error->code == codec::websocket::kClosePolicy
                                        ? "websocket_fragments"
                                        : "malformed_frame");
    close(error->code, error->reason);
  } else if (!frames.in_flight()) {
    incomplete_.reset();
    deadline_ = kNever;  // also if what came in pieces was a control frame
  } else {
    if (incomplete_ == nullptr) {
      incomplete_ = std::make_unique<codec::websocket::FrameParser>(std::move(fresh));
    }
    if (!ended_ && deadline_ == kNever) {
      set_deadline(environment_.loop.now() + environment_.limits.idle_http_timeout);
    }
  }
}

SharedBytes Connection::compressed(std::span<const SharedBytes> pieces) {
  return deflate_window_bits_ == 0
             ? nullptr
             : environment_.compression->compress(pieces, deflate_window_bits_);
}

std::size_t Connection::frame_bytes(std::span<const SharedBytes> pieces) {
  if (const SharedBytes frame = compressed(pieces)) {
    return frame->size();
  }
  std::size_t bytes = 0;
  for (const SharedBytes& piece : pieces) {
    bytes += piece->size();
  }
  return bytes;
}

void Connection::send_frame(std::span<const SharedBytes> pieces) {
  if (ended_) {
    return;
  }
  if (SharedBytes frame = compressed(pieces)) {
    environment_.loop.send(socket_, std::move(frame));
    return;
  }
  for (const SharedBytes& piece : pieces) {
    environment_.loop.send(socket_, piece);
  }
}

}  // namespace cloudsync::gateway
