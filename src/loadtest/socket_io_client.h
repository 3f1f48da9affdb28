#pragma once
// A Socket.IO client over WebSocket on the loop: Engine.IO open, namespace CONNECT, then events and
// acks. Answers heartbeats. One per simulated user, so it is small while idle.
//
//   closed --open()--> opening --'0'--> connecting --'40'--> ready
//      ^                                                       |
//      +-- any failure, the server's end, close(): on_disconnected
//
// Loop thread only.

#include "base/json.h"
#include "codec/socketio/decoder.h"
#include "loadtest/websocket_client.h"

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

class SocketIoClient final : private WebSocketEvents {
 public:
  /// All outlive the client, and the client its socket.
  SocketIoClient(runtime::Loop& loop, SocketIoEvents& events, std::mt19937_64& random);

  /// `auth_json` is the CONNECT's auth object as text. From the address `source`, if there is one.
  /// Only when closed.
  void open(const Target& target,
            const std::optional<runtime::Endpoint>& source,
            std::string auth_json);
  /// `json` is the event's one argument. Only when ready.
  void emit(std::string_view name, std::string_view json, std::optional<std::uint64_t> ack_id);

  /// Aborts; on_disconnected("closed") follows.
  void close() { socket_.abort("closed"); }

  /// From the next bytes on, reads that many a second; 0: as they come.
  void limit_reading(double bytes_per_second) { socket_.limit_reading(bytes_per_second); }

  bool ready() const { return state_ == State::kReady; }

 private:
  enum class State : std::uint8_t { kClosed, kOpening, kConnecting, kReady };

  void on_open() override {}

  void on_text(std::string_view text) override;
  void on_binary(std::string_view bytes) override;
  void on_disconnected(std::string_view reason) override;

  void connect_namespace();
  void on_socket_packet(std::string_view text);
  void on_packet(const codec::socketio::Packet& packet, std::string_view text);

  SocketIoEvents& events_;
  WebSocketClient socket_;
  State state_ = State::kClosed;
  std::string auth_json_;  // until the namespace is connected
  codec::socketio::Decoder decoder_;
};

}  // namespace cloudsync::loadtest
