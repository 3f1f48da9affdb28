// EpollLoop's open sockets: reading, sending, closing.

#include "runtime/epoll_key.h"
#include "runtime/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace cloudsync::runtime {
namespace {

// How long a flushing close waits for the peer to take the bytes and to end its side.
constexpr std::chrono::seconds kLinger{5};

}  // namespace

SocketRecord* EpollLoop::find_open(SocketId socket) {
  SocketRecord* record = sockets_.find(socket);
  return record != nullptr && record->state == SocketState::kOpen ? record : nullptr;
}

/// Registers or re-registers with epoll; `events` come on top of what every socket is watched for.
bool EpollLoop::watch(SocketId socket, SocketRecord& record, std::uint32_t events) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | events;
  event.data.u64 = epoll_key(socket);
  const int action = record.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  record.registered = true;
  return ::epoll_ctl(epoll_, action, record.fd, &event) == 0;
}

void EpollLoop::attach(SocketId socket, SocketEvents& events) {
  check_thread();
  // A socket that is gone still owes its on_closed, which is then the new owner's.
  if (SocketRecord* record = sockets_.find(socket)) {
    record->events = &events;
  }
}

SocketId EpollLoop::adopt(int descriptor, SocketEvents& events) {
  check_thread();
  const SocketId socket = sockets_.add(descriptor, SocketState::kOpen);
  SocketRecord& record = *sockets_.find(socket);
  record.events = &events;
  if (!watch(socket, record, 0)) {
    destroy(socket, record, CloseCause::kError);
  }
  return socket;
}

int EpollLoop::release(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record == nullptr || record->outbox != nullptr) {
    return -1;
  }
  if (record->registered) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, record->fd, nullptr);
  }
  const int fd = record->fd;
  sockets_.remove(socket);
  return fd;
}

void EpollLoop::on_socket_event(SocketId socket, std::uint32_t events) {
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    return;  // closed earlier in this turn
  }
  if (record->state == SocketState::kConnecting) {
    on_connectable(socket, *record);
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
    const bool closing = record->state == SocketState::kClosing;
    destroy(socket, *record, closing ? record->cause : CloseCause::kError);
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

void EpollLoop::on_end_of_stream(SocketId socket, SocketRecord& record) {
  if (record.outbox == nullptr) {
    const bool closing = record.state == SocketState::kClosing;
    destroy(socket, record, closing ? record.cause : CloseCause::kPeer);
    return;
  }
  // A peer may end its side and still read: it gets what is queued first.
  if (record.state == SocketState::kOpen) {
    begin_closing(socket, record, CloseCause::kPeer);
  }
  record.peer_ended = true;
}

void EpollLoop::pause_reading(SocketId socket) {
  check_thread();
  if (SocketRecord* record = find_open(socket)) {
    record->paused = true;
  }
}

void EpollLoop::resume_reading(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record != nullptr && record->paused) {
    record->paused = false;
    read_again(socket, *record);  // edges that came meanwhile were not kept
  }
}

void EpollLoop::send(SocketId socket, SharedBytes bytes) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record == nullptr || bytes->empty()) {
    return;
  }
  if (record->outbox == nullptr) {
    record->outbox = outboxes_.take();
  }
  record->outbox->push(std::move(bytes));
  if (!record->blocked) {
    mark_dirty(socket, *record);
  }
}

std::size_t EpollLoop::queued_bytes(SocketId socket) const {
  const SocketRecord* record = sockets_.find(socket);
  return record != nullptr && record->outbox != nullptr ? record->outbox->bytes() : 0;
}

std::uint64_t EpollLoop::sent_bytes(SocketId socket) const {
  const SocketRecord* record = sockets_.find(socket);
  return record != nullptr ? record->sent_bytes : 0;
}

void EpollLoop::mark_dirty(SocketId socket, SocketRecord& record) {
  if (!record.dirty) {
    record.dirty = true;
    dirty_.push_back(socket);
  }
}

