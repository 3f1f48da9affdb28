#include "gateway/gateway.h"

#include <utility>

namespace cloudsync::gateway {

namespace {

Multiplexer& multiplexer_of(Session& session) {
  return static_cast<Multiplexer&>(session.handler());  // on_session made them all
}

/// The session, or null if the connection is not connected there.
Session* if_connected(Session* session, ConnectionId connection) {
  return session != nullptr && multiplexer_of(*session).connected(connection) ? session : nullptr;
}

}  // namespace

Gateway::Gateway(const GatewayDependencies& dependencies)
    : application_(dependencies.application),
      rooms_(dependencies.metrics.gauge("cloudsync_rooms", "Rooms with members on a loop.")),
      decoder_limits_{.attachment_bytes = dependencies.limits.payload_bytes},
      environment_{.loop = dependencies.loop,
                   .application = application_,
                   .rooms = rooms_,
                   .random = dependencies.random,
                   .limits = dependencies.limits,
                   .decoder_limits = decoder_limits_,
                   .format = dependencies.format,
                   .accept_msgpack = dependencies.accept_msgpack,
                   .metrics = dependencies.metrics,
                   .find = [this](SessionId id) { return engine_.find(id); }},
      volatile_dropped_(dependencies.metrics.counter(
          "cloudsync_volatile_dropped_total", "Volatile events for peers that were not ready.")),
      engine_({.loop = dependencies.loop,
               .loop_index = dependencies.loop_index,
               .application = *this,
               .policy = dependencies.policy,
               .limits = dependencies.limits,
               .random = dependencies.random,
               .metrics = dependencies.metrics,
               .peer_limits = dependencies.peer_limits,
               .options = dependencies.options}) {}

Gateway::~Gateway() = default;

void Gateway::set_peers(std::span<Gateway* const> peers) {
  std::vector<Engine*> engines;
  for (Gateway* peer : peers) {
    engines.push_back(&peer->engine_);
  }
  engine_.set_peers(engines);
}

bool Gateway::has_session_cookie(const codec::http1::Request& request) const {
  return application_.has_session_cookie(request);
}

Result<Subject> Gateway::authenticate(const codec::http1::Request& request,
                                      const RequestOrigin& origin) {
  return application_.authenticate(request, origin);
}

void Gateway::on_request(codec::http1::Request request,
                         const RequestOrigin& origin,
                         Responder respond) {
  application_.on_request(std::move(request), origin, std::move(respond));
}

std::unique_ptr<MessageHandler> Gateway::on_session(Session& session) {
  return std::make_unique<Multiplexer>(environment_, session);
}

Session* Gateway::connected_session(ConnectionId connection) {
  return if_connected(engine_.find(session_of(connection)), connection);
}

Session* Gateway::receiver(ConnectionId connection) {
  return if_connected(engine_.find_receiver(session_of(connection)), connection);
}

EncodedPacket Gateway::in_format_of(Session& session, const EncodedPacket& packet) {
  if (multiplexer_of(session).format() == environment_.format) {
    return packet;
  }
  if (!last_as_msgpack_ || !last_as_msgpack_->first.same_as(packet)) {
    last_as_msgpack_.emplace(packet, to_msgpack(packet));
  }
  return last_as_msgpack_->second;
}

void Gateway::emit(ConnectionId connection, const EncodedPacket& packet) {
  if (Session* session = receiver(connection)) {
    session->send(in_format_of(*session, packet));
  }
}

void Gateway::emit(ConnectionId connection, std::span<const EncodedPacket> messages) {
  if (Session* session = receiver(connection)) {
    for (const EncodedPacket& message : messages) {
      session->send(message);
    }
  }
}

bool Gateway::emit_volatile(ConnectionId connection, std::span<const EncodedPacket> messages) {
  const Session* session = receiver(connection);
  if (session == nullptr || !session->writable()) {
    volatile_dropped_.add();
    return false;
  }
  emit(connection, messages);
  return true;
}

void Gateway::emit_latest(ConnectionId connection,
                          const std::string& key,
                          const EncodedPacket& packet) {
  if (Session* session = receiver(connection)) {
    session->send_latest(key, in_format_of(*session, packet));
  }
}

void Gateway::join(ConnectionId connection, std::string_view room) {
  if (Session* session = connected_session(connection)) {
    multiplexer_of(*session).join(connection, room);
  }
}

void Gateway::leave(ConnectionId connection, std::string_view room) {
  if (Session* session = connected_session(connection)) {
    multiplexer_of(*session).leave(connection, room);
  }
}

void Gateway::disconnect(ConnectionId connection) {
  if (Session* session = connected_session(connection)) {
    multiplexer_of(*session).disconnect(connection);
  }
}

void Gateway::disconnect_session(ConnectionId connection) {
  if (Session* session = engine_.find(session_of(connection))) {
    multiplexer_of(*session).disconnect_all();
    session->close_with_farewell("forced server close");
  }
}

void Gateway::close_session(ConnectionId connection) {
  if (Session* session = engine_.find(session_of(connection))) {
    session->close("transport close");
  }
}

void Gateway::note_refusal(ConnectionId connection,
                           std::string_view event,
                           std::string_view cause,
                           std::string_view detail) {
  if (Session* session = engine_.find(session_of(connection))) {
    session->note_refusal(event, cause, detail);
  }
}

void Gateway::drain(const EncodedPacket& packet) {
  engine_.drain();
  engine_.for_each_session([&](Session& session) {
    if (multiplexer_of(session).connected_anywhere()) {
      session.send(in_format_of(session, packet));
    }
  });
}

}  // namespace cloudsync::gateway
