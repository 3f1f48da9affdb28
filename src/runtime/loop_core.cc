#include "runtime/loop_core.h"

#include "base/assert.h"

#include <algorithm>

namespace cloudsync::runtime {
namespace {

TimePoint clock_now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

LoopCore::Counters LoopCore::make_counters(Metrics& metrics, IoEngine engine) {
  metrics
      .gauge("cloudsync_loop_engine",
             "Event loops by their I/O engine",
             "engine=\"" + std::string(io_engine_name(engine)) + "\"")
      .add(1);
  return {
      metrics.counter("cloudsync_loop_turns_total", "Turns of the event loops"),
      metrics.counter("cloudsync_loop_waits_total", "Calls to the kernel that wait for events"),
      metrics.counter("cloudsync_loop_receives_total", "Receives from sockets"),
      metrics.counter("cloudsync_loop_sends_total", "Sends to sockets"),
      metrics.counter("cloudsync_loop_accepts_total", "Accepted sockets"),
      metrics.counter("cloudsync_loop_accept_pauses_total",
                      "Pauses of accepting because descriptors or memory ran out"),
      metrics.counter("cloudsync_loop_given_up_total",
                      "Connections whose peer had given up before they were accepted"),
  };
}

LoopCore::LoopCore(IoEngine engine, Metrics* metrics)
    : metrics_(metrics != nullptr ? *metrics : own_metrics_),
      counters_(make_counters(metrics_, engine)),
      now_(clock_now()) {}

void LoopCore::post(UniqueFunction<void()> task) {
  // Inside run() the loop looks at the mailbox before it sleeps: no wake-up needed.
  const bool own = runner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  mailbox_.post(std::move(task), own ? Mailbox::Wake::kNo : Mailbox::Wake::kYes);
}

TimerId LoopCore::run_after(Duration delay, UniqueFunction<void()> task) {
  check_thread();
  return timers_.add(now() + std::max(delay, Duration::zero()), std::move(task));
}

bool LoopCore::cancel(TimerId timer) {
  check_thread();
  return timers_.cancel(timer);
}

TimePoint LoopCore::now() const {
  // Outside run() no turn reads the clock.
  return runner_.load(std::memory_order_relaxed) == std::thread::id() ? clock_now() : now_;
}

bool LoopCore::on_loop_thread() const {
  const std::thread::id runner = runner_.load(std::memory_order_relaxed);
  return runner == std::thread::id() || runner == std::this_thread::get_id();
}

void LoopCore::check_thread() const {
  CS_ASSERT(on_loop_thread(), "a loop is used from its own thread only");
}

void LoopCore::stop() {
  stopping_.store(true, std::memory_order_release);
  mailbox_.wake();
}

void LoopCore::run() {
  CS_ASSERT(runner_.load() == std::thread::id(), "a loop runs once at a time");
  now_ = clock_now();
  runner_.store(std::this_thread::get_id());
  begin_run();
  while (!stopping_.load(std::memory_order_acquire)) {
    turn();
  }
  shut_down();
  end_run();
  runner_.store(std::thread::id());
}

void LoopCore::turn() {
  wait_and_dispatch(idle_time());
  run_mailbox();
  timers_.run_due(now_);
  expire_lingering();
  flush_dirty();
  report_closed();
}

void LoopCore::woke_up() {
  now_ = clock_now();
  counters_.turns.add();
}

/// How long the loop has nothing to do, if nothing happens.
std::optional<Duration> LoopCore::idle_time() {
  if (!dirty_.empty() || !gone_.empty() || !mailbox_.empty() || has_leftovers()) {
    return Duration::zero();
  }
  auto deadline = timers_.next_deadline();
  if (!lingering_.empty()) {
    deadline = std::min(deadline.value_or(kNever), lingering_.front().deadline);
  }
  if (!deadline) {
    return std::nullopt;
  }
  return std::max(Duration::zero(), Duration(*deadline - now_));
}

void LoopCore::run_mailbox() {
  for (auto& task : mailbox_.take()) {
    task();
    task = nullptr;  // destroyed where it ran, before the next one
  }
}

void LoopCore::expire_lingering() {
  while (!lingering_.empty() && lingering_.front().deadline <= now_) {
    const SocketId socket = lingering_.front().socket;
    lingering_.pop_front();
    SocketRecord* record = sockets_.find(socket);
    if (record != nullptr && record->state == SocketState::kClosing) {
      destroy(socket, *record, record->cause);
    }
  }
}

void LoopCore::shut_down() {
  stop_listening();
  flush_dirty();
  // Callbacks may open or close further sockets: go on until nothing is left.
  while (sockets_.size() > 0) {
    for (const SocketId socket : sockets_.ids()) {
      SocketRecord* record = sockets_.find(socket);
      if (record != nullptr && record->state != SocketState::kGone) {
        destroy(socket, *record, CloseCause::kLocal);
      }
    }
    report_closed();
  }
  timers_.clear();
  mailbox_.close();
}

}  // namespace cloudsync::runtime
