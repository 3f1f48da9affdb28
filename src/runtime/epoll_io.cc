// EpollLoop's open sockets: reading and sending.

#include "runtime/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace cloudsync::runtime {

void EpollLoop::on_socket_event(SocketId socket, std::uint32_t events) {
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    return;  // closed earlier in this turn
  }
  if (record->state == SocketState::kConnecting) {
    on_connected(socket, *record);
    return;
  }
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (broken && record->paused) {
    destroy(socket, *record, CloseCause::kError);
    return;
  }
  if ((events & EPOLLOUT) != 0 && record->blocked) {
    record->blocked = false;
    mark_dirty(socket, *record);
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    // Behind an end of stream no further edge comes, so a short read is not the end then.
    read(socket, broken || (events & EPOLLRDHUP) != 0);
  }
}

/// One read of the receive buffer; a socket that may hold more is listed for the next turn, so that
/// a busy peer can't starve the others.
void EpollLoop::read(SocketId socket, bool until_end) {
  SocketRecord* record = sockets_.find(socket);
  if (record->paused) {
    return;  // resume_reading() reads
  }
  counters_.receives.add();
  const ssize_t count = ::recv(record->fd, buffer_->data(), buffer_->size(), 0);
  if (count > 0) {
    const auto bytes = static_cast<std::size_t>(count);
    if (record->state == SocketState::kOpen) {
      record->events->on_data(socket, {buffer_->data(), bytes});
    }
    record = sockets_.find(socket);  // the callback may have closed or released it
    if (record != nullptr && (until_end || bytes == buffer_->size())) {
      read_again(socket, *record);
    }
    return;
  }
  if (count == 0) {
    on_end_of_stream(socket, *record);
  } else if (errno == EINTR) {
    read_again(socket, *record);
  } else if (errno != EAGAIN) {
    destroy_broken(socket, *record);
  }
}

void EpollLoop::reading_changed(SocketId socket, SocketRecord& record) {
  if (!record.paused) {
    read_again(socket, record);  // edges that came meanwhile were not kept
  }
}

void EpollLoop::read_again(SocketId socket, SocketRecord& record) {
  if (!record.ready && record.state != SocketState::kGone) {
    record.ready = true;
    ready_.push_back(socket);
  }
}

void EpollLoop::run_ready() {
  const auto batch = std::exchange(ready_, {});
  for (const SocketId socket : batch) {
    SocketRecord* record = sockets_.find(socket);
    if (record != nullptr && record->state != SocketState::kGone) {
      record->ready = false;
      read(socket, true);
    }
  }
}

void EpollLoop::flush(SocketId socket, SocketRecord& record) {
  while (record.outbox != nullptr && !record.outbox->empty()) {
    Outbox::Vectors vectors;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = gather(*record.outbox, vectors);
    const std::size_t wanted = total_bytes({vectors.data(), message.msg_iovlen});
    counters_.sends.add();
    const ssize_t sent = ::sendmsg(record.fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      destroy_broken(socket, record);
      return;
    }
    const auto taken = static_cast<std::size_t>(sent > 0 ? sent : 0);
    consume(record, taken);
    if (sent < 0 ? errno == EAGAIN : taken < wanted) {
      record.blocked = true;
      record.armed_out = true;
      watch_for(socket, record, EPOLLOUT);  // also when armed: asking anew is what makes a new edge
      return;
    }
  }
  if (record.armed_out) {
    record.armed_out = false;
    watch_for(socket, record, 0);
  }
  on_flushed(socket, record);
}

}  // namespace cloudsync::runtime
