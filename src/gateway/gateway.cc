#include "gateway/gateway.h"

#include "base/log.h"
#include "codec/websocket/frame.h"

#include <utility>

namespace cloudsync::gateway {

namespace {

/// Deadlines are met to within this time; requests check them exactly.
constexpr std::chrono::milliseconds kSweepInterval{100};

}  // namespace

Gateway::Gateway(GatewayDependencies dependencies)
    : loop_(dependencies.loop),
      loop_index_(dependencies.loop_index),
      application_(dependencies.application),
      policy_(dependencies.policy),
      limits_(dependencies.limits),
      random_(dependencies.random),
      metrics_(dependencies.metrics),
      connection_limits_(dependencies.limits),
      decoder_limits_{.attachment_bytes = dependencies.limits.payload_bytes},
      environment_{.loop = loop_,
                   .application = application_,
                   .limits = limits_,
                   .decoder_limits = decoder_limits_,
                   .metrics = metrics_,
                   .queue_limit = metrics_.limit("send_queue_bytes"),
                   .presence_limit = metrics_.limit("presence_queue_bytes"),
                   .requests_limit = metrics_.limit("requests_in_flight"),
                   .call_later =
                       [this](ConnectionId id, void (Session::*function)()) {
                         loop_.post([this, id, function] {
                           if (Session* found = find(id)) {
                             (found->*function)();
                           }
                         });
                       },
                   .leave_rooms = [this](Session& session) { leave_rooms(session); },
                   .retire = [this](Session& session) { retire(session); }},
      connections_gauge_(metrics_.gauge("cloudsync_connections", "Open TCP connections.")),
      sessions_gauge_(metrics_.gauge("cloudsync_sessions", "Open Engine.IO sessions.")),
      rooms_gauge_(metrics_.gauge("cloudsync_rooms", "Rooms with members on a loop.")),
      queued_gauge_(metrics_.gauge("cloudsync_send_queue_bytes",
                                   "Bytes queued for peers at the last sweep.")),
      queued_answers_(metrics_.gauge("cloudsync_http_answer_bytes",
                                     "Bytes of large HTTP answers that peers have not taken."),
                      limits_.http_answer_bytes) {
  sweep_timer_ = loop_.run_after(kSweepInterval, [this] { sweep(); });
}

Gateway::~Gateway() = default;

Result<runtime::Endpoint> Gateway::listen(const runtime::Endpoint& endpoint, bool shared) {
  const bool loopback = is_loopback(endpoint);
  return loop_.listen(
      endpoint, shared, [this, loopback](runtime::SocketId socket, const runtime::Endpoint& peer) {
        accept(socket, peer, loopback);
      });
}

void Gateway::accept(runtime::SocketId socket, const runtime::Endpoint& peer, bool loopback) {
  Connection& connection = add_connection({.peer = peer, .loopback_listener = loopback});
  connection.bind(socket);
  loop_.attach(socket, connection);
  const auto open = static_cast<std::size_t>(connections_gauge_.value());
  if (open > limits_.connections) {
    metrics_.limit("connections").add();
    connection.abort();
  }
}

Connection& Gateway::add_connection(RequestOrigin origin) {
  auto connection =
      std::make_unique<Connection>(loop_, *this, connection_limits_, std::move(origin));
  Connection& reference = *connection;
  connections_.emplace(&reference, std::move(connection));
  connections_gauge_.add(1);
  return reference;
}

void Gateway::on_gone(Connection& connection) {
  queued_answers_.remove(connection);
  connections_gauge_.add(-1);
  connections_.erase(&connection);
}

void Gateway::on_ended(Connection& connection) {
  if (Session* session = session_of(connection)) {
    session->on_connection_ended(connection);
  }
}

void Gateway::on_drained(Connection& connection) {
  queued_answers_.remove(connection);
  if (Session* session = session_of(connection)) {
    session->on_drained(connection);
  }
}

void Gateway::on_websocket_text(Connection& connection, std::string_view text) {
  if (Session* session = session_of(connection)) {
    session->on_websocket_text(connection, text);
  }
}

void Gateway::on_websocket_binary(Connection& connection, std::string_view bytes) {
  if (Session* session = session_of(connection)) {
    session->on_websocket_binary(connection, bytes);
  }
}

void Gateway::on_violation(Connection& connection, std::string_view limit_or_reason) {
  metrics_.limit(limit_or_reason).add();
  log_info("peer_refused",
           {{"reason", limit_or_reason}, {"peer", connection.origin().peer.address}});
}

Session* Gateway::find(ConnectionId id) {
  const auto slot = static_cast<std::uint32_t>(id.value);
  const auto generation = static_cast<std::uint32_t>(id.value >> 32);
  if (slot >= slots_.size() || slots_[slot].generation != generation) {
    return nullptr;
  }
  return slots_[slot].session.get();
}

Session& Gateway::add_session(Subject subject, Transport transport) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.push_back({.session = nullptr, .generation = 1});
  }
  const std::uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  const ConnectionId id{static_cast<std::uint64_t>(slot.generation) << 32 | index};
  // The engine's is a bearer secret: 128 bits. A socket id has the 20 characters of Socket.IO's.
  std::string engine_sid = kLoopAlphabet[loop_index_] + random_token(random_, 16);
  slot.session = std::make_unique<Session>(
      environment_,
      Session::Identity{id, engine_sid, random_token(random_, 15), std::move(subject)},
      transport);
  by_sid_.emplace(std::move(engine_sid), id);
  sessions_gauge_.add(1);
  return *slot.session;
}

