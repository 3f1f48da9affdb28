#pragma once
// A WebSocket client on the loop (RFC 6455): the HTTP upgrade, then messages. It answers pings, and
// is small while idle: there is one for each simulated user.
//
//   closed --open()--> upgrading --101--> open
//      ^                                   |
//      +-- any failure, the server's end, abort(): on_disconnected
//
// Loop thread only.

#include "codec/http1/response_parser.h"
#include "codec/websocket/frame_parser.h"
#include "loadtest/target.h"
#include "runtime/loop.h"

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace cloudsync::loadtest {

class WebSocketEvents {
 public:
  virtual ~WebSocketEvents() = default;
  virtual void on_open() = 0;
  /// The views die when the call returns. Behind an abort() nothing more comes.
  virtual void on_text(std::string_view text) = 0;
  virtual void on_binary(std::string_view bytes) = 0;
  /// Exactly once for each open(); another open() may follow at once. `reason` is one word.
  virtual void on_disconnected(std::string_view reason) = 0;
};

class WebSocketClient final : private runtime::SocketEvents,
                              private codec::websocket::FrameVisitor {
 public:
  /// All outlive the client, and the client its socket.
  WebSocketClient(runtime::Loop& loop, WebSocketEvents& events, std::mt19937_64& random);
  ~WebSocketClient() override;

  /// Asks for `path`, from the address `source`, if there is one. Only when closed.
  void open(const Target& target,
            const std::optional<runtime::Endpoint>& source,
            std::string_view path);
  /// `text` is UTF-8. Nothing happens unless open.
  void send_text(std::string_view text);
  /// Breaks the connection; on_disconnected() follows with the first reason that was given.
  void abort(std::string_view reason);
  /// From the next bytes on, reads that many a second; 0: as they come.
  void limit_reading(double bytes_per_second);

 private:
  enum class State : std::uint8_t { kClosed, kUpgrading, kOpen };

  struct Upgrade {
    std::array<std::uint8_t, 16> nonce;
    codec::http1::ResponseParser parser;
  };

  void on_connected(const Result<runtime::SocketId>& socket, const SharedBytes& request);
  void end();
  void on_data(runtime::SocketId socket, std::span<std::uint8_t> bytes) override;

  void on_drained(runtime::SocketId) override {}

  void on_closed(runtime::SocketId socket, runtime::CloseCause cause) override;
  bool on_message(codec::websocket::Opcode opcode, std::span<const std::uint8_t> payload) override;
  bool on_ping(std::span<const std::uint8_t> payload) override;

  bool on_pong(std::span<const std::uint8_t>) override { return true; }

  void on_close(std::uint16_t code, std::string_view reason) override;

  bool finish_upgrade(std::span<std::uint8_t>& bytes);
  void send_frame(codec::websocket::Opcode opcode, std::string_view payload);

  runtime::Loop& loop_;
  WebSocketEvents& events_;
  std::mt19937_64& random_;
  State state_ = State::kClosed;
  runtime::SocketId socket_;          // a dead one while closed
  std::unique_ptr<Upgrade> upgrade_;  // only while upgrading
  codec::websocket::FrameParser frames_;
  std::string reason_;    // why it ends, once that is known
  double read_rate_ = 0;  // bytes a second; 0: no limit
};

}  // namespace cloudsync::loadtest
