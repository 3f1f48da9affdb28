#include "gateway/server/broadcast.h"

#include "gateway/server/namespace.h"

#include <utility>

namespace cloudsync::gateway {

Broadcast Broadcast::to(std::string room) const {
  Broadcast narrowed = *this;
  narrowed.rooms_.push_back(std::move(room));
  return narrowed;
}

Broadcast Broadcast::except(std::string room) const {
  Broadcast narrowed = *this;
  narrowed.except_.push_back(std::move(room));
  return narrowed;
}

Broadcast Broadcast::if_ready() const {
  Broadcast changed = *this;
  changed.if_ready_ = true;
  return changed;
}

void Broadcast::emit(const std::string& event, const Arguments& arguments) const {
  if (!if_ready_) {
    nsp_->emit(rooms_, except_, event, arguments);
    return;
  }
  const auto sockets = fetch_sockets();
  if (sockets.empty()) {
    return;  // nobody is there: nothing to encode
  }
  const auto messages = nsp_->encode_volatile(event, arguments);
  for (const SocketPtr& socket : sockets) {
    socket->notify_outgoing(event, arguments);
    nsp_->environment_.gateway.emit_volatile(socket->connection_, messages);
  }
}

void Broadcast::emit_with_ack(const std::string& event,
                              const Arguments& arguments,
                              Duration timeout,
                              std::function<void(BroadcastAnswers)> done) const {
  struct Collected {
    BroadcastAnswers answers;
    std::size_t awaited = 0;
    std::function<void(BroadcastAnswers)> done;
  };

  const auto sockets = fetch_sockets();
  const auto collected = std::make_shared<Collected>();
  collected->awaited = sockets.size();
  collected->done = std::move(done);
  if (sockets.empty()) {
    collected->done({});
    return;
  }
  const std::uint64_t id = nsp_->next_ack_id_++;
  const auto messages = nsp_->encode(event, arguments, id);
  for (const SocketPtr& socket : sockets) {
    socket->notify_outgoing(event, arguments);
    socket->expect_answer(id, timeout, [collected](std::optional<Arguments> answer) {
      if (answer) {
        collected->answers.answers.push_back(*std::move(answer));
      } else {
        collected->answers.timed_out = true;
      }
      if (--collected->awaited == 0) {
        collected->done(std::move(collected->answers));
      }
    });
    nsp_->environment_.gateway.emit(socket->connection_, messages);
  }
}

std::vector<SocketPtr> Broadcast::fetch_sockets() const {
  std::vector<SocketPtr> sockets;
  for (const ConnectionId member : nsp_->select(rooms_, except_)) {
    sockets.push_back(nsp_->sockets_.at(member.value));
  }
  return sockets;
}

void Broadcast::sockets_join(const std::string& room) const {
  for (const SocketPtr& socket : fetch_sockets()) {
    socket->join(room);
  }
}

void Broadcast::sockets_leave(const std::string& room) const {
  for (const SocketPtr& socket : fetch_sockets()) {
    socket->leave(room);
  }
}

void Broadcast::disconnect_sockets(bool close) const {
  for (const SocketPtr& socket : fetch_sockets()) {
    socket->disconnect(close);
  }
}

}  // namespace cloudsync::gateway
