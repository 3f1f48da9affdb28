#include "gateway/server/namespace.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace cloudsync::gateway {

namespace {

/// 120 bits, in the 20 characters of the reference.
constexpr std::size_t kRecoveryIdBytes = 15;
constexpr std::size_t kEpochBytes = 6;

/// After these the client may come back by itself: the reference's list, and what it calls a forced
/// close after a parse error.
bool is_recoverable(std::string_view reason) {
  return reason == "parse error" || reason == "transport close" || reason == "transport error" ||
         reason == "ping timeout" || reason == "forced close" || reason == "forced server close" ||
         reason == "server shutting down";
}

}  // namespace

NamespaceRules& NamespaceRules::use(Middleware middleware) {
  middleware_.push_back(std::move(middleware));
  return *this;
}

NamespaceRules& NamespaceRules::on_connection(ConnectionHandler handler) {
  connection_.push_back(std::move(handler));
  return *this;
}

NamespaceRules& NamespaceRules::allow_recovery(RoomFilter filter) {
  recovery_.push_back(std::move(filter));
  return *this;
}

NamespaceRules& NamespaceRules::on_server_event(ServerEventHandler handler) {
  server_events_.push_back(std::move(handler));
  return *this;
}

/// A CONNECT that is not answered yet.
struct Namespace::Connecting {
  explicit Connecting(Namespace& of) : nsp(of) { ++nsp.connecting_; }

  ~Connecting() { --nsp.connecting_; }

  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

  Namespace& nsp;  // which the socket keeps
  SocketPtr socket;
  ConnectReply reply;
  std::function<void()> accepted;
  ConnectAnswer answer;
};

Namespace::Namespace(NamespaceEnvironment& environment,
                     std::string name,
                     std::shared_ptr<NamespaceRules> rules)
    : environment_(environment),
      name_(std::move(name)),
      rules_(std::move(rules)),
      rooms_(room_count_) {
  if (environment_.recovery) {
    log_.emplace(*environment_.recovery,
                 random_token(environment_.random, kEpochBytes),
                 environment_.recovery_bytes);
  }
}

// A single node has no others; the handlers are there for the adapter of a cluster.
void Namespace::server_side_emit(const std::string&, const Arguments&) {}

// --- a socket's life ---

bool Namespace::empty(TimePoint now) {
  return deserted() && (!log_ || !log_->holds_sockets(now));
}

void Namespace::connect(ConnectRequest request,
                        ConnectReply reply,
                        std::function<void()> accepted) {
  const auto connecting = std::make_shared<Connecting>(*this);
  connecting->socket = std::make_shared<Socket>(shared_from_this(), std::move(request));
  connecting->reply = std::move(reply);
  connecting->accepted = std::move(accepted);
  run_middleware(connecting, 0);
}

void Namespace::run_middleware(const std::shared_ptr<Connecting>& connecting, std::size_t index) {
  if (index == rules_->middleware_.size()) {
    accept(*connecting);
    return;
  }
  rules_->middleware_[index](connecting->socket,
                             [this, connecting, index, called = std::make_shared<bool>(false)](
                                 std::optional<ConnectRefusal> refusal) {
                               if (std::exchange(*called, true)) {
                                 return;
                               }
                               if (refusal) {
                                 connecting->answer.refusal = std::move(refusal);
                                 connecting->reply(std::move(connecting->answer));
                               } else {
                                 run_middleware(connecting, index + 1);
                               }
                             });
}

// The answer goes out before the connection's handlers run, so that nothing overtakes it.
void Namespace::accept(Connecting& connecting) {
  const SocketPtr socket = connecting.socket;
  if (log_) {
    resume(connecting);
    connecting.answer.pid = socket->pid_;
  }
  connecting.answer.sid = socket->sid_;
  if (!connecting.reply(std::move(connecting.answer))) {
    return;
  }
  socket->connected_ = true;
  connecting.accepted();
  sockets_.emplace(socket->connection_.value, socket);
  if (log_) {
    sockets_by_pid_.emplace(socket->pid_, socket);
  }
  std::vector<std::string> rooms = std::exchange(socket->rooms_, {});
  rooms.insert(rooms.begin(), socket->sid_);
  for (const std::string& room : rooms) {
    join(*socket, room);
  }
  for (const ConnectionHandler& handler : rules_->connection_) {
    handler(socket);
  }
}

