#pragma once
// A few threads that read, each with its own connection: in WAL mode readers see the last committed
// state and never wait for the committer. The queue is bounded; what doesn't fit is answered
// kOverloaded by the caller.

#include "base/unique_function.h"
#include "storage/sqlite/document_reader.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace cloudsync::storage {

/// Thread-safe.
class ReaderPool {
 public:
  using Job = UniqueFunction<void(DocumentReader&)>;
  enum class Admission : std::uint8_t { kTaken, kFull, kClosed };

  /// One thread for each reader.
  ReaderPool(std::vector<DocumentReader> readers, std::size_t queue_limit);
  ~ReaderPool();

  /// Runs `job` on a reader thread; it is moved from only if taken.
  Admission submit(Job& job);

  /// Runs what was submitted, then takes nothing more. Blocks; safe to call twice.
  void close();

 private:
  void run(DocumentReader& reader);

  const std::size_t queue_limit_;
  std::vector<DocumentReader> readers_;  // each used by its own thread alone

  // A mutex, because any loop submits and the reader threads take; it guards the queue.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool closing_ = false;
  std::deque<Job> jobs_;

  std::once_flag joined_;
  std::vector<std::thread> threads_;  // last: they use everything above
};

}  // namespace cloudsync::storage
