#pragma once
// A namespace: its sockets and rooms, who may connect, and what happens when somebody does.

#include "gateway/gateway.h"
#include "gateway/server/broadcast.h"
#include "gateway/server/recovery_log.h"
#include "gateway/server/socket.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace cloudsync::gateway {

/// Goes on with a CONNECT, once, at any time: `next()` passes it, `next(refusal)` refuses it.
using Next = std::function<void(std::optional<ConnectRefusal> refusal)>;
using Middleware = std::function<void(const SocketPtr& socket, Next next)>;
using ConnectionHandler = std::function<void(const SocketPtr& socket)>;
/// Whether a socket that comes back may be in this room still (connection state recovery).
using RoomFilter = std::function<bool(const SocketPtr& socket, const std::string& room)>;
using ServerEventHandler =
    std::function<void(const std::string& event, const Arguments& arguments)>;

/// What an application says of a namespace, or of all that a pattern makes.
class NamespaceRules {
 public:
  /// Runs for each CONNECT, in order, a recovered one too.
  NamespaceRules& use(Middleware middleware);
  NamespaceRules& on_connection(ConnectionHandler handler);
  /// Asked for each room before it is restored and anything of it is replayed; all that were given
  /// must agree. Without one no room is restored: what a client may see can have changed.
  NamespaceRules& allow_recovery(RoomFilter filter);
  /// Events that other nodes of a cluster emit to this namespace's servers.
  NamespaceRules& on_server_event(ServerEventHandler handler);

 private:
  friend class Namespace;

  std::vector<Middleware> middleware_;
  std::vector<ConnectionHandler> connection_;
  std::vector<RoomFilter> recovery_;
  std::vector<ServerEventHandler> server_events_;
};

/// What a namespace needs of the server around it.
struct NamespaceEnvironment {
  runtime::Loop& loop;
  Gateway& gateway;
  RandomSource& random;
  PacketFormat format;
  std::optional<RecoveryOptions> recovery;
  std::size_t recovery_bytes = 0;  ///< of all namespaces
};

class Namespace : public std::enable_shared_from_this<Namespace> {
 public:
  Namespace(NamespaceEnvironment& environment,
            std::string name,
            std::shared_ptr<NamespaceRules> rules);

  const std::string& name() const { return name_; }

  NamespaceRules& rules() { return *rules_; }

  Broadcast to(std::string room) { return Broadcast(*this).to(std::move(room)); }

  Broadcast except(std::string room) { return Broadcast(*this).except(std::move(room)); }

  Broadcast all() { return Broadcast(*this); }

  void emit(const std::string& event, const Arguments& arguments = {}) {
    all().emit(event, arguments);
  }

  /// To the servers of the cluster, this one not included. A single node has no others.
  void server_side_emit(const std::string& event, const Arguments& arguments = {});

  std::size_t size() const { return sockets_.size(); }

  /// Whether nobody is in it, or about to be.
  bool deserted() const { return sockets_.empty() && connecting_ == 0; }

  /// Whether it is deserted and holds nothing that a client could come back to.
  bool empty(TimePoint now);

  /// Its recovery's state, and that of an earlier process, `elapsed` after it was saved.
  std::optional<JsonObject> save() const;
  void restore(const JsonObject& saved, Duration elapsed);

  // --- the server's side ---
  /// Runs the middleware; `accepted` is called with a connection that is up, before its handlers.
  void connect(ConnectRequest request, ConnectReply reply, std::function<void()> accepted);
  void receive(ConnectionId connection, Event event);
  void receive_answer(ConnectionId connection, Acknowledgement answer);
  void disconnected(ConnectionId connection, std::string_view reason);

 private:
  friend class Socket;
  friend class Broadcast;

  struct Connecting;

  void run_middleware(const std::shared_ptr<Connecting>& connecting, std::size_t index);
  void accept(Connecting& connecting);
  /// Restores what the CONNECT's pid names into `connecting`.
  void resume(Connecting& connecting);
  void take_over(const std::string& pid, const std::string& user);

  SocketPtr find(ConnectionId connection) const;
  /// The members of `rooms`, or everybody if there are none, each once, without those of `except`.
  std::vector<ConnectionId> select(const std::vector<std::string>& rooms,
                                   const std::vector<std::string>& except) const;
  void emit(const std::vector<std::string>& rooms,
            const std::vector<std::string>& except,
            const std::string& event,
            const Arguments& arguments);
  /// To one socket, not to the room with its id, which others may have joined.
  void emit_to(Socket& socket, const std::string& event, const Arguments& arguments);
  /// The event, kept for recovery if that is on.
  std::vector<EncodedPacket> encode_kept(RecoveryLog::Audience audience,
                                         const std::string& event,
                                         const Arguments& arguments);
  void deliver(Socket& socket,
               const std::string& event,
               const Arguments& arguments,
               const std::vector<EncodedPacket>& messages);
  std::vector<EncodedPacket> encode(const std::string& event,
                                    const Arguments& arguments,
                                    std::optional<std::uint64_t> ack_id = std::nullopt) const;
  std::vector<EncodedPacket> encode_volatile(const std::string& event,
                                             const Arguments& arguments) const;
  void join(Socket& socket, const std::string& room);
  void leave(Socket& socket, const std::string& room);

  NamespaceEnvironment& environment_;
  const std::string name_;
  const std::shared_ptr<NamespaceRules> rules_;
  std::unordered_map<std::uint64_t, SocketPtr> sockets_;       // by connection id
  std::unordered_map<std::string, SocketPtr> sockets_by_pid_;  // with recovery
  Gauge room_count_;
  Rooms rooms_;
  std::uint64_t next_ack_id_ = 0;
  std::size_t connecting_ = 0;
  bool observes_outgoing_ = false;  // a socket wants to hear of what is sent to it, or did once
  std::optional<RecoveryLog> log_;
};

}  // namespace cloudsync::gateway
