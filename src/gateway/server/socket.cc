#include "gateway/server/socket.h"

#include "gateway/server/broadcast.h"
#include "gateway/server/namespace.h"

#include <algorithm>
#include <utility>

namespace cloudsync::gateway {

Socket::Socket(std::shared_ptr<Namespace> nsp, ConnectRequest request)
    : owner_(std::move(nsp)),
      nsp_(*owner_),
      connection_(request.connection),
      sid_(std::move(request.sid)),
      user_(request.subject.user.str()),
      handshake_(request.subject.handshake) {
  if (auto* auth = request.auth.if_object()) {
    auth_ = std::move(*auth);
  }
  if (handshake_ == nullptr) {
    handshake_ = std::make_shared<const Handshake>();
  }
}

void Socket::on(std::string event, EventHandler handler) {
  handlers_.emplace(std::move(event), std::move(handler));
}

void Socket::on_any_outgoing(OutgoingHandler handler) {
  nsp_.observes_outgoing_ = true;
  any_outgoing_.push_back(std::move(handler));
}

void Socket::notify_outgoing(const std::string& event, const Arguments& arguments) const {
  for (const OutgoingHandler& handler : any_outgoing_) {
    handler(event, arguments);
  }
}

void Socket::emit(const std::string& event, const Arguments& arguments) {
  if (connected_) {
    nsp_.emit_to(*this, event, arguments);
  }
}

void Socket::emit_volatile(const std::string& event, const Arguments& arguments) {
  if (connected_) {
    notify_outgoing(event, arguments);
    nsp_.environment_.gateway.emit_volatile(connection_, nsp_.encode_volatile(event, arguments));
  }
}

void Socket::emit_with_ack(const std::string& event,
                           const Arguments& arguments,
                           Duration timeout,
                           AnswerHandler answer) {
  if (!connected_) {
    answer(std::nullopt);
    return;
  }
  notify_outgoing(event, arguments);
  const std::uint64_t id = nsp_.next_ack_id_++;
  expect_answer(id, timeout, std::move(answer));
  nsp_.environment_.gateway.emit(connection_, nsp_.encode(event, arguments, id));
}

void Socket::expect_answer(std::uint64_t id, Duration timeout, AnswerHandler handler) {
  const auto timer = nsp_.environment_.loop.run_after(timeout, [weak = weak_from_this(), id] {
    const SocketPtr self = weak.lock();
    if (self == nullptr) {
      return;
    }
    if (auto node = self->answers_.extract(id)) {
      node.mapped().handler(std::nullopt);
    }
  });
  answers_.insert_or_assign(id, PendingAnswer{std::move(handler), timer});
}

void Socket::receive_answer(Acknowledgement answer) {
  if (auto node = answers_.extract(answer.id)) {
    nsp_.environment_.loop.cancel(node.mapped().timer);
    node.mapped().handler(Arguments(std::move(answer.arguments), std::move(answer.attachments)));
  }
}

Broadcast Socket::broadcast() {
  return Broadcast(nsp_).except(sid_);
}

Broadcast Socket::to(std::string room) {
  return broadcast().to(std::move(room));
}

void Socket::join(const std::string& room) {
  nsp_.join(*this, room);
}

void Socket::leave(const std::string& room) {
  nsp_.leave(*this, room);
}

void Socket::disconnect(bool close) {
  if (!connected_) {
    return;
  }
  if (close) {
    nsp_.environment_.gateway.disconnect_session(connection_);
  } else {
    nsp_.environment_.gateway.disconnect(connection_);
  }
}

void Socket::receive(const SocketPtr& self, Event event) {
  const Arguments arguments(std::move(event.arguments), std::move(event.attachments));
  Ack ack(std::move(event.ticket),
          !event.ack ? Ack::Send() : Ack::Send([self, id = *event.ack](const Arguments& answer) {
            codec::socketio::Packet packet;
            packet.type = answer.attachments.empty() ? codec::socketio::PacketType::kAck
                                                     : codec::socketio::PacketType::kBinaryAck;
            packet.nsp = self->nsp_.name();
            packet.id = id;
            packet.data = answer.values;
            packet.attachments = answer.attachments;
            self->nsp_.environment_.gateway.emit(
                self->connection_, encode_packet(self->nsp_.environment_.format, packet));
          }));
  for (const EventFilter& filter : filters_) {
    if (const auto refused = filter(self, event.name, arguments)) {
      dispatch(self, "error", {JsonValue(refused->message)}, Ack());
      return;
    }
  }
  for (const AnyEventHandler& handler : std::vector(any_)) {
    handler(self, event.name, arguments);
  }
  dispatch(self, event.name, arguments, ack);
}

// Handlers may add handlers, or remove the socket: they are copied first.
void Socket::dispatch(const SocketPtr& self,
                      const std::string& name,
                      const Arguments& arguments,
                      const Ack& ack) {
  std::vector<EventHandler> called;
  const auto [begin, end] = handlers_.equal_range(name);
  for (auto handler = begin; handler != end; ++handler) {
    called.push_back(handler->second);
  }
  for (const EventHandler& handler : called) {
    handler(self, arguments, ack);
  }
}

void Socket::ended(const SocketPtr& self, std::string_view reason) {
  connected_ = false;
  for (auto& [id, answer] : std::exchange(answers_, {})) {
    nsp_.environment_.loop.cancel(answer.timer);
    answer.handler(std::nullopt);
  }
  for (const DisconnectHandler& handler : std::exchange(disconnect_, {})) {
    handler(self, reason);
  }
  // Handlers that hold the socket would keep it for ever.
  handlers_.clear();
  any_.clear();
  any_outgoing_.clear();
  filters_.clear();
}

}  // namespace cloudsync::gateway
