#pragma once
// One TCP connection: HTTP requests one after the other, and, after an upgrade, WebSocket messages.
// It turns bytes into requests and messages for its owner and back; it knows no sessions.
//
//   http --request--> busy --respond--> http (keep-alive) | closing
//   http --request--> busy --accept_websocket--> websocket --close--> closing

#include "base/assert.h"
#include "base/limits.h"
#include "codec/http1/request_parser.h"
#include "codec/http1/response.h"
#include "codec/websocket/frame_parser.h"
#include "gateway/engine_application.h"
#include "gateway/ids.h"
#include "gateway/message_compression.h"
#include "gateway/peer_limits.h"
#include "runtime/loop.h"

#include <memory>
#include <optional>
#include <string>

namespace cloudsync::gateway {

class Connection;

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;

  /// The head of a request whose body is still to come: nothing, or an answer that ends the
  /// connection.
  virtual std::optional<codec::http1::Response> on_head(Connection&, const codec::http1::Request&) {
    return std::nullopt;
  }

  /// A whole request; the connection is busy until it is answered, upgraded or released. Behind
  /// ask_when_drained() it comes once more.
  virtual void on_request(Connection& connection, codec::http1::Request request) = 0;
  virtual void on_websocket_text(Connection& connection, std::string_view text) = 0;
  virtual void on_websocket_binary(Connection& connection, std::string_view bytes) = 0;
  /// The peer broke the protocol or a limit: counted and logged; the connection closes itself.
  virtual void on_violation(Connection& connection, std::string_view limit_or_reason) = 0;
  virtual void on_drained(Connection& connection) = 0;
  /// Nothing can be sent any more. Comes once, maybe before the socket is gone.
  virtual void on_ended(Connection& connection) = 0;
  /// The connection has a deadline from now on, or ended with bytes queued: check_deadline() is to
  /// be called from time to time, until that says that it has neither.
  virtual void on_watch(Connection& connection) = 0;
  /// The socket is gone: destroy the connection.
  virtual void on_gone(Connection& connection) = 0;
};

/// What the connections of one owner have in common.
struct ConnectionEnvironment {
  /// With `compress` permessage-deflate is negotiated with peers that offer it.
  ConnectionEnvironment(runtime::Loop& connections_loop,
                        ConnectionOwner& connections_owner,
                        const Limits& node_limits,
                        std::string path,
                        bool compress);

  runtime::Loop& loop;
  ConnectionOwner& owner;
  const Limits& limits;
  /// Bodies of requests below it are Engine.IO payloads.
  const std::string engine_path;
  const codec::http1::RequestLimits http;
  const codec::websocket::FrameLimits frames;
  std::optional<MessageCompression> compression;
};

// Most connections are idle WebSockets: what only HTTP needs goes with it.
class Connection final : public runtime::SocketEvents {
 public:
  Connection(ConnectionEnvironment& environment, RequestOrigin origin);

  /// The socket that this connection serves; set once, before any event.
  void bind(runtime::SocketId socket);

  /// Answers the request in progress and goes on with what the peer sent behind it. No-op if none
  /// is in progress any more.
  void respond(codec::http1::Response response);

  /// Answers an upgrade request that refuse_upgrade() accepted with 101; messages follow.
  void accept_websocket(const codec::http1::Request& request);

  /// Sends a WebSocket message, given as one whole frame in pieces; compressed if that was
  /// negotiated and pays.
  void send_frame(std::span<const SharedBytes> pieces);

  /// Bytes that send_frame() would queue.
  std::size_t frame_bytes(std::span<const SharedBytes> pieces);

  /// WebSocket: sends a close frame and ends the connection. HTTP: ends it. The peer gets what is
  /// queued. `code` 1005 sends a close frame without a code.
  void close(std::uint16_t code, std::string_view reason = {});
  /// Ends the connection at once; what is queued is dropped.
  void abort();

  /// Takes the socket away to another loop, with the input that was not used yet. -1 if it can't.
  struct Released {
    int descriptor = -1;
    std::string input;
  };

  Released release();
  /// Asks the owner again, with the request in progress, when the answers that are queued have
  /// left: a socket moves without a queue. Ends it by limits.idle_http_timeout if the peer takes
  /// nothing.
  void ask_when_drained(codec::http1::Request request);
  /// The other side of release(): the request is answered by this connection from now on.
  void resume(codec::http1::Request request, std::string input);

  /// Stops reading from the peer, or goes on. What was read already is still handled.
  void hold_input(bool held);

  /// Closes the connection if its peer is overdue (slow request, slow reader, idle keep-alive).
  /// False if it needs to be looked at no more, until on_watch().
  bool check_deadline(TimePoint now);

