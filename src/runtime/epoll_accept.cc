// EpollLoop's listeners and outgoing connects.

#include "runtime/epoll_key.h"
#include "runtime/epoll_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cloudsync::runtime {
namespace {

constexpr int kBacklog = 4'096;  // net.core.somaxconn of current kernels; more is cut to it
// Accepts of one listener per turn, so that a flood of connects can't starve open sockets.
constexpr int kAcceptsPerTurn = 128;
// How long to leave a listener alone when descriptors ran out: it stays readable, so epoll would
// spin.
constexpr std::chrono::milliseconds kAcceptPause{100};
// A peer that stops reading would otherwise swallow 4 MB of kernel memory; with it about 130 KB.
// Accepted sockets inherit it from the listener.
constexpr int kUnsentLowWatermark = 16 * 1024;
// SYN retries: gives up on a silent host after about 15 s instead of two minutes.
constexpr int kConnectRetries = 3;

void set_option(int fd, int level, int name, int value) {
  // These tune; a kernel without one of them still serves.
  [[maybe_unused]] const int result = ::setsockopt(fd, level, name, &value, sizeof value);
}

int open_socket(const SocketAddress& address) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentLowWatermark);
  }
  return fd;
}

Error system_error(const std::string& what, int error) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(error)};
}

Result<int> bind_and_listen(const SocketAddress& address, bool shared, const std::string& name) {
  const int fd = open_socket(address);
  if (fd < 0) {
    return fail(system_error("no socket for " + name, errno));
  }
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (shared) {
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (::bind(fd, address.get(), address.size) != 0 || ::listen(fd, kBacklog) != 0) {
    const int error = errno;
    ::close(fd);
    return fail(system_error("cannot listen on " + name, error));
  }
  return fd;
}

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Result<Endpoint> EpollLoop::listen(const Endpoint& endpoint, bool shared, Accepted accepted) {
  check_thread();
  CS_TRY_ASSIGN(const SocketAddress address, to_socket_address(endpoint));
  CS_TRY_ASSIGN(const int fd, bind_and_listen(address, shared, to_string(endpoint)));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = listener_key(listeners_.size());
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    const int error = errno;
    ::close(fd);
    return fail(system_error("cannot watch the listener", error));
  }
  listeners_.push_back(std::make_unique<Listener>(Listener{fd, std::move(accepted)}));
  SocketAddress bound;
  CS_ASSERT(::getsockname(fd, bound.get(), &bound.size) == 0, "a bound socket has a name");
  return to_endpoint(bound);
}

void EpollLoop::stop_listening() {
  check_thread();
  for (const auto& listener : listeners_) {
    if (listener->fd >= 0) {
      ::close(std::exchange(listener->fd, -1));
    }
  }
}

void EpollLoop::on_acceptable(std::size_t index) {
  Listener& listener = *listeners_[index];
  for (int i = 0; i < kAcceptsPerTurn && listener.fd >= 0; ++i) {
    SocketAddress peer;
    const int fd = ::accept4(listener.fd, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      hand_over_accepted(listener, fd, peer);
    } else if (errno == EAGAIN) {
      return;
    } else if (out_of_resources(errno)) {
      pause_accepting(index);
      return;
    }
    // Anything else (ECONNABORTED, a pending network error) concerns that one connection only.
  }
}

void EpollLoop::hand_over_accepted(Listener& listener, int fd, const SocketAddress& peer) {
  counters_.accepts.add();
  const SocketId socket = sockets_.add(fd, SocketState::kOpen);
  listener.accepted(socket, to_endpoint(peer));
  // The callback may have released or closed it.
  SocketRecord* record = sockets_.find(socket);
  if (record == nullptr || record->state == SocketState::kGone) {
    return;
  }
  const bool taken = record->events != nullptr;
  if (!taken || !watch(socket, *record, 0)) {
    destroy(socket, *record, taken ? CloseCause::kError : CloseCause::kLocal);
  }
}

void EpollLoop::pause_accepting(std::size_t index) {
  counters_.accept_pauses.add();
  epoll_event event{};
  event.data.u64 = listener_key(index);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, listeners_[index]->fd, &event);
  timers_.add(now_ + kAcceptPause, [this, index] {
    if (listeners_[index]->fd >= 0) {
      epoll_event resumed{};
      resumed.events = EPOLLIN;
      resumed.data.u64 = listener_key(index);
      ::epoll_ctl(epoll_, EPOLL_CTL_MOD, listeners_[index]->fd, &resumed);
    }
  });
}

void EpollLoop::connect(const Endpoint& endpoint, SocketEvents& events, Completion<SocketId> done) {
  check_thread();
  const auto address = to_socket_address(endpoint);
  if (!address) {
    return refuse_connect(std::move(done), address.error());
  }
  if (stopping_.load(std::memory_order_relaxed)) {
    return refuse_connect(std::move(done), {ErrorCode::kUnavailable, "the loop stopped"});
  }
  const int fd = open_socket(*address);
  if (fd < 0) {
    return refuse_connect(std::move(done), system_error("no socket", errno));
  }
  set_option(fd, IPPROTO_TCP, TCP_SYNCNT, kConnectRetries);
  if (::connect(fd, address->get(), address->size) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    return refuse_connect(std::move(done), system_error("cannot connect", error));
  }
  const SocketId socket = sockets_.add(fd, SocketState::kConnecting);
  SocketRecord& record = *sockets_.find(socket);
  if (!watch(socket, record, EPOLLOUT)) {
    ::close(fd);
    sockets_.remove(socket);
    return refuse_connect(std::move(done), {ErrorCode::kUnavailable, "cannot watch the socket"});
  }
  connecting_.emplace(socket.slot, Connecting{&events, std::move(done)});
}

void EpollLoop::refuse_connect(Completion<SocketId> done, Error error) {
  post([done = std::move(done), refused = Result<SocketId>(fail(std::move(error)))]() mutable {
    done(std::move(refused));
  });
}

void EpollLoop::on_connectable(SocketId socket, SocketRecord& record) {
  auto pending = connecting_.extract(socket.slot);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(record.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    ::close(record.fd);
    sockets_.remove(socket);
    const Result<SocketId> refused = fail(system_error("cannot connect", error));
    pending.mapped().done(refused);
    return;
  }
  record.state = SocketState::kOpen;
  record.events = pending.mapped().events;
  watch(socket, record, 0);  // EPOLLOUT off; data that came meanwhile is reported anew
  pending.mapped().done(socket);
}

}  // namespace cloudsync::runtime
