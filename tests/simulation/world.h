#pragma once
// One thread, one seed: virtual time, the tasks that are due, and the randomness of everything. Two
// runs of a seed take the same steps.

#include "base/clock.h"
#include "base/executor.h"
#include "base/unique_function.h"

#include <cstdint>
#include <map>
#include <random>
#include <utility>

namespace cloudsync::simulation {

class World {
 public:
  explicit World(std::uint64_t seed) : engine_(seed) {}

  /// Runs `task` after `delay`; tasks of one time run in the order given.
  void after(Duration delay, UniqueFunction<void()> task) {
    tasks_.emplace(std::pair(now_ + delay, ++count_), std::move(task));
  }

  /// Runs the next task. False if there is none or it is due after `end`.
  bool run_one(Duration end);

  Duration now() const { return now_; }

  Clock& clock() { return clock_; }

  /// From `low` to `high`, both included.
  std::uint64_t number(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(engine_);
  }

  bool chance(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(engine_) < probability;
  }

  Duration milliseconds(std::uint64_t low, std::uint64_t high) {
    return std::chrono::microseconds(number(low * 1'000, high * 1'000));
  }

 private:
  std::mt19937_64 engine_;
  ManualClock clock_;
  Duration now_{};
  std::uint64_t count_ = 0;
  std::map<std::pair<Duration, std::uint64_t>, UniqueFunction<void()>> tasks_;
};

/// The executor of one run of a server process: nothing runs on it after the process died.
class ProcessExecutor final : public Executor {
 public:
  explicit ProcessExecutor(World& world) : world_(world) {}

  ~ProcessExecutor() override { *alive_ = false; }

  ProcessExecutor(const ProcessExecutor&) = delete;
  ProcessExecutor& operator=(const ProcessExecutor&) = delete;

  void post(UniqueFunction<void()> task) override { after(Duration(0), std::move(task)); }

  void after(Duration delay, UniqueFunction<void()> task) {
    world_.after(delay, [alive = alive_, run = std::move(task)]() mutable {
      if (*alive) {
        run();
      }
    });
  }

 private:
  World& world_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace cloudsync::simulation
