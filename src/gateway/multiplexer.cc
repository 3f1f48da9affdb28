#include "gateway/multiplexer.h"

#include "codec/socketio/msgpack.h"

#include <algorithm>
#include <utility>

namespace cloudsync::gateway {

namespace socketio = codec::socketio;

namespace {

/// Refused CONNECTs of one session; each echoes the namespace's name back.
constexpr std::uint8_t kRefusedConnectsMax = 10;

/// A socket id has the 20 characters of Socket.IO's (120 bits): its sharded adapter takes a room of
/// that length for a socket.
constexpr std::size_t kSocketIdBytes = 15;

}  // namespace

ConnectRefusal connect_refusal(const Error& error) {
  JsonObject data;
  data["code"] = error_name(error.code);
  data["message"] = error.message;
  return {.message = error.message, .data = std::move(data)};
}

Multiplexer::Multiplexer(MultiplexerEnvironment& environment, Session& session)
    : environment_(environment),
      session_(session),
      format_(environment.format),
      format_known_(!environment.accept_msgpack) {
  expect_connect();
}

void Multiplexer::expect_connect() {
  awaited_->connect_deadline = environment_.loop.now() + environment_.limits.connect_timeout;
}

Multiplexer::Link* Multiplexer::find(std::string_view nsp) {
  return links_.find([&](const Link& link) { return link.nsp.str() == nsp; });
}

const Multiplexer::Link* Multiplexer::find(ConnectionId connection) const {
  return links_.find([&](const Link& link) { return id_of(link) == connection; });
}

Multiplexer::Link* Multiplexer::find(ConnectionId connection) {
  return const_cast<Link*>(std::as_const(*this).find(connection));
}

bool Multiplexer::connected(ConnectionId connection) const {
  const Link* link = find(connection);
  return link != nullptr && link->state == State::kConnected;
}

bool Multiplexer::connected_anywhere() const {
  return std::any_of(links_.begin(), links_.end(), [](const Link& link) {
    return link.state == State::kConnected;
  });
}

// --- from the peer ---

Result<std::optional<socketio::Packet>> Multiplexer::decode(bool binary, std::string_view bytes) {
  if (!std::exchange(format_known_, true) && binary) {
    format_ = PacketFormat::kMsgpack;
  }
  if (format_ == PacketFormat::kJson) {
    return decode_json(binary, bytes);
  }
  if (!binary) {
    return fail(ErrorCode::kBadRequest, "text for the MessagePack parser");
  }
  CS_TRY_ASSIGN(
      socketio::Packet packet,
      socketio::decode_msgpack(socketio::Role::kServer, environment_.decoder_limits, bytes));
  return std::optional(std::move(packet));
}

// A decoder lives on while attachments are owed, until a time.
Result<std::optional<socketio::Packet>> Multiplexer::decode_json(bool binary,
                                                                 std::string_view bytes) {
  const bool is_owed = std::as_const(awaited_)->decoder.has_value();
  auto decoder = is_owed ? *std::move(awaited_->decoder)
                         : socketio::Decoder(socketio::Role::kServer, environment_.decoder_limits);
  auto packet = binary ? decoder.decode_binary(bytes) : decoder.decode_text(bytes);
  if (decoder.waiting()) {
    awaited_->decoder = std::move(decoder);
    if (!is_owed) {
      awaited_->attachments_deadline =
          environment_.loop.now() + environment_.limits.handshake_timeout;
    }
  } else if (is_owed) {
    awaited_->decoder.reset();
    awaited_->attachments_deadline = kNever;
    awaited_.drop_if_empty();
  }
  return packet;
}

void Multiplexer::on_message(bool binary, std::string_view bytes) {
  auto packet = decode(binary, bytes);
  if (!packet) {
    refuse("malformed_packet", packet.error().message);
  } else if (*packet) {
    handle_packet(**std::move(packet));
  } else if (!connected_anywhere()) {
    refuse("attachments_unjoined");  // attachments are not kept for somebody unknown
  }
}

void Multiplexer::handle_packet(socketio::Packet packet) {
  if (packet.type == socketio::PacketType::kConnect) {
    handle_connect(std::move(packet));
    return;
  }
  Link* link = find(packet.nsp);
  if (link == nullptr || link->state == State::kPending) {
    refuse("not_connected");
  } else if (link->state == State::kLeft) {
    // After a disconnect() of ours the client's packets may still be under way.
  } else if (packet.is_event()) {
    handle_event(id_of(*link), std::move(packet));
  } else if (packet.is_ack()) {
    environment_.application.on_ack(id_of(*link),
                                    {.id = packet.id.value_or(0),
                                     .arguments = std::move(packet.data.get_array()),
                                     .attachments = std::move(packet.attachments)});
  } else if (packet.type == socketio::PacketType::kDisconnect) {
    Link left = std::move(*link);
    links_.erase(link);
    end(std::move(left), "client namespace disconnect");
  }
}

void Multiplexer::handle_connect(socketio::Packet packet) {
  if (Link* link = find(packet.nsp); link != nullptr) {
    if (link->state != State::kLeft) {
      refuse("connected_twice");
      return;
    }
    links_.erase(link);
  }
  if (connects_ == kConnectsMax) {
    refuse("too_many_connects");
    return;
  }
  if (!environment_.application.has_namespace(packet.nsp)) {
    refuse_connect(packet.nsp, "invalid_namespace", {.message = "Invalid namespace"});
    return;
  }
  if (links_.size() >= environment_.limits.namespaces_per_session) {
    environment_.metrics.limit("namespaces_per_session").add();
    refuse_connect(packet.nsp,
                   "namespaces_per_session",
                   connect_refusal({ErrorCode::kTooLarge, "too many namespaces"}));
    return;
  }
  std::string sid = random_token(environment_.random, kSocketIdBytes);
  SharedText nsp = packet.nsp == environment_.root.str() ? environment_.root : packet.nsp;
  const ConnectionId id = id_of(links_.push_back({.nsp = std::move(nsp), .connect = ++connects_}));
  const SessionId session = session_.identity().id;
  environment_.application.on_connect(
      {.connection = id,
       .nsp = std::move(packet.nsp),
       .sid = sid,
       .subject = session_.subject(),
       .auth = std::move(packet.data)},
      [&environment = environment_, session, id, sid](const ConnectAnswer& answer) {
        Session* found = environment.find(session);
        return found != nullptr && !found->closed() &&
               static_cast<Multiplexer&>(found->handler()).finish_connect(id, sid, answer);
      });
}

bool Multiplexer::finish_connect(ConnectionId connection,
                                 std::string_view sid,
                                 const ConnectAnswer& answer) {
  Link* link = find(connection);
  if (link == nullptr || link->state != State::kPending) {
    return false;
  }
  if (answer.refusal) {
    const SharedText nsp = link->nsp;
    links_.erase(link);
    refuse_connect(nsp.str(), "application", *answer.refusal);
    return true;
  }
  link->state = State::kConnected;
  has_joined_ = true;
  awaited_->connect_deadline = kNever;
  awaited_.drop_if_empty();
  session_.note_joined();
  JsonObject ids;
  ids["sid"] = answer.sid.empty() ? sid : answer.sid;
  if (!answer.pid.empty()) {
    ids["pid"] = answer.pid;
  }
  const SharedText nsp = link->nsp;
  for (const EncodedPacket& packet : answer.missed) {
    session_.send(packet);
  }
  send(socketio::PacketType::kConnect, nsp.str(), std::move(ids));
  return connected(connection);  // too much for a peer that does not read ends the session
}

void Multiplexer::refuse(std::string_view cause, std::string_view detail) {
  session_.note_refusal("packet_refused", cause, detail);
  close("parse error");
}

// No farewell is owed to who is nobody yet: the sessions that wait for one are not among the
// unjoined ones of their address any more.
void Multiplexer::close(std::string_view reason) {
  if (has_joined_) {
    session_.close_with_farewell(reason);
  } else {
    session_.close(reason);
  }
}

void Multiplexer::refuse_connect(std::string_view nsp,
                                 std::string_view cause,
                                 const ConnectRefusal& refusal) {
  session_.note_refusal("connect_refused", cause, refusal.message);
  if (++refused_connects_ > kRefusedConnectsMax) {
    refuse("too_many_connects");
    return;
  }
  JsonObject error;
  error["message"] = refusal.message;
  if (!refusal.data.is_null()) {
    error["data"] = refusal.data;
  }
  send(socketio::PacketType::kConnectError, nsp, std::move(error));
}

void Multiplexer::handle_event(ConnectionId connection, socketio::Packet packet) {
  JsonArray& elements = packet.data.get_array();
  Event event;
  event.name = elements.front().is_string() ? std::string(view(elements.front().get_string()))
                                            : to_json(elements.front());
  event.arguments = std::move(elements);
  event.arguments.erase(event.arguments.begin());
  event.attachments = std::move(packet.attachments);
  event.had_lone_surrogates = packet.had_lone_surrogates;
  event.ack = packet.id;
  event.ticket = session_.begin_request(environment_.application.weight_of(event.name));
  environment_.application.on_event(connection, std::move(event));
}

// --- ends ---

void Multiplexer::on_tick(TimePoint now) {
  const auto& awaited = std::as_const(awaited_);
  if (now >= awaited->connect_deadline) {
    environment_.metrics.limit("connect_timeout").add();
    session_.note_refusal("session_closed", "connect_timeout");
    close("forced close");
  } else if (now >= awaited->attachments_deadline) {
    environment_.metrics.limit("handshake_timeout").add();
    refuse("attachments_too_late");
  }
}

TimePoint Multiplexer::next_tick() const {
  return std::min(awaited_->connect_deadline, awaited_->attachments_deadline);
}

void Multiplexer::on_closed(std::string_view reason) {
  auto links = std::exchange(links_, {});
  for (Link& link : links) {
    if (link.state == State::kConnected) {
      end(std::move(link), reason);
    }
  }
}

// The session stays open for the client to close or to join again, but not for long.
void Multiplexer::end(Link link, std::string_view reason) {
  for (const std::string* room : link.rooms) {
    environment_.rooms.leave(*room, id_of(link));
  }
  if (!session_.closed() && !connected_anywhere()) {
    expect_connect();
    session_.drop_latest();
  }
  environment_.application.on_disconnect(id_of(link), reason);
}

void Multiplexer::disconnect(ConnectionId connection) {
  Link* link = find(connection);
  if (link == nullptr || link->state != State::kConnected) {
    return;
  }
  const SharedText nsp = link->nsp;  // the send may end the session
  send(socketio::PacketType::kDisconnect, nsp.str());
  link = find(connection);
  if (link != nullptr) {
    Link left =
        std::exchange(*link, {.nsp = link->nsp, .connect = link->connect, .state = State::kLeft});
    end(std::move(left), "server namespace disconnect");
  }
}

void Multiplexer::disconnect_all() {
  std::vector<ConnectionId> connections;
  for (const Link& link : links_) {
    connections.push_back(id_of(link));
  }
  for (const ConnectionId connection : connections) {
    disconnect(connection);
  }
}

// --- rooms ---

void Multiplexer::join(ConnectionId connection, std::string_view room) {
  Link* link = find(connection);
  if (link == nullptr || link->state != State::kConnected) {
    return;  // no join takes effect after a disconnect
  }
  if (find_room(*link, room) == nullptr) {
    link->rooms.push_back(&environment_.rooms.join(room, connection));
  }
}

void Multiplexer::leave(ConnectionId connection, std::string_view room) {
  Link* link = find(connection);
  if (link == nullptr) {
    return;
  }
  if (const auto found = find_room(*link, room); found != nullptr) {
    link->rooms.erase(found);
    environment_.rooms.leave(room, connection);
  }
}

const std::string** Multiplexer::find_room(Link& link, std::string_view room) {
  return link.rooms.find([&](const std::string* name) { return *name == room; });
}

void Multiplexer::send(socketio::PacketType type, std::string_view nsp, JsonValue data) {
  socketio::Packet packet;
  packet.type = type;
  packet.nsp = nsp;
  packet.data = std::move(data);
  for (const EncodedPacket& message : encode_packet(format_, packet)) {
    session_.send(message);
  }
}

}  // namespace cloudsync::gateway
