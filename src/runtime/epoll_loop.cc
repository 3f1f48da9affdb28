#include "runtime/epoll_loop.h"

#include "runtime/epoll_key.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cloudsync::runtime {
namespace {

constexpr int kEventsPerWait = 512;

TimePoint clock_now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

EpollLoop::Counters EpollLoop::make_counters(Metrics& metrics) {
  return {
      metrics.counter("cloudsync_loop_turns_total", "Turns of the event loops"),
      metrics.counter("cloudsync_loop_receives_total", "Receive calls to the kernel"),
      metrics.counter("cloudsync_loop_sends_total", "Send calls to the kernel"),
      metrics.counter("cloudsync_loop_accepts_total", "Accepted sockets"),
      metrics.counter("cloudsync_loop_accept_pauses_total",
                      "Pauses of accepting because descriptors or memory ran out"),
  };
}

EpollLoop::EpollLoop(Metrics* metrics)
    : counters_(make_counters(metrics != nullptr ? *metrics : own_metrics_)),
      buffer_(std::make_unique<std::array<std::uint8_t, 64 * 1024>>()),
      now_(clock_now()) {}

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
  CS_TRY(mailbox_.open());
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kMailboxSlot;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox_.descriptor(), &event) != 0) {
    return fail(ErrorCode::kUnavailable, "epoll refuses the loop's own descriptor");
  }
  return {};
}

void EpollLoop::post(UniqueFunction<void()> task) {
  // Inside run() the loop looks at the mailbox before it sleeps: no wake-up needed.
  const bool own = runner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  mailbox_.post(std::move(task), own ? Mailbox::Wake::kNo : Mailbox::Wake::kYes);
}

TimerId EpollLoop::run_after(Duration delay, UniqueFunction<void()> task) {
  check_thread();
  return timers_.add(now() + std::max(delay, Duration::zero()), std::move(task));
}

bool EpollLoop::cancel(TimerId timer) {
  check_thread();
  return timers_.cancel(timer);
}

TimePoint EpollLoop::now() const {
  // Outside run() no turn reads the clock.
  return runner_.load(std::memory_order_relaxed) == std::thread::id() ? clock_now() : now_;
}

bool EpollLoop::on_loop_thread() const {
  const std::thread::id runner = runner_.load(std::memory_order_relaxed);
  return runner == std::thread::id() || runner == std::this_thread::get_id();
}

void EpollLoop::check_thread() const {
  CS_ASSERT(on_loop_thread(), "a loop is used from its own thread only");
}

void EpollLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  mailbox_.wake();
}

void EpollLoop::run() {
  CS_ASSERT(runner_.load() == std::thread::id(), "a loop runs once at a time");
  now_ = clock_now();
  runner_.store(std::this_thread::get_id());
  while (!stopping_.load(std::memory_order_acquire)) {
    turn();
  }
  shut_down();
  runner_.store(std::thread::id());
}

void EpollLoop::turn() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): epoll_wait fills it
  std::array<epoll_event, kEventsPerWait> events;
  const int count = ::epoll_wait(epoll_, events.data(), kEventsPerWait, wait_ms());
  CS_ASSERT(count >= 0 || errno == EINTR, "epoll_wait fails only when interrupted");
  now_ = clock_now();
  counters_.turns.add();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.u64, event.events);
  }
  run_ready();
  run_mailbox();
  timers_.run_due(now_);
  expire_lingering();
  flush_dirty();
  report_closed();
}

int EpollLoop::wait_ms() {
  if (!dirty_.empty() || !ready_.empty() || !gone_.empty() || !mailbox_.empty()) {
    return 0;
  }
  auto deadline = timers_.next_deadline();
  if (!lingering_.empty()) {
    deadline = std::min(deadline.value_or(TimePoint::max()), lingering_.front().deadline);
  }
  if (!deadline) {
    return -1;
  }
  // Rounded up, so that a timer is due when its wait ends.
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*deadline - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60'000));
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

void EpollLoop::run_mailbox() {
  for (auto& task : mailbox_.take()) {
    task();
    task = nullptr;  // destroyed where it ran, before the next one
  }
}

void EpollLoop::expire_lingering() {
  while (!lingering_.empty() && lingering_.front().deadline <= now_) {
    const SocketId socket = lingering_.front().socket;
    lingering_.pop_front();
    SocketRecord* record = sockets_.find(socket);
    if (record != nullptr && record->state == SocketState::kClosing) {
      destroy(socket, *record, record->cause);
    }
  }
}

void EpollLoop::shut_down() {
  stop_listening();
  flush_dirty();
  // Callbacks may open or close further sockets: go on until nothing is left.
  while (sockets_.size() > 0) {
    for (const SocketId socket : sockets_.ids()) {
      SocketRecord* record = sockets_.find(socket);
      if (record == nullptr || record->state == SocketState::kGone) {
        continue;
      }
      if (record->state == SocketState::kConnecting) {
        auto pending = connecting_.extract(socket.slot);
        ::close(record->fd);
        sockets_.remove(socket);
        pending.mapped().done(fail(ErrorCode::kUnavailable, "the loop stopped"));
        continue;
      }
      destroy(socket, *record, CloseCause::kLocal);
    }
    report_closed();
  }
  timers_.clear();
  mailbox_.close();
}

Result<std::unique_ptr<Loop>> make_epoll_loop(Metrics* metrics) {
  auto loop = std::make_unique<EpollLoop>(metrics);
  CS_TRY(loop->open());
  return loop;
}

}  // namespace cloudsync::runtime
