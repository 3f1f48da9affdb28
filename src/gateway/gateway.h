#pragma once
// Socket.IO on one loop: an engine, a multiplexer for each of its sessions, and their rooms. What
// runs on it is an Application; everything here runs on the loop's thread.

#include "gateway/application.h"
#include "gateway/encoded_packet.h"
#include "gateway/engine.h"
#include "gateway/multiplexer.h"
#include "gateway/rooms.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cloudsync::gateway {

struct GatewayDependencies {
  runtime::Loop& loop;
  std::uint32_t loop_index;  ///< below kLoopsMax
  Application& application;
  const AccessPolicy& policy;
  const Limits& limits;
  RandomSource& random;
  Metrics& metrics;
  PeerLimits& peer_limits;  ///< of the node: one for all loops
  EngineOptions options = {};
  PacketFormat format = PacketFormat::kJson;
  /// With kJson: a client that begins with a binary message uses the MessagePack parser, and gets
  /// that. A client speaks first, so this is known before anything is sent to it.
  bool accept_msgpack = false;
};

class Gateway final : private EngineApplication {
 public:
  explicit Gateway(const GatewayDependencies& dependencies);
  ~Gateway() override;
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// All gateways of the node, by loop index; before listen().
  void set_peers(std::span<Gateway* const> peers);

  /// Accepts on the endpoint; with `shared` several loops listen on the same one.
  Result<runtime::Endpoint> listen(const runtime::Endpoint& endpoint, bool shared) {
    return engine_.listen(endpoint, shared);
  }

  // --- all are no-ops on a connection that is gone; a single packet is given as JSON ---
  void emit(ConnectionId connection, const EncodedPacket& packet);
  /// A packet and its attachments.
  void emit(ConnectionId connection, std::span<const EncodedPacket> messages);
  /// Dropped unless it would leave about now; false if it was.
  bool emit_volatile(ConnectionId connection, std::span<const EncodedPacket> messages);
  /// Of packets with one key only the latest is kept for a peer that is slow.
  void emit_latest(ConnectionId connection, const std::string& key, const EncodedPacket& packet);
  void join(ConnectionId connection, std::string_view room);
  void leave(ConnectionId connection, std::string_view room);

  const std::vector<ConnectionId>& members(std::string_view room) const {
    return rooms_.members(room);
  }

  /// The client is told with DISCONNECT, its session stays open for it to close.
  void disconnect(ConnectionId connection);
  /// Disconnects from all namespaces of the connection's session, then closes it.
  void disconnect_session(ConnectionId connection);
  /// Ends the connection's session as if its transport had been lost.
  void close_session(ConnectionId connection);

  /// Notes that something of the connection's client was refused (refusals.h).
  void note_refusal(ConnectionId connection,
                    std::string_view event,
                    std::string_view cause,
                    std::string_view detail = {});

  /// Stops accepting, tells every connected session `packet`, which is of the namespace "/", and
  /// refuses new sessions from now on.
  void drain(const EncodedPacket& packet);

  /// Closes all sessions and connections.
  void close_all() { engine_.close_all(); }

  std::size_t session_count() const { return engine_.session_count(); }

 private:
  bool has_session_cookie(const codec::http1::Request& request) const override;
  Result<Subject> authenticate(const codec::http1::Request& request,
                               const RequestOrigin& origin) override;
  void on_request(codec::http1::Request request,
                  const RequestOrigin& origin,
                  Responder respond) override;
  std::unique_ptr<MessageHandler> on_session(Session& session) override;

  /// The packet, which is JSON, as the session's client reads it.
  EncodedPacket in_format_of(Session& session, const EncodedPacket& packet);
  /// The session of a connection that is up, or null.
  Session* connected_session(ConnectionId connection);
  /// The same for who only sends to it; Engine::find_receiver().
  Session* receiver(ConnectionId connection);

  Application& application_;
  Rooms rooms_;
  const codec::socketio::DecoderLimits decoder_limits_;
  MultiplexerEnvironment environment_;
  /// The last packet that was made MessagePack: a broadcast is made it once.
  std::optional<std::pair<EncodedPacket, EncodedPacket>> last_as_msgpack_;
  Counter& volatile_dropped_;
  Engine engine_;
};

}  // namespace cloudsync::gateway
