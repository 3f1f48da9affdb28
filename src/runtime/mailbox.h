#pragma once
// Tasks that other threads hand to a loop. A batch costs one wake-up: the eventfd is written only
// by the post that finds no wake-up pending, and the loop takes everything at once.

#include "base/result.h"
#include "base/unique_function.h"

#include <mutex>
#include <vector>

namespace cloudsync::runtime {

class Mailbox {
 public:
  using Task = UniqueFunction<void()>;
  enum class Wake : bool { kNo, kYes };

  Mailbox() = default;
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Creates the eventfd. Call once, before anything else.
  Result<void> open();

  /// Watch it edge-triggered: each wake-up is an edge, and nobody needs to read the counter.
  int descriptor() const { return descriptor_; }

  /// Thread-safe. Pass kNo only on the consuming thread, which looks at empty() before it sleeps.
  /// After close() the task is destroyed at once.
  void post(Task task, Wake wake);
  /// Makes the descriptor readable without a task. Thread-safe.
  void wake();

  bool empty() const;
  /// Everything posted so far, in order, and clears the wake-up. Consuming thread only.
  std::vector<Task> take();
  /// Refuses further tasks and destroys those that wait.
  void close();

 private:
  int descriptor_ = -1;       // immutable after open()
  mutable std::mutex mutex_;  // guards what follows; tasks are never run or destroyed under it
  std::vector<Task> tasks_;
  bool wake_pending_ = false;
  bool closed_ = false;
};

}  // namespace cloudsync::runtime