void EpollLoop::flush_dirty() {
  // on_drained may send again: that goes into the next turn, which follows without waiting.
  flushing_.swap(dirty_);
  for (const SocketId socket : flushing_) {
    flush(socket);
  }
  flushing_.clear();
}

void EpollLoop::flush(SocketId socket) {
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    return;
  }
  record->dirty = false;
  while (record->outbox != nullptr && !record->outbox->empty()) {
    Outbox::Vectors vectors;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = record->outbox->gather(vectors);
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
      wanted += vectors[i].iov_len;
    }
    counters_.sends.add();
    const ssize_t sent = ::sendmsg(record->fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      const bool closing = record->state == SocketState::kClosing;
      destroy(socket, *record, closing ? record->cause : CloseCause::kError);
      return;
    }
    const auto taken = static_cast<std::size_t>(sent > 0 ? sent : 0);
    record->outbox->consume(taken);
    record->sent_bytes += taken;
    if (sent < 0 ? errno == EAGAIN : static_cast<std::size_t>(sent) < wanted) {
      record->blocked = true;
      record->armed_out = true;
      watch(socket, *record, EPOLLOUT);  // also when armed: asking anew is what makes a new edge
      return;
    }
  }
  on_flushed(socket, *record);
}

void EpollLoop::on_flushed(SocketId socket, SocketRecord& record) {
  const bool had_queue = record.outbox != nullptr;
  if (had_queue) {
    outboxes_.give_back(std::exchange(record.outbox, nullptr));
  }
  if (record.armed_out) {
    record.armed_out = false;
    watch(socket, record, 0);
  }
  if (record.state == SocketState::kClosing) {
    ::shutdown(record.fd, SHUT_WR);
    if (record.peer_ended) {
      destroy(socket, record, record.cause);
    }
  } else if (had_queue && record.events != nullptr) {
    record.events->on_drained(socket);
  }
}

void EpollLoop::close(SocketId socket, CloseMode mode) {
  check_thread();
  SocketRecord* record = sockets_.find(socket);
  const bool alive = record != nullptr && (record->state == SocketState::kOpen ||
                                           record->state == SocketState::kClosing);
  if (!alive) {
    return;
  }
  if (mode == CloseMode::kAbort) {
    // Linger 0 resets the connection: the kernel's share of the queue goes at once, too.
    const linger reset{1, 0};
    ::setsockopt(record->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    destroy(socket, *record, CloseCause::kLocal);
  } else if (record->state == SocketState::kOpen) {
    begin_closing(socket, *record, CloseCause::kLocal);
    if (!record->blocked) {
      mark_dirty(socket, *record);  // flushed even if empty: the flush ends the stream
    }
  }
}

void EpollLoop::begin_closing(SocketId socket, SocketRecord& record, CloseCause cause) {
  record.state = SocketState::kClosing;
  record.cause = cause;
  lingering_.push_back({now() + kLinger, socket});
  if (record.paused) {
    record.paused = false;
    read_again(socket, record);  // to see the peer's end
  }
}

/// Closes the descriptor now and lists the socket for its on_closed at the end of the turn.
void EpollLoop::destroy(SocketId socket, SocketRecord& record, CloseCause cause) {
  ::close(record.fd);  // leaves epoll with it: nobody else holds the descriptor
  record.fd = -1;
  record.state = SocketState::kGone;
  record.cause = cause;
  if (record.outbox != nullptr) {
    outboxes_.give_back(std::exchange(record.outbox, nullptr));
  }
  gone_.push_back(socket);
}

void EpollLoop::report_closed() {
  const auto batch = std::exchange(gone_, {});
  for (const SocketId socket : batch) {
    SocketRecord* record = sockets_.find(socket);
    SocketEvents* events = record->events;
    const CloseCause cause = record->cause;
    sockets_.remove(socket);
    if (events != nullptr) {
      events->on_closed(socket, cause);
    }
  }
}

}  // namespace cloudsync::runtime
