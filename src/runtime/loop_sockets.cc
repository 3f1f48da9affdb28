// LoopCore's sockets: how they come, what they send, how they end.

#include "base/assert.h"
#include "runtime/epoll_key.h"
#include "runtime/loop_core.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace cloudsync::runtime {
namespace {

// How long a flushing close waits for the peer to take the bytes and to end its side.
constexpr std::chrono::seconds kLinger{5};
// Accepts of one listener in a row, so that a flood of connects can't starve open sockets.
constexpr int kAcceptsPerTurn = 128;
// How long to leave a listener alone when descriptors ran out: it stays readable, so the loop would
// spin.
constexpr std::chrono::milliseconds kAcceptPause{100};

/// Whether the peer has ended its side of the stream.
bool has_given_up(int fd) {
  pollfd state{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return ::poll(&state, 1, 0) > 0;
}

}  // namespace

Result<Endpoint> LoopCore::listen(const Endpoint& endpoint, bool shared, Accepted accepted) {
  check_thread();
  CS_TRY_ASSIGN(const SocketAddress address, to_socket_address(endpoint));
  CS_TRY_ASSIGN(const int fd, bind_and_listen(address, shared, to_string(endpoint)));
  listeners_.push_back(std::make_unique<Listener>(Listener{fd, std::move(accepted)}));
  if (!watch_listener(listeners_.size() - 1)) {
    const int error = errno;
    listeners_.pop_back();
    ::close(fd);
    return fail(system_error("cannot watch the listener", error));
  }
  SocketAddress bound;
  CS_ASSERT(::getsockname(fd, bound.get(), &bound.size) == 0, "a bound socket has a name");
  return to_endpoint(bound);
}

void LoopCore::stop_listening() {
  check_thread();
  for (const auto& listener : listeners_) {
    if (listener->fd >= 0) {
      ::close(std::exchange(listener->fd, -1));
    }
  }
}

bool LoopCore::watch_listener_by(int instance, std::size_t index) {
  Listener& listener = *listeners_[index];
  epoll_event event{};
  event.events = accepts(listener) ? std::uint32_t{EPOLLIN} : 0U;
  event.data.u64 = listener_key(index);
  const int action = listener.watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  listener.watched = true;
  return ::epoll_ctl(instance, action, listener.fd, &event) == 0;
}

void LoopCore::hold_listening(bool held) {
  check_thread();
  if (held == listening_held_) {
    return;
  }
  listening_held_ = held;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    listeners_[i]->was_held = true;
    if (listeners_[i]->fd >= 0) {
      watch_listener(i);
    }
  }
}

bool LoopCore::on_acceptable(std::size_t index) {
  Listener& listener = *listeners_[index];
  for (int i = 0; i < kAcceptsPerTurn && listener.fd >= 0 && accepts(listener); ++i) {
    SocketAddress peer;
    const int fd = ::accept4(listener.fd, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && listener.was_held && has_given_up(fd)) {
      counters_.given_up.add();
      ::close(fd);
    } else if (fd >= 0) {
      hand_over_accepted(listener, fd, peer);
    } else if (errno == EAGAIN) {
      listener.was_held = false;
      return false;
    } else if (out_of_resources(errno)) {
      pause_accepting(index);
      return false;
    }
    // Anything else (ECONNABORTED, a pending network error) concerns that one connection only.
  }
  return listener.fd >= 0 && accepts(listener);
}

void LoopCore::hand_over_accepted(Listener& listener, int fd, const SocketAddress& peer) {
  counters_.accepts.add();
  const SocketId socket = sockets_.add(fd, SocketState::kOpen);
  listener.accepted(socket, to_endpoint(peer));
  // The callback may have released or closed it.
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    return;
  }
  const bool taken = record->events != nullptr;
  if (!taken || !watch(socket, *record)) {
    destroy(socket, *record, taken ? CloseCause::kError : CloseCause::kLocal);
  }
}

void LoopCore::pause_accepting(std::size_t index) {
  counters_.accept_pauses.add();
  listeners_[index]->paused = true;
  watch_listener(index);
  timers_.add(now_ + kAcceptPause, [this, index] {
    Listener& listener = *listeners_[index];
    listener.paused = false;
    if (listener.fd >= 0) {
      watch_listener(index);
    }
  });
}

SocketId LoopCore::connect(const Endpoint& endpoint,
                           SocketEvents& events,
                           Completion<SocketId> done) {
  const auto address = to_socket_address(endpoint);
  return watch_connect(
      address ? start_connect(*address) : fail(address.error()), events, std::move(done));
}

