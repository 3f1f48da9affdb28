#pragma once
// One thread of virtual time and the tasks that are due. Two runs of a plan take the same steps.

#include "base/clock.h"
#include "base/executor.h"
#include "base/unique_function.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>

namespace cloudsync::simulation {

class World {
 public:
  /// Runs `task` after `delay`; tasks of one time run in the order given.
  void after(Duration delay, UniqueFunction<void()> task) {
    tasks_.emplace(std::pair(now_ + delay, ++count_), std::move(task));
  }

  /// Runs the next task. False if there is none or it is due after `end`.
  bool run_one(Duration end);

  Duration now() const { return now_; }

  std::uint64_t steps() const { return steps_; }

 private:
  Duration now_{};
  std::uint64_t count_ = 0;
  std::uint64_t steps_ = 0;
  std::map<std::pair<Duration, std::uint64_t>, UniqueFunction<void()>> tasks_;
};

/// A node's clocks. Its wall clock may jump, and outlives the process.
class NodeClock final : public Clock {
 public:
  explicit NodeClock(const World& world) : world_(world) {}

  TimePoint now() const override { return TimePoint(world_.now()); }

  Timestamp wall() const override {
    return Timestamp(1'700'000'000'000 + world_.now().count() / 1'000'000 + offset_ms_);
  }

  void jump(std::int64_t ms) { offset_ms_ += ms; }

 private:
  const World& world_;
  std::int64_t offset_ms_ = 0;
};

/// The executor of one run of a node's process: nothing runs on it after the process died, and what
/// is due while it is stopped (SIGSTOP) runs when it goes on.
class ProcessExecutor final : public Executor {
 public:
  explicit ProcessExecutor(World& world) : world_(world) {}

  ~ProcessExecutor() override { state_->alive = false; }

  ProcessExecutor(const ProcessExecutor&) = delete;
  ProcessExecutor& operator=(const ProcessExecutor&) = delete;

  void post(UniqueFunction<void()> task) override { after(Duration(0), std::move(task)); }

  void after(Duration delay, UniqueFunction<void()> task);

  void pause() { state_->paused = true; }

  void resume();

  bool paused() const { return state_->paused; }

 private:
  struct State {
    bool alive = true;
    bool paused = false;
    std::deque<UniqueFunction<void()>> held;
  };

  World& world_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace cloudsync::simulation
