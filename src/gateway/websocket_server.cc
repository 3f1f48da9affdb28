#include "gateway/websocket_server.h"

#include "codec/websocket/frame.h"
#include "codec/websocket/handshake.h"

#include <string>
#include <utility>

namespace cloudsync::gateway {

namespace {

/// Deadlines are met to within this time.
constexpr std::chrono::milliseconds kSweepInterval{100};

/// Engine.IO has no path here: those of requests begin with a slash.
constexpr const char* kNoEnginePath = "(none)";

}  // namespace

struct WebSocketServer::Peer {
  Peer(ConnectionEnvironment& environment, RequestOrigin origin)
      : connection(environment, std::move(origin)), socket(connection) {}

  Connection connection;
  WebSocket socket;
};

WebSocketMessage::WebSocketMessage(codec::websocket::Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + codec::websocket::kFrameHeaderMax);
  codec::websocket::append_frame(frame, opcode, payload);
  frame_ = share(std::move(frame));
}

WebSocketMessage WebSocketMessage::text(std::string_view text) {
  return {codec::websocket::Opcode::kText, text};
}

WebSocketMessage WebSocketMessage::binary(std::string_view bytes) {
  return {codec::websocket::Opcode::kBinary, bytes};
}

WebSocketServer::WebSocketServer(runtime::Loop& loop,
                                 WebSocketHandler& handler,
                                 const WebSocketServerOptions& options)
    : loop_(loop),
      handler_(handler),
      options_(options),
      connection_environment_(loop_, *this, options_.limits, kNoEnginePath, options.compression),
      refusals_(loop_, metrics_),
      sweep_timer_(loop.run_after(kSweepInterval, [this] { sweep(); })) {}

WebSocketServer::~WebSocketServer() = default;

Result<runtime::Endpoint> WebSocketServer::listen(const runtime::Endpoint& endpoint) {
  return loop_.listen(
      endpoint, false, [this](runtime::SocketId socket, const runtime::Endpoint& peer) {
        accept(socket, peer);
      });
}

void WebSocketServer::accept(runtime::SocketId socket, const runtime::Endpoint& endpoint) {
  auto peer =
      std::make_unique<Peer>(connection_environment_, RequestOrigin{.address = endpoint.address});
  Connection& connection = peer->connection;
  peers_.emplace(&connection, std::move(peer));
  connection.bind(socket);
  loop_.attach(socket, connection);
  if (peers_.size() > options_.limits.connections) {
    connection.abort();
  }
}

void WebSocketServer::on_request(Connection& connection, codec::http1::Request request) {
  if (auto refusal = codec::websocket::refuse_upgrade(request)) {
    connection.respond(std::move(*refusal));
    return;
  }
  connection.accept_websocket(request);
  handler_.on_open(peers_.at(&connection)->socket);
}

void WebSocketServer::on_websocket_text(Connection& connection, std::string_view text) {
  handler_.on_text(peers_.at(&connection)->socket, text);
  brake(connection);
}

void WebSocketServer::on_websocket_binary(Connection& connection, std::string_view bytes) {
  handler_.on_binary(peers_.at(&connection)->socket, bytes);
  brake(connection);
}

// A peer that sends without taking what comes back is not read until it has taken all of it.
void WebSocketServer::brake(Connection& connection) {
  if (connection.queued_bytes() > options_.limits.send_queue_bytes) {
    connection.hold_input(true);
  }
}

void WebSocketServer::on_drained(Connection& connection) {
  connection.hold_input(false);
}

void WebSocketServer::on_violation(Connection& connection, std::string_view limit_or_reason) {
  refusals_.note({"peer_refused", limit_or_reason, connection.address()});
}

void WebSocketServer::on_ended(Connection& connection) {
  if (connection.is_websocket()) {
    handler_.on_close(peers_.at(&connection)->socket);
  }
}

void WebSocketServer::on_gone(Connection& connection) {
  peers_.erase(&connection);
}

void WebSocketServer::sweep() {
  for (const auto& [connection, peer] : peers_) {
    connection->check_deadline(loop_.now());
  }
  refusals_.report();
  sweep_timer_ = loop_.run_after(kSweepInterval, [this] { sweep(); });
}

void WebSocketServer::close_all() {
  loop_.stop_listening();
  loop_.cancel(sweep_timer_);
  for (const auto& [connection, peer] : peers_) {
    connection->close(codec::websocket::kCloseGoingAway);
  }
}

}  // namespace cloudsync::gateway