void Namespace::resume(Connecting& connecting) {
  Socket& socket = *connecting.socket;
  const TimePoint now = environment_.loop.now();
  const auto* pid = find_string(socket.auth_, "pid");
  socket.pid_ = random_token(environment_.random, kRecoveryIdBytes);
  socket.began_ = log_->newest();
  if (pid == nullptr) {
    return;
  }
  const std::string secret(view(*pid));
  const auto* offset = find_string(socket.auth_, "offset");
  if (socket.auth_.contains("offset") && (offset == nullptr || offset->empty())) {
    return;
  }
  take_over(secret, socket.user_);
  auto lost = log_->take(now, secret, socket.user_);
  if (!lost) {
    return;
  }
  std::vector<std::string> rooms;
  for (const std::string& room : lost->rooms) {
    const auto allows = [&](const RoomFilter& filter) { return filter(connecting.socket, room); };
    if (room != lost->sid && !rules_->recovery_.empty() &&
        std::all_of(rules_->recovery_.begin(), rules_->recovery_.end(), allows)) {
      rooms.push_back(room);
    }
  }
  std::vector<std::string> audience = rooms;
  audience.push_back(lost->sid);
  auto missed = log_->missed(*lost, offset == nullptr ? "" : view(*offset), audience);
  if (!missed) {
    return;
  }
  socket.sid_ = std::move(lost->sid);
  socket.pid_ = secret;
  socket.data = std::move(lost->data);
  socket.rooms_ = std::move(rooms);
  socket.began_ = lost->began;
  socket.last_offset_ = log_->newest();
  socket.recovered_ = true;
  connecting.answer.missed = *std::move(missed);
}

// The client is back before the end of its old connection was noticed: that ends now.
void Namespace::take_over(const std::string& pid, const std::string& user) {
  const auto found = sockets_by_pid_.find(pid);
  if (found != sockets_by_pid_.end() && found->second->user_ == user) {
    environment_.gateway.close_session(found->second->connection_);
  }
}

std::optional<JsonObject> Namespace::save() const {
  return log_ ? std::optional(log_->save(environment_.loop.now())) : std::nullopt;
}

void Namespace::restore(const JsonObject& saved, Duration elapsed) {
  if (log_) {
    log_->restore(saved, environment_.loop.now(), elapsed);
  }
}

void Namespace::disconnected(ConnectionId connection, std::string_view reason) {
  const auto node = sockets_.extract(connection.value);
  if (node.empty()) {
    return;
  }
  const SocketPtr& socket = node.mapped();
  sockets_by_pid_.erase(socket->pid_);
  for (const std::string& room : socket->rooms_) {
    rooms_.leave(room, connection);
  }
  if (log_ && is_recoverable(reason)) {
    log_->lose(environment_.loop.now(),
               socket->pid_,
               {.sid = socket->sid_,
                .rooms = socket->rooms_,
                .data = socket->data,
                .user = socket->user_,
                .began = socket->began_,
                .last_sent = socket->last_offset_});
  }
  socket->ended(socket, reason);
  socket->rooms_.clear();
}

// --- events ---

void Namespace::receive(ConnectionId connection, Event event) {
  if (const SocketPtr socket = find(connection)) {
    socket->receive(socket, std::move(event));
  }
}

void Namespace::receive_answer(ConnectionId connection, Acknowledgement answer) {
  if (const SocketPtr socket = find(connection)) {
    socket->receive_answer(std::move(answer));
  }
}

SocketPtr Namespace::find(ConnectionId connection) const {
  const auto found = sockets_.find(connection.value);
  return found == sockets_.end() ? nullptr : found->second;
}

