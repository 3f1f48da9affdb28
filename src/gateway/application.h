#pragma once
// The border between the gateway and what runs on it. The gateway speaks HTTP, WebSocket, Engine.IO
// and Socket.IO and knows nothing of documents; an Application gets requests and events and answers
// through Gateway. All calls are made on the gateway's loop. socket_server.h is an Application with
// the comforts of Socket.IO's own API.

#include "base/error.h"
#include "base/json.h"
#include "gateway/encoded_packet.h"
#include "gateway/engine_application.h"
#include "gateway/ids.h"
#include "gateway/requests_in_flight.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::gateway {

/// A client's CONNECT to a namespace.
struct ConnectRequest {
  ConnectionId connection;
  std::string nsp;
  /// The public id that the connection gets.
  std::string sid;
  const Subject& subject;  ///< lives during the call
  /// The auth object; null if absent.
  JsonValue auth;
};

/// CONNECT_ERROR for a client: a message, and its `data` (null: none).
struct ConnectRefusal {
  std::string message;
  JsonValue data = nullptr;
};

/// `data` is {code, message}.
ConnectRefusal connect_refusal(const Error& error);

/// What a CONNECT is answered with: accepted unless there is a refusal.
struct ConnectAnswer {
  std::optional<ConnectRefusal> refusal = std::nullopt;
  /// Connection state recovery: an earlier connection's id instead of the new one, the secret that
  /// resumes it, and the packets that it missed, which go out before the answer.
  std::string sid = {};
  std::string pid = {};
  std::vector<EncodedPacket> missed = {};
};

/// Answers a CONNECT, once, during the call or later on this loop. False if the client is gone:
/// then there is no connection, and on_disconnect does not come.
using ConnectReply = UniqueFunction<bool(ConnectAnswer)>;

/// An event from a client.
struct Event {
  /// A numeric name is its text.
  std::string name;
  /// {"_placeholder":true,"num":n} stands for attachments[n], if there are any attachments.
  JsonArray arguments;
  std::vector<std::string> attachments;
  /// Strings of the arguments had lone surrogates; they are U+FFFD here, which is not what the peer
  /// has.
  bool had_lone_surrogates = false;
  /// Answer with an ACK of this id, once.
  std::optional<std::uint64_t> ack;
  /// Keep it until the event is dealt with, whether or not it asks for an answer: the gateway takes
  /// at most limits.requests_in_flight events of a peer at a time.
  RequestTicket ticket;
};

/// A client's answer to an event of ours.
struct Acknowledgement {
  std::uint64_t id = 0;
  JsonArray arguments;
  std::vector<std::string> attachments;
};

class Application : public RequestHandler {
 public:
  /// Whether clients may CONNECT to `nsp`. Called before each on_connect.
  virtual bool has_namespace(std::string_view nsp) const = 0;

  virtual void on_connect(ConnectRequest request, ConnectReply reply) = 0;

  /// As how many of limits.requests_in_flight an event of that name counts: more than one if its
  /// answer may be large.
  virtual std::size_t weight_of(std::string_view /*event*/) const { return 1; }

  virtual void on_event(ConnectionId connection, Event event) = 0;

  /// Unknown ids are to be ignored, as the stock server does.
  virtual void on_ack(ConnectionId, Acknowledgement) {}

  /// The connection, once accepted, is gone; the id is dead. `reason` is one of Socket.IO's.
  virtual void on_disconnect(ConnectionId connection, std::string_view reason) = 0;
};

}  // namespace cloudsync::gateway