  RequestOrigin origin() const {
    return {.address = address_, .loopback_listener = loopback_listener_};
  }

  /// The peer's.
  std::string_view address() const { return address_.str(); }

  runtime::SocketId socket() const { return socket_; }

  bool busy() const { return busy_; }

  bool is_websocket() const { return websocket_; }

  bool ended() const { return ended_; }

  /// The owner was told to look at it, and not yet that it need not.
  bool watched() const { return watched_; }

  /// Ended because the peer's request was refused.
  bool refused() const { return refused_; }

  std::size_t queued_bytes() const { return environment_.loop.queued_bytes(socket_); }

  std::uint64_t sent_bytes() const { return environment_.loop.sent_bytes(socket_); }

  /// Number of the request in progress, so that a late answer to an earlier one is recognised; 0 of
  /// a WebSocket whose handshake is read.
  std::uint64_t request_number() const { return http_ ? http_->request_number : 0; }

  /// Extra headers for the answer (CORS; owner's use). Only while a request is in progress.
  codec::http1::Headers& response_headers() {
    CS_ASSERT(busy_, "headers are for an answer");
    return http_->response_headers;
  }

  /// The session that this connection carries, if any (owner's use).
  SessionId session;
  /// Its place among the connections of its address (owner's use).
  PeerLimits::ConnectionHold peer_hold;
  /// Its place among those that are watched (owner's use).
  std::uint32_t watch_place = 0;

  void on_data(runtime::SocketId socket, std::span<std::uint8_t> bytes) override;
  void on_drained(runtime::SocketId socket) override;
  bool on_end(runtime::SocketId socket) override;
  void on_closed(runtime::SocketId socket, runtime::CloseCause cause) override;

 private:
  struct Http {
    explicit Http(const codec::http1::RequestLimits& limits) : parser(limits) {}

    codec::http1::RequestParser parser;
    std::string pending;  // input behind a request in progress, bounded by pausing the socket
    std::string_view behind_request;  // what process() still holds while a request begins
    codec::http1::Headers response_headers;
    std::unique_ptr<codec::http1::Request>
        postponed;                       // the one in progress, until answers have left
    std::size_t queued_at_deadline = 0;  // when the deadline was set: progress counts from there
    std::uint64_t request_number = 0;
  };

  /// What a WebSocket does about the frames that come in.
  class FrameReceiver;

  struct Parsed {
    std::size_t consumed = 0;
    bool complete = false;
  };

  /// Null if the frame is sent as it is.
  SharedBytes compressed(std::span<const SharedBytes> pieces);
  /// Whether input can be handled now, or has to wait for an answer or for the peer to read.
  bool takes_input() const;
  void process(std::span<std::uint8_t> bytes);
  Parsed parse_request(std::span<std::uint8_t> bytes);
  void process_websocket(std::span<std::uint8_t> bytes);
  void process_pending();
  void begin_request(codec::http1::Request request);
  void refuse(int status, std::string_view reason);
  /// Sends the answer as the connection's last.
  void refuse(const codec::http1::Response& response);
  void update_reading();
  void set_deadline(TimePoint deadline);
  void watch();
  void end_overdue(TimePoint now);
  /// Behind an answer: the peer has this time to take some of it, or for its next request.
  void begin_idle_time();
  void end_with_peer();
  void end();

  // Behind the place above, where there is room for them.
  std::uint8_t deflate_window_bits_ = 0;  // of what this side compresses; 0: nothing
  bool loopback_listener_ : 1;
  bool websocket_ : 1 = false;
  bool busy_ : 1 = false;
  bool head_only_ : 1 = false;  // the request in progress is a HEAD
  bool keep_alive_ : 1 = true;
  bool answered_last_ : 1 = false;  // no further request: closes when the answer left
  bool answers_full_ : 1 = false;   // no further request until they are taken
  bool ended_ : 1 = false;
  bool refused_ : 1 = false;
  bool peer_ended_ : 1 = false;  // and waits for answers: closes behind the last
  bool pending_full_ : 1 = false;
  bool held_ : 1 = false;
  bool watched_ : 1 = false;
  bool paused_ : 1 = false;      // either of the two
  bool processing_ : 1 = false;  // inside process(): answers given meanwhile don't recurse
  ConnectionEnvironment& environment_;
  SharedText address_;
  runtime::SocketId socket_;
  std::unique_ptr<Http> http_;  // until it is a WebSocket and what came behind its request is read
  // Of a WebSocket, while part of a message is here: where none is, a new one will do.
  std::unique_ptr<codec::websocket::FrameParser> incomplete_;
  TimePoint deadline_;  // of a peer that owes something, or kNever
};

}  // namespace cloudsync::gateway