SocketId LoopCore::connect_from(const Endpoint& source,
                                const Endpoint& endpoint,
                                SocketEvents& events,
                                Completion<SocketId> done) {
  const auto from = to_socket_address(source);
  const auto address = to_socket_address(endpoint);
  if (!from || !address) {
    return refuse_connect(std::move(done), (from ? address : from).error());
  }
  return watch_connect(start_connect(*address, &*from), events, std::move(done));
}

SocketId LoopCore::watch_connect(const Result<int>& fd,
                                 SocketEvents& events,
                                 Completion<SocketId> done) {
  check_thread();
  if (fd && stopping_.load(std::memory_order_relaxed)) {
    ::close(*fd);
    return refuse_connect(std::move(done), {ErrorCode::kUnavailable, "the loop stopped"});
  }
  if (!fd) {
    return refuse_connect(std::move(done), fd.error());
  }
  const SocketId socket = sockets_.add(*fd, SocketState::kConnecting);
  SocketRecord& record = *sockets_.find(socket);
  if (!watch(socket, record)) {
    drop(socket, record);
    sockets_.remove(socket);
    return refuse_connect(std::move(done), {ErrorCode::kUnavailable, "cannot watch the socket"});
  }
  connecting_.emplace(socket.slot, Connecting{&events, std::move(done)});
  return socket;
}

SocketId LoopCore::refuse_connect(Completion<SocketId> done, Error error) {
  post([done = std::move(done), refused = Result<SocketId>(fail(std::move(error)))]() mutable {
    done(std::move(refused));
  });
  return {};
}

void LoopCore::on_connected(SocketId socket, SocketRecord& record) {
  auto pending = connecting_.extract(socket.slot);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(record.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    drop(socket, record);
    sockets_.remove(socket);
    const Result<SocketId> refused = fail(system_error("cannot connect", error));
    pending.mapped().done(refused);
    return;
  }
  record.state = SocketState::kOpen;
  record.events = pending.mapped().events;
  watch(socket, record);  // reading from now on
  pending.mapped().done(socket);
}

SocketRecord* LoopCore::find_open(SocketId socket) {
  SocketRecord* record = sockets_.find(socket);
  return record != nullptr && record->state == SocketState::kOpen ? record : nullptr;
}

void LoopCore::attach(SocketId socket, SocketEvents& events) {
  check_thread();
  // A socket that is gone still owes its on_closed, which is then the new owner's.
  if (SocketRecord* record = sockets_.find(socket)) {
    record->events = &events;
  }
}

SocketId LoopCore::adopt(int descriptor, SocketEvents& events) {
  check_thread();
  const SocketId socket = sockets_.add(descriptor, SocketState::kOpen);
  SocketRecord& record = *sockets_.find(socket);
  record.events = &events;
  if (!watch(socket, record)) {
    destroy(socket, record, CloseCause::kError);
  }
  return socket;
}

Loop::Released LoopCore::release(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record == nullptr || record->outbox != nullptr || record->pinned) {
    return {};
  }
  Released released{.descriptor = record->fd, .unread = unwatch(socket, *record)};
  sockets_.remove(socket);
  return released;
}

void LoopCore::pin(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record != nullptr && !record->pinned) {
    record->pinned = true;
    keep(socket, *record);
  }
}

void LoopCore::trust_heartbeat(SocketId socket) {
  check_thread();
  if (SocketRecord* record = find_open(socket)) {
    record->heartbeat = true;
  }
}

void LoopCore::on_end_of_stream(SocketId socket, SocketRecord& record) {
  const bool again = record.peer_ended;
  record.peer_ended = true;
  if (record.state == SocketState::kOpen) {
    if (again || record.events->on_end(socket)) {
      return;  // its owner closes it
    }
    if (find_open(socket) == nullptr) {
      return;  // closed or released meanwhile
    }
  }
  if (record.outbox == nullptr) {
    const bool closing = record.state == SocketState::kClosing;
    destroy(socket, record, closing ? record.cause : CloseCause::kPeer);
  } else if (record.state == SocketState::kOpen) {
    begin_closing(socket, record, CloseCause::kPeer);
  }
}

void LoopCore::pause_reading(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record != nullptr && !record->paused) {
    record->paused = true;
    reading_changed(socket, *record);
  }
}

void LoopCore::resume_reading(SocketId socket) {
  check_thread();
  SocketRecord* record = find_open(socket);
  if (record != nullptr && record->paused) {
    record->paused = false;
    reading_changed(socket, *record);
  }
}

