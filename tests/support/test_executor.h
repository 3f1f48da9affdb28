#pragma once
// An executor for tests of code that answers from other threads: tasks gather in a queue, and the
// test's thread runs them when it waits for an answer.

#include "base/executor.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace cloudsync::test {

class TestExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> task) override {
    // Woken under the lock: a test may destroy the executor as soon as it has seen the task.
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake_.notify_all();
  }

  /// Runs the next task, waiting for it if `wait` says so. False if there is none.
  enum class Wait : std::uint8_t { kNo, kYes };

  bool run_one(Wait wait) {
    std::unique_lock lock(mutex_);
    if (wait == Wait::kYes) {
      // A hang is reported by the test runner's own timeout.
      wake_.wait(lock, [this] { return !tasks_.empty(); });
    }
    if (tasks_.empty()) {
      return false;
    }
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    return true;
  }

  /// Runs what is posted already; the number of tasks.
  std::size_t run_posted() {
    std::size_t count = 0;
    while (run_one(Wait::kNo)) {
      ++count;
    }
    return count;
  }

  /// Runs tasks, waiting for more, until `finished()`.
  template <class Predicate>
  void run_until(Predicate finished) {
    while (!finished()) {
      run_one(Wait::kYes);
    }
  }

  /// Calls `ask(executor, done)` and runs tasks until `done` was called; its value.
  template <class Value, class Ask>
  Value await(Ask ask) {
    std::optional<Value> answer;
    ask(*this, [&answer](Value value) {
      EXPECT_FALSE(answer.has_value()) << "a completion is called once";
      answer.emplace(std::move(value));
    });
    EXPECT_FALSE(answer.has_value()) << "a completion never runs inside the call";
    run_until([&answer] { return answer.has_value(); });
    return *std::move(answer);
  }

 private:
  std::mutex mutex_;  // threads post, the test's thread runs
  std::condition_variable wake_;
  std::deque<UniqueFunction<void()>> tasks_;
};

}  // namespace cloudsync::test