// A session may close while it handles a packet, so it goes at the end of the turn.
void Gateway::retire(Session& session) {
  const ConnectionId id = session.identity().id;
  by_sid_.erase(session.identity().engine_sid);
  sessions_gauge_.add(-1);
  loop_.post([this, id] {
    const auto index = static_cast<std::uint32_t>(id.value);
    slots_[index].session.reset();
    ++slots_[index].generation;
    free_slots_.push_back(index);
  });
}

void Gateway::leave_rooms(Session& session) {
  for (const std::string& room : std::exchange(session.rooms, {})) {
    rooms_.leave(room, session.identity().id);
  }
}

void Gateway::emit(ConnectionId connection, const EncodedPacket& packet) {
  if (Session* session = find(connection); session != nullptr && session->connected()) {
    session->send(packet);
  }
}

void Gateway::emit_latest(ConnectionId connection,
                          const std::string& key,
                          const EncodedPacket& packet) {
  if (Session* session = find(connection); session != nullptr && session->connected()) {
    session->send_latest(key, packet);
  }
}

void Gateway::join(ConnectionId connection, const std::string& room) {
  Session* session = find(connection);
  if (session == nullptr || !session->connected()) {
    return;  // no join takes effect after a disconnect
  }
  rooms_.join(room, connection);
  if (std::find(session->rooms.begin(), session->rooms.end(), room) == session->rooms.end()) {
    session->rooms.push_back(room);
  }
}

void Gateway::leave(ConnectionId connection, const std::string& room) {
  rooms_.leave(room, connection);
  if (Session* session = find(connection)) {
    std::erase(session->rooms, room);
  }
}

void Gateway::disconnect(ConnectionId connection) {
  if (Session* session = find(connection)) {
    session->disconnect();
  }
}

// By index: answering a poll may go on with a handshake that its peer sent behind it, so sessions
// may be added meanwhile. They are removed at the end of the turn only.
template <class Visit>
void Gateway::for_each_session(Visit visit) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (Session* session = slots_[i].session.get()) {
      visit(*session);
    }
  }
}

void Gateway::drain(const EncodedPacket& packet) {
  draining_ = true;
  loop_.stop_listening();
  for_each_session([&](Session& session) {
    if (session.connected()) {
      session.send(packet);
    }
  });
}

void Gateway::close_all() {
  draining_ = true;
  if (sweep_timer_) {
    loop_.cancel(*std::exchange(sweep_timer_, std::nullopt));
  }
  for_each_session([](Session& session) { session.close("server shutting down"); });
  for (const auto& [address, connection] : connections_) {
    connection->close(codec::websocket::kCloseGoingAway);
  }
}

void Gateway::sweep() {
  const TimePoint now = loop_.now();
  std::int64_t queued = 0;
  for_each_session([&](Session& session) {
    session.tick(now);
    queued += static_cast<std::int64_t>(session.queued_bytes());
  });
  for (const auto& [address, connection] : connections_) {
    connection->check_deadline(now);
  }
  queued_gauge_.add(queued - std::exchange(queued_reported_, queued));
  const auto rooms = static_cast<std::int64_t>(rooms_.size());
  rooms_gauge_.add(rooms - std::exchange(rooms_reported_, rooms));
  sweep_timer_ = loop_.run_after(kSweepInterval, [this] { sweep(); });
}

}  // namespace cloudsync::gateway
