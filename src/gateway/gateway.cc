#include "gateway/gateway.h"

#include "base/log.h"
#include "codec/engineio/packet.h"
#include "codec/websocket/frame.h"
#include "codec/websocket/handshake.h"

#include <unistd.h>

#include <utility>

namespace cloudsync::gateway {

namespace engineio = codec::engineio;
namespace http1 = codec::http1;
using engineio::RefusalCode;

namespace {

constexpr std::string_view kPath = "/socket.io/";

/// Deadlines are met to within this time; requests check them exactly.
constexpr std::chrono::milliseconds kSweepInterval{100};

constexpr std::string_view kLoopAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static_assert(kLoopAlphabet.size() == kLoopsMax);

http1::Response error_response(int status, std::string_view code, std::string_view message) {
  http1::Response response{.status = status,
                           .headers = {{"content-type", "application/json"}},
                           .body = R"({"error":{"code":")"};
  response.body.append(code).append(R"(","message":)");
  append_json_string(response.body, message);
  response.body += "}}";
  return response;
}

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
                   .flush_later =
                       [this](Session& session) {
                         loop_.post([this, id = session.identity().id] {
                           if (Session* found = find(id)) {
                             found->flush();
                           }
                         });
                       },
                   .retire = [this](Session& session) { retire(session); }},
      connections_gauge_(metrics_.gauge("cloudsync_connections", "Open TCP connections.")),
      sessions_gauge_(metrics_.gauge("cloudsync_sessions", "Open Engine.IO sessions.")),
      rooms_gauge_(metrics_.gauge("cloudsync_rooms", "Rooms with members on a loop.")),
      queued_gauge_(metrics_.gauge("cloudsync_send_queue_bytes",
                                   "Bytes queued for peers at the last sweep.")) {
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
  connections_gauge_.add(-1);
  connections_.erase(&connection);
}

void Gateway::on_ended(Connection& connection) {
  if (Session* session = session_of(connection)) {
    session->on_connection_ended(connection);
  }
}

void Gateway::on_drained(Connection& connection) {
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

void Gateway::on_request(Connection& connection, http1::Request request) {
  if (!check_access(connection, request)) {
    return;
  }
  if (request.path().starts_with(kPath)) {
    serve_engine(connection, std::move(request));
    return;
  }
  const RequestOrigin origin = connection.origin();
  application_.on_request(
      std::move(request),
      origin,
      [this, address = &connection, number = connection.request_number()](
          http1::Response response) {
        // The connection may be gone, or even another at the same address: its number tells.
        const auto found = connections_.find(address);
        if (found != connections_.end() && found->second->request_number() == number) {
          found->second->respond(std::move(response));
        }
      });
}

bool Gateway::check_access(Connection& connection, const http1::Request& request) {
  const bool engine = request.path().starts_with(kPath);
  const bool reads_only =
      !engine && (request.method == "GET" || request.method == "HEAD") && !request.is_upgrade;
  const auto refusal = policy_.check(request, application_.has_session_cookie(request), reads_only);
  if (!refusal) {
    return true;
  }
  metrics_.limit(refusal->status == 421 ? "host_refused" : "origin_refused").add();
  log_info("request_refused",
           {{"status", refusal->status}, {"peer", connection.origin().peer.address}});
  connection.respond(error_response(
      refusal->status, refusal->status == 421 ? "bad_request" : "forbidden", refusal->reason));
  return false;
}

void Gateway::refuse_engine(Connection& connection,
                            const http1::Request& request,
                            RefusalCode code,
                            std::string_view message) {
  http1::Response response{.status = engineio::refusal_status(code),
                           .headers = {{"content-type", "application/json"}},
                           .body = engineio::refusal_json(code, message)};
  if (request.is_upgrade) {
    // Clients of an upgrade read no JSON: the stock server answers the bare message.
    response.status = 400;
    response.headers = {{"content-type", "text/html"}};
    response.body = std::string(message.empty() ? engineio::refusal_message(code) : message);
  }
  connection.respond(std::move(response));
}

// The order of the checks is the stock server's.
void Gateway::serve_engine(Connection& connection, http1::Request request) {
  const auto transport = http1::query_value(request.query(), "transport");
  if (!transport || (*transport != "polling" && *transport != "websocket")) {
    refuse_engine(connection, request, RefusalCode::kTransportUnknown);
    return;
  }
  const bool websocket = *transport == "websocket";
  const auto sid = http1::query_value(request.query(), "sid");
  if (sid && !sid->empty()) {
    serve_session(connection, std::move(request), *sid);
    return;
  }
  if (request.method != "GET") {
    refuse_engine(connection, request, RefusalCode::kBadHandshakeMethod);
  } else if (websocket != codec::websocket::is_websocket_upgrade(request)) {
    refuse_engine(connection, request, RefusalCode::kBadRequest);
  } else if (http1::query_value(request.query(), "EIO") != "4") {
    refuse_engine(connection, request, RefusalCode::kUnsupportedProtocol);
  } else {
    open_session(connection, request, websocket);
  }
}

void Gateway::open_session(Connection& connection, const http1::Request& request, bool websocket) {
  if (draining_) {
    http1::Response response = error_response(503, "unavailable", "this node is shutting down");
    response.headers.push_back({"retry-after", "1"});
    connection.respond(std::move(response));
    return;
  }
  auto subject = application_.authenticate(request, connection.origin());
  if (!subject) {
    refuse_engine(connection, request, RefusalCode::kForbidden, subject.error().message);
    return;
  }
  if (websocket) {
    if (auto refusal = codec::websocket::refuse_upgrade(request)) {
      connection.respond(std::move(*refusal));
      return;
    }
  }
  Session& session =
      add_session(*std::move(subject), websocket ? Transport::kWebSocket : Transport::kPolling);
  if (websocket) {
    connection.session = session.identity().id;
    // The open packet must be queued before input behind the handshake is handled.
    connection.accept_websocket(request);
    session.open_websocket(connection);
  } else {
    session.open_polling(connection);
  }
}

void Gateway::serve_session(Connection& connection,
                            http1::Request request,
                            const std::string& sid) {
  const std::size_t loop = kLoopAlphabet.find(sid.front());
  if (loop < peers_.size() && loop != loop_index_) {
    move_to_loop(connection, std::move(request), static_cast<std::uint32_t>(loop));
    return;
  }
  const auto known = by_sid_.find(sid);
  Session* session = known == by_sid_.end() ? nullptr : find(known->second);
  if (session != nullptr) {
    session->tick(loop_.now());
  }
  if (session == nullptr || session->closed()) {
    refuse_engine(connection, request, RefusalCode::kSessionUnknown);
    return;
  }
  const Subject& subject = session->identity().subject;
  if (subject.from_cookie || application_.has_session_cookie(request)) {
    const auto caller = application_.authenticate(request, connection.origin());
    if (!caller || *caller != subject) {
      refuse_engine(connection, request, RefusalCode::kForbidden);
      return;
    }
  }
  continue_session(connection, request, *session);
}

void Gateway::continue_session(Connection& connection,
                               const http1::Request& request,
                               Session& session) {
  if (codec::websocket::is_websocket_upgrade(request)) {
    if (session.transport() == Transport::kWebSocket || session.upgrading()) {
      refuse_engine(connection, request, RefusalCode::kBadRequest);
    } else if (auto refusal = codec::websocket::refuse_upgrade(request)) {
      connection.respond(std::move(*refusal));
    } else {
      connection.session = session.identity().id;
      session.begin_upgrade(connection);
      connection.accept_websocket(request);
    }
    return;
  }
  if (session.transport() != Transport::kPolling ||
      http1::query_value(request.query(), "EIO").value_or("4") != "4" ||
      http1::query_value(request.query(), "transport") != "polling") {
    refuse_engine(connection, request, RefusalCode::kBadRequest);
  } else if (request.method == "GET") {
    connection.session = session.identity().id;
    session.on_poll(connection);
  } else if (request.method == "POST") {
    session.on_post(connection, request);
  } else {
    refuse_engine(connection, request, RefusalCode::kBadHandshakeMethod);
  }
}

void Gateway::move_to_loop(Connection& connection, http1::Request request, std::uint32_t loop) {
  // The socket itself moves, so that a polling client stays with its session's loop from now on.
  auto released = connection.release();
  if (released.descriptor < 0) {
    refuse_engine(connection, request, RefusalCode::kBadRequest);
    return;
  }
  const RequestOrigin origin = connection.origin();
  loop_.post([this, address = &connection] {
    connections_gauge_.add(-1);
    connections_.erase(address);
  });
  Gateway* target = peers_[loop];
  target->loop_.post([target,
                      descriptor = released.descriptor,
                      origin,
                      moved = std::move(request),
                      input = std::move(released.input)]() mutable {
    target->adopt(descriptor, origin, std::move(moved), std::move(input));
  });
}

void Gateway::adopt(int descriptor,
                    RequestOrigin origin,
                    http1::Request request,
                    std::string input) {
  Connection& connection = add_connection(std::move(origin));
  connection.bind(loop_.adopt(descriptor, connection));
  connection.resume(std::move(request), std::move(input));
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
  // 15 random bytes each: 120 bits in the 20 characters that Socket.IO ids have.
  std::string engine_sid = kLoopAlphabet[loop_index_] + random_token(random_, 15);
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
  for (const std::string& room : std::exchange(session.rooms, {})) {
    rooms_.leave(room, id);
  }
  by_sid_.erase(session.identity().engine_sid);
  sessions_gauge_.add(-1);
  loop_.post([this, id] {
    const auto index = static_cast<std::uint32_t>(id.value);
    slots_[index].session.reset();
    ++slots_[index].generation;
    free_slots_.push_back(index);
  });
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

void Gateway::ack(ConnectionId connection, std::uint64_t ack_id, std::string_view json) {
  emit(connection, EncodedPacket::ack(ack_id, json));
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
    for (const std::string& room : std::exchange(session->rooms, {})) {
      rooms_.leave(room, connection);
    }
  }
}

void Gateway::drain(const EncodedPacket& packet) {
  draining_ = true;
  loop_.stop_listening();
  for (const Slot& slot : slots_) {
    if (slot.session != nullptr && slot.session->connected()) {
      slot.session->send(packet);
    }
  }
}

void Gateway::close_all() {
  if (sweep_timer_) {
    loop_.cancel(*std::exchange(sweep_timer_, std::nullopt));
  }
  for (const Slot& slot : slots_) {
    if (slot.session != nullptr) {
      slot.session->close("server shutting down");
    }
  }
  for (const auto& [address, connection] : connections_) {
    connection->close(codec::websocket::kCloseGoingAway);
  }
}

void Gateway::sweep() {
  const TimePoint now = loop_.now();
  std::int64_t queued = 0;
  for (const Slot& slot : slots_) {
    if (slot.session != nullptr) {
      slot.session->tick(now);
      queued += static_cast<std::int64_t>(slot.session->queued_bytes());
    }
  }
  for (const auto& [address, connection] : connections_) {
    connection->check_deadline(now);
  }
  queued_gauge_.add(queued - std::exchange(queued_reported_, queued));
  const auto rooms = static_cast<std::int64_t>(rooms_.size());
  rooms_gauge_.add(rooms - std::exchange(rooms_reported_, rooms));
  sweep_timer_ = loop_.run_after(kSweepInterval, [this] { sweep(); });
}

}  // namespace cloudsync::gateway
