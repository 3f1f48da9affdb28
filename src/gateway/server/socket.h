#pragma once
// One client's connection to a namespace, with the comforts of Socket.IO's own server API. All
// calls are made on the server's loop; a socket may be kept beyond its disconnect, when it does
// nothing.

#include "base/clock.h"
#include "gateway/application.h"
#include "gateway/server/arguments.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::gateway {

class Broadcast;
class Namespace;
class Socket;

using SocketPtr = std::shared_ptr<Socket>;

/// Answers an event whose sender asked for an acknowledgement: at most once, at any time. While a
/// copy is kept the event counts as being worked on (limits.requests_in_flight).
class Ack {
 public:
  using Send = UniqueFunction<void(const Arguments&)>;

  Ack() = default;

  Ack(RequestTicket ticket, Send send)
      : state_(std::make_shared<State>(State{std::move(ticket), std::move(send)})) {}

  /// Whether the sender waits for an answer.
  bool expected() const { return state_ != nullptr && bool(state_->send); }

  void operator()(const Arguments& arguments = {}) const {
    if (expected()) {
      std::exchange(state_->send, nullptr)(arguments);
    }
  }

 private:
  struct State {
    RequestTicket ticket;
    Send send;
  };

  std::shared_ptr<State> state_;
};

using EventHandler =
    std::function<void(const SocketPtr& socket, const Arguments& arguments, const Ack& ack)>;
using AnyEventHandler = std::function<void(
    const SocketPtr& socket, const std::string& event, const Arguments& arguments)>;
using OutgoingHandler = std::function<void(const std::string& event, const Arguments& arguments)>;
/// Says whether the event may pass: nothing, or why not (the sender's `error` handler hears it).
using EventFilter = std::function<std::optional<Error>(
    const SocketPtr& socket, const std::string& event, const Arguments& arguments)>;
using DisconnectHandler = std::function<void(const SocketPtr& socket, std::string_view reason)>;
/// The client's answer, or nothing if it did not come in time or the client is gone.
using AnswerHandler = std::function<void(std::optional<Arguments> answer)>;

class Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(std::shared_ptr<Namespace> nsp, ConnectRequest request);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Public, 20 characters.
  const std::string& id() const { return sid_; }

  Namespace& nsp() const { return nsp_; }

  /// The auth object of its CONNECT: {} if there was none.
  const JsonObject& auth() const { return auth_; }

  /// Headers, query and address of the request that opened its session.
  const Handshake& handshake() const { return *handshake_; }

  const std::string& user() const { return user_; }

  bool connected() const { return connected_; }

  /// Rooms and data are those of an earlier connection, and what it missed was sent.
  bool recovered() const { return recovered_; }

  /// The application's; fetch_sockets shows it, recovery restores it.
  JsonValue data;

  // --- what the client sends ---
  void on(std::string event, EventHandler handler);

  /// Every event, before its own handlers.
  void on_any(AnyEventHandler handler) { any_.push_back(std::move(handler)); }

  /// Every event that is sent to this client.
  void on_any_outgoing(OutgoingHandler handler);

  /// Asked before any handler, in order.
  void use(EventFilter filter) { filters_.push_back(std::move(filter)); }

  void on_disconnect(DisconnectHandler handler) { disconnect_.push_back(std::move(handler)); }

  // --- what goes to the client ---
  void emit(const std::string& event, const Arguments& arguments = {});
  /// Dropped if the client is not ready to take it.
  void emit_volatile(const std::string& event, const Arguments& arguments = {});
  void emit_with_ack(const std::string& event,
                     const Arguments& arguments,
                     Duration timeout,
                     AnswerHandler answer);

  /// To rooms, or to everybody, without this socket.
  Broadcast broadcast();
  Broadcast to(std::string room);

  void join(const std::string& room);
  void leave(const std::string& room);

  /// Its id is always among them while it is connected.
  const std::vector<std::string>& rooms() const { return rooms_; }

  /// The client gets DISCONNECT and does not come back by itself; with `close` its whole session
  /// ends.
  void disconnect(bool close = false);

 private:
  friend class Namespace;
  friend class Broadcast;

  struct PendingAnswer {
    AnswerHandler handler;
    runtime::TimerId timer;
  };

  void receive(const SocketPtr& self, Event event);
  void dispatch(const SocketPtr& self,
                const std::string& name,
                const Arguments& arguments,
                const Ack& ack);
  void receive_answer(Acknowledgement answer);
  void expect_answer(std::uint64_t id, Duration timeout, AnswerHandler handler);
  void ended(const SocketPtr& self, std::string_view reason);
  void notify_outgoing(const std::string& event, const Arguments& arguments) const;

  const std::shared_ptr<Namespace> owner_;
  Namespace& nsp_;
  ConnectionId connection_;
  std::string sid_;
  std::string pid_;  // recovery's secret
  std::string user_;
  JsonObject auth_;
  std::shared_ptr<const Handshake> handshake_;
  bool connected_ = false;
  bool recovered_ = false;
  std::vector<std::string> rooms_;
  std::uint64_t began_ = 0;        // recovery: the namespace's newest event when it began
  std::uint64_t last_offset_ = 0;  // recovery: the newest event that went to it
  std::multimap<std::string, EventHandler, std::less<>> handlers_;
  std::vector<AnyEventHandler> any_;
  std::vector<OutgoingHandler> any_outgoing_;
  std::vector<EventFilter> filters_;
  std::vector<DisconnectHandler> disconnect_;
  std::map<std::uint64_t, PendingAnswer> answers_;
};

}  // namespace cloudsync::gateway
