#pragma once
// A plain WebSocket server (RFC 6455) on one loop, without Engine.IO and Socket.IO: text and binary
// messages in and out. It is what examples/ are written with and what the WebSocket conformance
// tests run against. It serves every path, checks neither Host nor Origin, and sends no pings of
// its own. Everything runs on the loop's thread.

#include "base/limits.h"
#include "base/metrics.h"
#include "gateway/connection.h"
#include "gateway/refusals.h"
#include "runtime/loop.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

namespace cloudsync::gateway {

/// A message to send, encoded once for however many get it.
class WebSocketMessage {
 public:
  /// `text` is UTF-8.
  static WebSocketMessage text(std::string_view text);
  static WebSocketMessage binary(std::string_view bytes);

  /// As it goes over the wire.
  const SharedBytes& frame() const { return frame_; }

 private:
  WebSocketMessage(codec::websocket::Opcode opcode, std::string_view payload);

  SharedBytes frame_;
};

/// One peer, from on_open to on_close.
class WebSocket {
 public:
  explicit WebSocket(Connection& connection) : connection_(connection) {}

  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  void send(const WebSocketMessage& message) {
    connection_.send_frame(std::span(&message.frame(), 1));
  }

  /// `text` is UTF-8.
  void send_text(std::string_view text) { send(WebSocketMessage::text(text)); }

  void send_binary(std::string_view bytes) { send(WebSocketMessage::binary(bytes)); }

  /// Closes in order with a code that may be sent (RFC 6455 section 7.4), or kCloseNoStatus.
  void close(std::uint16_t code, std::string_view reason = {}) { connection_.close(code, reason); }

  /// Bytes that the peer has not taken yet. While they are more than limits.send_queue_bytes the
  /// peer is not read, so whoever only answers needs no other brake.
  std::size_t queued_bytes() const { return connection_.queued_bytes(); }

  std::string_view address() const { return connection_.address(); }

 private:
  Connection& connection_;
};

/// What a program does with its peers. The views die when the call returns.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;

  virtual void on_open(WebSocket&) {}

  virtual void on_text(WebSocket& socket, std::string_view text) = 0;
  virtual void on_binary(WebSocket& socket, std::string_view bytes) = 0;

  /// Nothing can be sent any more; the socket is gone after the call.
  virtual void on_close(WebSocket&) {}
};

struct WebSocketServerOptions {
  /// payload_bytes is the largest message; websocket_fragments, send_queue_bytes, connections,
  /// http_header_bytes, handshake_timeout and idle_http_timeout (of a message) count, too.
  Limits limits;
  /// Negotiate permessage-deflate with peers that offer it.
  bool compression = false;
};

class WebSocketServer final : private ConnectionOwner {
 public:
  /// `loop` and `handler` outlive the server, and the server the loop's run.
  WebSocketServer(runtime::Loop& loop,
                  WebSocketHandler& handler,
                  const WebSocketServerOptions& options);
  ~WebSocketServer() override;
  WebSocketServer(const WebSocketServer&) = delete;
  WebSocketServer& operator=(const WebSocketServer&) = delete;

  /// Returns the bound endpoint: port 0 takes a free one.
  Result<runtime::Endpoint> listen(const runtime::Endpoint& endpoint);

  /// What it refuses counts here.
  Metrics& metrics() { return metrics_; }

  /// Stops accepting and closes every connection as going away (1001).
  void close_all();

 private:
  struct Peer;

  void accept(runtime::SocketId socket, const runtime::Endpoint& endpoint);
  void brake(Connection& connection);
  void sweep();

  void on_request(Connection& connection, codec::http1::Request request) override;
  void on_websocket_text(Connection& connection, std::string_view text) override;
  void on_websocket_binary(Connection& connection, std::string_view bytes) override;
  void on_violation(Connection& connection, std::string_view limit_or_reason) override;
  void on_drained(Connection& connection) override;
  void on_ended(Connection& connection) override;
  void on_gone(Connection& connection) override;

  /// All are looked at in each sweep.
  void on_watch(Connection&) override {}

  runtime::Loop& loop_;
  WebSocketHandler& handler_;
  const WebSocketServerOptions options_;
  ConnectionEnvironment connection_environment_;
  Metrics metrics_;
  Refusals refusals_;
  std::unordered_map<Connection*, std::unique_ptr<Peer>> peers_;
  runtime::TimerId sweep_timer_;
};

}  // namespace cloudsync::gateway
