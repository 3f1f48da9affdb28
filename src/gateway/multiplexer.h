#pragma once
// The Socket.IO v5 side of one session: its connections to namespaces, and the packets between them
// and the application.
//
//   a namespace:  --CONNECT--> pending --accepted--> connected --DISCONNECT--> gone
//                              pending --refused--> gone
//
// Contract of the stock server: docs/protocol.md and the Socket.IO protocol (v5).

#include "base/few.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/on_demand.h"
#include "base/random.h"
#include "base/shared_text.h"
#include "codec/socketio/decoder.h"
#include "gateway/application.h"
#include "gateway/message_handler.h"
#include "gateway/rooms.h"
#include "gateway/session.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::gateway {

/// What a multiplexer needs of the gateway around it.
struct MultiplexerEnvironment {
  runtime::Loop& loop;
  Application& application;
  Rooms& rooms;
  RandomSource& random;
  const Limits& limits;
  const codec::socketio::DecoderLimits& decoder_limits;
  PacketFormat format;
  bool accept_msgpack;
  Metrics& metrics;
  /// Finds a connection's session again when its CONNECT is answered.
  std::function<Session*(SessionId)> find;
  /// The namespace of nearly all connections, which they share.
  SharedText root = "/";
};

// Most sessions are in one namespace and one room, and wait for nothing: that takes 80 bytes.
class Multiplexer final : public MessageHandler {
 public:
  Multiplexer(MultiplexerEnvironment& environment, Session& session);

  void on_message(bool binary, std::string_view bytes) override;
  void on_closed(std::string_view reason) override;
  void on_tick(TimePoint now) override;
  TimePoint next_tick() const override;

  // --- the application's side; no-ops on a connection that is gone ---
  bool connected(ConnectionId connection) const;
  void join(ConnectionId connection, std::string_view room);
  void leave(ConnectionId connection, std::string_view room);
  /// The client gets DISCONNECT; its session stays open for it to close.
  void disconnect(ConnectionId connection);
  void disconnect_all();

  bool connected_anywhere() const;

  PacketFormat format() const { return format_; }

 private:
  enum class State : std::uint8_t {
    kPending,
    kConnected,
    kLeft,  ///< disconnected by us: what the client sent before it knew is ignored
  };

  struct Link {
    SharedText nsp;
    Few<const std::string*> rooms = {};  ///< their names, which the rooms have
    std::uint16_t connect;               ///< of its id
    State state = State::kPending;
  };

  /// What the session waits for.
  struct Awaited {
    TimePoint connect_deadline = kNever;  ///< to join a namespace, or to go after the last
    std::optional<codec::socketio::Decoder> decoder;  ///< has a packet that lacks attachments
    TimePoint attachments_deadline = kNever;          ///< for these

    bool empty() const { return connect_deadline == kNever && !decoder; }
  };

  ConnectionId id_of(const Link& link) const {
    return make_connection_id(session_.identity().id, link.connect);
  }

  Link* find(std::string_view nsp);
  Link* find(ConnectionId connection);
  const Link* find(ConnectionId connection) const;
  /// The element of its rooms, or null.
  static const std::string** find_room(Link& link, std::string_view room);
  void handle_packet(codec::socketio::Packet packet);
  void handle_connect(codec::socketio::Packet packet);
  void handle_event(ConnectionId connection, codec::socketio::Packet packet);
  bool finish_connect(ConnectionId connection, std::string_view sid, const ConnectAnswer& answer);
  /// Ends the session for a packet; `cause` is a label.
  void refuse(std::string_view cause, std::string_view detail = {});
  void close(std::string_view reason);
  void refuse_connect(std::string_view nsp, std::string_view cause, const ConnectRefusal& refusal);
  /// The connection is over: out of its rooms, and the application is told.
  void end(Link link, std::string_view reason);
  void expect_connect();
  Result<std::optional<codec::socketio::Packet>> decode(bool binary, std::string_view bytes);
  Result<std::optional<codec::socketio::Packet>> decode_json(bool binary, std::string_view bytes);
  void send(codec::socketio::PacketType type, std::string_view nsp, JsonValue data = nullptr);

  MultiplexerEnvironment& environment_;
  Session& session_;
  Few<Link> links_;
  OnDemand<Awaited> awaited_;
  PacketFormat format_;
  bool format_known_;
  bool has_joined_ = false;  // some namespace, once
  std::uint8_t refused_connects_ = 0;
  std::uint16_t connects_ = 0;
};

}  // namespace cloudsync::gateway
