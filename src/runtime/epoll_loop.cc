#include "runtime/epoll_loop.h"

#include "base/assert.h"
#include "runtime/epoll_key.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cloudsync::runtime {
namespace {

constexpr int kEventsPerWait = 512;

/// epoll's milliseconds; rounded up, so that a timer is due when its wait ends.
int wait_ms(std::optional<Duration> wait) {
  if (!wait) {
    return -1;
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*wait).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000));
}

}  // namespace

EpollLoop::EpollLoop(Metrics* metrics)
    : LoopCore(IoEngine::kEpoll, metrics),
      buffer_(std::make_unique<std::array<std::uint8_t, 64 * 1024>>()) {}

EpollLoop::~EpollLoop() {
  shut_down();
  if (epoll_ >= 0) {
    ::close(epoll_);
  }
}

Result<void> EpollLoop::open() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) {
    return fail(ErrorCode::kUnavailable, "no epoll: the process is out of descriptors");
  }
  CS_TRY(open_mailbox());
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kMailboxSlot;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox_descriptor(), &event) != 0) {
    return fail(ErrorCode::kUnavailable, "epoll refuses the loop's own descriptor");
  }
  return {};
}

bool EpollLoop::has_leftovers() const {
  return !ready_.empty();
}

void EpollLoop::wait_and_dispatch(std::optional<Duration> wait) {
  joined_.forget();
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): epoll_wait fills it
  std::array<epoll_event, kEventsPerWait> events;
  counters_.waits.add();
  const int count = ::epoll_wait(epoll_, events.data(), kEventsPerWait, wait_ms(wait));
  CS_ASSERT(count >= 0 || errno == EINTR, "epoll_wait fails only when interrupted");
  woke_up();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.u64, event.events);
  }
  run_ready();
}

void EpollLoop::dispatch(std::uint64_t key, std::uint32_t events) {
  const SocketId socket = from_epoll_key(key);
  if (socket.slot == kMailboxSlot) {
    return;  // woken; the mailbox is read each turn
  }
  if (socket.slot >= kFirstListenerSlot) {
    on_acceptable(socket.slot - kFirstListenerSlot);
    return;
  }
  on_socket_event(socket, events);
}

bool EpollLoop::watch_listener(std::size_t index) {
  return watch_listener_by(epoll_, index);
}

bool EpollLoop::watch(SocketId socket, SocketRecord& record) {
  // From kConnecting to kOpen EPOLLOUT goes off, and data that came meanwhile is reported anew.
  const bool connecting = record.state == SocketState::kConnecting;
  return watch_for(socket, record, connecting ? std::uint32_t{EPOLLOUT} : 0U);
}

/// Registers or re-registers with epoll; `events` come on top of what every socket is watched for.
bool EpollLoop::watch_for(SocketId socket, SocketRecord& record, std::uint32_t events) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | events;
  event.data.u64 = epoll_key(socket);
  const int action = record.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  record.registered = true;
  return ::epoll_ctl(epoll_, action, record.fd, &event) == 0;
}

std::string EpollLoop::unwatch(SocketId, SocketRecord& record) {
  if (record.registered) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, record.fd, nullptr);
  }
  return {};
}

void EpollLoop::drop(SocketId, SocketRecord& record) {
  ::close(record.fd);  // leaves epoll with it: nobody else holds the descriptor
}

}  // namespace cloudsync::runtime