std::vector<EncodedPacket> Namespace::encode(const std::string& event,
                                             const Arguments& arguments,
                                             std::optional<std::uint64_t> ack_id) const {
  codec::socketio::Packet packet;
  packet.type = arguments.attachments.empty() ? codec::socketio::PacketType::kEvent
                                              : codec::socketio::PacketType::kBinaryEvent;
  packet.nsp = name_;
  packet.id = ack_id;
  JsonArray data;
  data.reserve(arguments.size() + 1);
  data.emplace_back(event);
  data.insert(data.end(), arguments.values.begin(), arguments.values.end());
  packet.data = std::move(data);
  packet.attachments = arguments.attachments;
  return encode_packet(environment_.format, packet);
}

// It is not kept and needs no offset. But the client takes any string at the end of an event for
// one, and could not resume with that: such an event carries the offset of what was sent before it.
std::vector<EncodedPacket> Namespace::encode_volatile(const std::string& event,
                                                      const Arguments& arguments) const {
  if (!log_ || arguments.values.empty() || !arguments.values.back().is_string()) {
    return encode(event, arguments);
  }
  Arguments with_offset = arguments;
  with_offset.add(JsonValue(log_->newest_offset()));
  return encode(event, with_offset);
}

std::vector<EncodedPacket> Namespace::encode_kept(RecoveryLog::Audience audience,
                                                  const std::string& event,
                                                  const Arguments& arguments) {
  if (!log_) {
    return encode(event, arguments);
  }
  Arguments with_offset = arguments;
  with_offset.add(JsonValue(log_->next_offset()));
  auto messages = encode(event, with_offset);
  log_->append(environment_.loop.now(), std::move(audience), messages);
  return messages;
}

void Namespace::deliver(Socket& socket,
                        const std::string& event,
                        const Arguments& arguments,
                        const std::vector<EncodedPacket>& messages) {
  socket.notify_outgoing(event, arguments);
  if (log_) {
    socket.last_offset_ = log_->newest();
  }
  environment_.gateway.emit(socket.connection_, messages);
}

void Namespace::emit_to(Socket& socket, const std::string& event, const Arguments& arguments) {
  deliver(socket, event, arguments, encode_kept({.only = socket.sid_}, event, arguments));
}

void Namespace::emit(const std::vector<std::string>& rooms,
                     const std::vector<std::string>& except,
                     const std::string& event,
                     const Arguments& arguments) {
  const auto members = select(rooms, except);
  if (members.empty() && !log_) {
    return;  // nobody is there: nothing to encode
  }
  const auto messages = encode_kept({.rooms = rooms, .except = except}, event, arguments);
  for (const ConnectionId member : members) {
    if (!log_ && !observes_outgoing_) {
      // Nothing of the socket is needed, and not to touch it saves half of the cache misses.
      environment_.gateway.emit(member, messages);
    } else if (const SocketPtr socket = find(member)) {
      deliver(*socket, event, arguments, messages);
    }
  }
}

// --- rooms ---

std::vector<ConnectionId> Namespace::select(const std::vector<std::string>& rooms,
                                            const std::vector<std::string>& except) const {
  if (rooms.size() == 1 && except.empty()) {
    return rooms_.members(rooms.front());
  }
  std::unordered_set<std::uint64_t> seen;
  for (const std::string& room : except) {
    for (const ConnectionId member : rooms_.members(room)) {
      seen.insert(member.value);
    }
  }
  std::vector<ConnectionId> selected;
  if (rooms.empty()) {
    selected.reserve(sockets_.size());
    for (const auto& [id, socket] : sockets_) {
      if (!seen.contains(id)) {
        selected.push_back({id});
      }
    }
    return selected;
  }
  for (const std::string& room : rooms) {
    for (const ConnectionId member : rooms_.members(room)) {
      if (seen.insert(member.value).second) {
        selected.push_back(member);
      }
    }
  }
  return selected;
}

void Namespace::join(Socket& socket, const std::string& room) {
  auto& rooms = socket.rooms_;
  // No join takes effect after a disconnect.
  if (socket.connected_ && std::find(rooms.begin(), rooms.end(), room) == rooms.end()) {
    rooms.push_back(room);
    rooms_.join(room, socket.connection_);
  }
}

void Namespace::leave(Socket& socket, const std::string& room) {
  if (socket.connected_ && std::erase(socket.rooms_, room) > 0) {
    rooms_.leave(room, socket.connection_);
  }
}

}  // namespace cloudsync::gateway
