#pragma once
// The border between the gateway and what runs on it. The gateway speaks HTTP, WebSocket, Engine.IO
// and Socket.IO and knows nothing of documents; an Application gets requests and events and answers
// through Gateway. All calls are made on the gateway's loop.

#include "base/json.h"
#include "base/result.h"
#include "codec/http1/request.h"
#include "codec/http1/response.h"
#include "gateway/requests_in_flight.h"
#include "runtime/loop.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace cloudsync::gateway {

/// One Socket.IO connection on this loop: slot and generation, unique for the process's lifetime.
struct ConnectionId {
  std::uint64_t value = 0;

  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

/// Where a request came from.
struct RequestOrigin {
  runtime::Endpoint peer;
  /// The listener is bound to a loopback address.
  bool loopback_listener = false;
};

/// Who a session speaks for, as the application found at its handshake. Empty: nobody known yet.
struct Subject {
  std::string user;
  /// The session cookie gave the identity: later requests of the session must carry the same.
  bool from_cookie = false;
  /// Without an account this peer may act as a guest.
  bool guests_allowed = false;

  friend bool operator==(const Subject&, const Subject&) = default;
};

/// An event from a client, on the namespace "/".
struct Event {
  std::string name;
  JsonArray arguments;
  /// Strings of the arguments had lone surrogates; they are U+FFFD here, which is not what the peer
  /// has.
  bool had_lone_surrogates = false;
  /// Answer with Gateway::emit of EncodedPacket::ack, once.
  std::optional<std::uint64_t> ack;
  /// Keep it until the event is dealt with, whether or not it asks for an answer: the gateway takes
  /// at most limits.requests_in_flight events of a peer at a time.
  RequestTicket ticket;
};

/// Answers one HTTP request, once; from this loop. A no-op if the peer is gone.
using Responder = UniqueFunction<void(codec::http1::Response)>;

class Application {
 public:
  virtual ~Application() = default;

  /// Does the request carry a cookie of ours? It decides how strict the Origin rule is.
  virtual bool has_session_cookie(const codec::http1::Request& request) const = 0;

  /// Identifies the peer of an Engine.IO handshake. Errors: kUnauthenticated, kForbidden.
  virtual Result<Subject> authenticate(const codec::http1::Request& request,
                                       const RequestOrigin& origin) = 0;

  /// A Socket.IO CONNECT on "/" with its auth object (null if absent). An error refuses it and goes
  /// to the client as CONNECT_ERROR with data {code, message}.
  virtual Result<void> on_connect(ConnectionId connection,
                                  const Subject& subject,
                                  const JsonValue& auth) = 0;

  virtual void on_event(ConnectionId connection, Event event) = 0;

  /// The connection, once accepted by on_connect, is gone; the id is dead.
  virtual void on_disconnect(ConnectionId connection) = 0;

  /// A request outside of Socket.IO's path.
  virtual void on_request(codec::http1::Request request,
                          const RequestOrigin& origin,
                          Responder respond) = 0;
};

}  // namespace cloudsync::gateway
