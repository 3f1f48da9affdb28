#pragma once
// Threads for work that blocks (SQLite, password hashing, files), so that loops never do. The queue
// is bounded: a full pool refuses, and the caller answers `overloaded`.

#include "base/executor.h"
#include "base/result.h"
#include "base/unique_function.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace cloudsync::runtime {

class WorkerPool {
 public:
  /// Starts `threads` threads; at most `queue_max` submissions wait.
  WorkerPool(std::size_t threads, std::size_t queue_max);
  /// close()s.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues `work`, first in first out. False, and `work` is dropped, when the queue is full or the
  /// pool closed. Thread-safe.
  bool submit(UniqueFunction<void()> work);

  /// Runs everything queued, then joins the threads. Call from outside the pool; idempotent.
  void close();

  std::size_t queued() const;

 private:
  void serve();

  const std::size_t queue_max_;
  mutable std::mutex mutex_;  // guards queue_ and closed_
  std::condition_variable changed_;
  std::deque<UniqueFunction<void()>> queue_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

/// The pool as an executor, for work whose amount its caller bounds: a task that the full or closed
/// pool refuses is dropped.
class WorkerExecutor final : public Executor {
 public:
  explicit WorkerExecutor(WorkerPool& pool) : pool_(pool) {}

  void post(UniqueFunction<void()> task) override { pool_.submit(std::move(task)); }

 private:
  WorkerPool& pool_;
};

/// Runs `work` on the pool and hands its Result<T> to `done` on `executor`; kOverloaded if the pool
/// is full. `executor` outlives the pool's close().
template <class T>
void run_on(WorkerPool& pool,
            Executor& executor,
            UniqueFunction<Result<T>()> work,
            Completion<T> done) {
  // Shared, because a refused submission must still be answered.
  auto answer = std::make_shared<Completion<T>>(std::move(done));
  const bool taken = pool.submit([&executor, answer, work = std::move(work)]() mutable {
    executor.post([answer, result = work()]() mutable { (*answer)(std::move(result)); });
  });
  if (!taken) {
    executor.post(
        [answer] { (*answer)(fail(ErrorCode::kOverloaded, "the server is busy, try again")); });
  }
}

}  // namespace cloudsync::runtime