void LoopCore::send(SocketId socket, SharedBytes bytes) {
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

std::size_t LoopCore::queued_bytes(SocketId socket) const {
  const SocketRecord* record = sockets_.find(socket);
  return record != nullptr && record->outbox != nullptr ? record->outbox->bytes() : 0;
}

std::uint64_t LoopCore::sent_bytes(SocketId socket) const {
  const SocketRecord* record = sockets_.find(socket);
  return record != nullptr ? record->sent_bytes : 0;
}

void LoopCore::mark_dirty(SocketId socket, SocketRecord& record) {
  if (!record.dirty) {
    record.dirty = true;
    dirty_.push_back(socket);
  }
}

void LoopCore::flush_dirty() {
  // on_drained may send again: that goes into the next turn, which follows without waiting.
  flushing_.swap(dirty_);
  for (const SocketId socket : flushing_) {
    SocketRecord* record = sockets_.find(socket);
    if (record != nullptr && record->state != SocketState::kGone) {
      record->dirty = false;
      flush(socket, *record);
    }
  }
  flushing_.clear();
}

std::size_t LoopCore::gather(const Outbox& outbox, Outbox::Vectors& out) {
  const std::string_view joined = joined_.of(outbox);
  if (joined.empty()) {
    return outbox.gather(out);
  }
  out[0] = {const_cast<char*>(joined.data()), joined.size()};  // as in Outbox::gather()
  return 1;
}

void LoopCore::consume(SocketRecord& record, std::size_t taken) {
  record.outbox->consume(taken);
  record.sent_bytes += taken;
}

void LoopCore::give_back_outbox(SocketRecord& record) {
  if (record.outbox != nullptr) {
    outboxes_.give_back(std::exchange(record.outbox, nullptr));
  }
}

void LoopCore::on_flushed(SocketId socket, SocketRecord& record) {
  const bool had_queue = record.outbox != nullptr;
  give_back_outbox(record);
  after_flush(socket, record, had_queue);
}

void LoopCore::after_flush(SocketId socket, SocketRecord& record, bool had_queue) {
  if (record.state == SocketState::kClosing) {
    end_stream(socket, record);
    if (record.peer_ended) {
      destroy(socket, record, record.cause);
    }
  } else if (had_queue && record.events != nullptr) {
    record.events->on_drained(socket);
  }
}

void LoopCore::end_stream(SocketId /*socket*/, SocketRecord& record) {
  ::shutdown(record.fd, SHUT_WR);
}

void LoopCore::discard(SocketId /*socket*/, SocketRecord& record) {
  ::setsockopt(record.fd, SOL_SOCKET, SO_LINGER, &kReset, sizeof kReset);
}

void LoopCore::close(SocketId socket, CloseMode mode) {
  check_thread();
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    return;
  }
  if (record->state == SocketState::kConnecting) {
    destroy(socket, *record, CloseCause::kLocal);
  } else if (mode == CloseMode::kAbort) {
    discard(socket, *record);
    destroy(socket, *record, CloseCause::kLocal);
  } else if (record->state == SocketState::kOpen) {
    begin_closing(socket, *record, CloseCause::kLocal);
    if (!record->blocked) {
      mark_dirty(socket, *record);  // flushed even if empty: the flush ends the stream
    }
  }
}

void LoopCore::begin_closing(SocketId socket, SocketRecord& record, CloseCause cause) {
  record.state = SocketState::kClosing;
  record.cause = cause;
  lingering_.push_back({now() + kLinger, socket});
  if (record.paused) {
    record.paused = false;
    reading_changed(socket, record);  // to see the peer's end
  }
}

void LoopCore::destroy(SocketId socket, SocketRecord& record, CloseCause cause) {
  drop(socket, record);
  record.fd = -1;
  record.state = SocketState::kGone;
  record.cause = cause;
  give_back_outbox(record);
  gone_.push_back(socket);
}

void LoopCore::destroy_broken(SocketId socket, SocketRecord& record) {
  const bool closing = record.state == SocketState::kClosing;
  destroy(socket, record, closing ? record.cause : CloseCause::kError);
}

void LoopCore::report_closed() {
  const auto batch = std::exchange(gone_, {});
  for (const SocketId socket : batch) {
    SocketRecord* record = sockets_.find(socket);
    SocketEvents* events = record->events;
    const CloseCause cause = record->cause;
    auto connecting = connecting_.extract(socket.slot);
    sockets_.remove(socket);
    if (!connecting.empty()) {
      connecting.mapped().done(fail(ErrorCode::kUnavailable, "the connect was given up"));
    } else if (events != nullptr) {
      events->on_closed(socket, cause);
    }
  }
}

}  // namespace cloudsync::runtime
