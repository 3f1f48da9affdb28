#pragma once
// A Socket.IO client over WebSocket on the loop: HTTP upgrade, Engine.IO open, namespace CONNECT,
// then events and acks. Answers heartbeats. One per simulated user, so it is small while idle.
//
//   closed --open()--> upgrading --101--> opening --'0'--> connecting --'40'--> ready
//      ^                                                                        |
//      +------ any failure, the server's end, close(): on_disconnected ---------+
//
// Loop thread only.

#include "base/json.h"
#include "codec/http1/response_parser.h"
#include "codec/socketio/decoder.h"
#include "codec/websocket/frame_parser.h"
#include "loadtest/target.h"
#include "runtime/loop.h"

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace cloudsync::loadtest {

class SocketIoEvents {
 public:
  virtual ~SocketIoEvents() = default;
  /// The namespace is connected.
  virtual void on_ready() = 0;
  /// A whole Socket.IO packet before it is decoded; true if it was dealt with.
  virtual bool try_packet(std::string_view text) = 0;
  /// `text` is the packet that it was decoded from.
  virtual void on_event(std::string_view name, const JsonArray& args, std::string_view text) = 0;
  virtual void on_ack(std::uint64_t id, const JsonArray& args) = 0;
  /// Exactly once for each open(); another open() may follow at once. `reason` is one word.
  virtual void on_disconnected(std::string_view reason) = 0;
};

class SocketIoClient final : private runtime::SocketEvents, private codec::websocket::FrameVisitor {
 public:
  /// All outlive the client, and the client its socket.
  SocketIoClient(runtime::Loop& loop, SocketIoEvents& events, std::mt19937_64& random);
  ~SocketIoClient() override;

  /// `auth_json` is the CONNECT's auth object as text. From the address `source`, if there is one.
  /// Only when closed.
  void open(const Target& target,
            const std::optional<runtime::Endpoint>& source,
            std::string auth_json);
  /// `json` is the event's one argument. Only when ready.
  void emit(std::string_view name, std::string_view json, std::optional<std::uint64_t> ack_id);
  /// Aborts; on_disconnected("closed") follows.
  void close();
  /// From the next bytes on, reads that many a second; 0: as they come.
  void limit_reading(double bytes_per_second);

  bool ready() const { return state_ == State::kReady; }

 private:
  enum class State : std::uint8_t { kClosed, kUpgrading, kOpening, kConnecting, kReady };
  struct Upgrade;

  void on_data(runtime::SocketId socket, std::span<std::uint8_t> bytes) override;

  void on_drained(runtime::SocketId) override {}

  void on_closed(runtime::SocketId socket, runtime::CloseCause cause) override;
  bool on_message(codec::websocket::Opcode opcode, std::span<const std::uint8_t> payload) override;
  bool on_ping(std::span<const std::uint8_t> payload) override;

  bool on_pong(std::span<const std::uint8_t>) override { return true; }

  void on_close(std::uint16_t code, std::string_view reason) override;

  bool finish_upgrade(std::span<std::uint8_t>& bytes);
  bool on_engine_packet(std::string_view text);
  bool on_socket_packet(std::string_view text);
  bool on_packet(const codec::socketio::Packet& packet, std::string_view text);
  void send_text(std::string_view text);
  void send_frame(codec::websocket::Opcode opcode, std::string_view payload);
  /// Remembers the first reason and aborts. False, to end a visitor.
  bool abort(std::string reason);

  runtime::Loop& loop_;
  SocketIoEvents& events_;
  std::mt19937_64& random_;
  State state_ = State::kClosed;
  std::optional<runtime::SocketId> socket_;
  std::unique_ptr<Upgrade> upgrade_;  // only until ready
  codec::websocket::FrameParser frames_;
  codec::socketio::Decoder decoder_;
  std::string reason_;
  double read_rate_ = 0;  // bytes a second; 0: no limit
};

}  // namespace cloudsync::loadtest
