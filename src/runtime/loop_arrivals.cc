// How a LoopCore's sockets come: its listeners and connects.

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

}  // namespace cloudsync::runtime
