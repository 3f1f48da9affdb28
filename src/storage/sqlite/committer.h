#pragma once
// Group commit: one thread takes everything that waits, writes it in one transaction, and answers
// after the fsync. While it syncs, the next group gathers, so the cost of a sync is shared by as
// many documents as are being edited. Appends go first; the rest joins the same transaction up to a
// budget, so that a large snapshot delays at most one of them. What nobody waits for is gathered
// for a while: its rows lie all over their tables, and a page is written once for all that it gets.
//
//   error before COMMIT        -> rolled back, everybody refused; the store goes on (disk full) or
//                                 closes (I/O error)
//   disk full                  -> the same, and until a write succeeds the node is not ready; if
//                                 nobody asks for one, a probe is written
//   COMMIT says full or busy   -> the commit record was not written: rolled back, everybody refused
//   COMMIT fails otherwise     -> the commit may have reached the disk: kUnknown, the store closes

#include "base/executor.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "storage/sqlite/document_writer.h"
#include "storage/sqlite/store_health.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace cloudsync::storage {

struct PendingAppend {
  Append append;
  Executor* reply_to;
  UniqueFunction<void(AppendOutcome)> done;
  AppendOutcome outcome{};
};

struct PendingWrite {
  Write write;
  Executor* reply_to;
  Completion<void> done;
  Result<void> outcome{};
};

/// Thread-safe.
class Committer {
 public:
  /// `health` and `metrics` outlive the committer.
  Committer(DocumentWriter writer, const Limits& limits, StoreHealth& health, Metrics& metrics);
  ~Committer();

  void submit(PendingAppend append);
  void submit(PendingWrite write);

  /// Commits and answers what was submitted, then refuses everything. Blocks; safe to call twice.
  void close();

 private:
  struct Batch {
    std::vector<PendingAppend> appends;
    std::vector<PendingWrite> writes;
  };

  void run();
  void take_appends(Batch& batch);
  void take_writes(Batch& batch);
  void take_gathered(Batch& batch);
  /// The next group, waiting for one; empty once closed and drained. Nothing if the disk is full
  /// and nobody asked for a while.
  std::optional<Batch> take();
  /// Writes a page as it is, to see whether there is space again.
  void probe_space();
  void commit(Batch& batch);
  int write_all(Batch& batch);
  void on_failed_commit(Batch& batch, int code);
  void on_error_before_commit(Batch& batch, int code);
  void roll_back();
  static void set_outcome(Batch& batch, AppendStatus status, const std::string& reason);
  void answer_all(Batch& batch);
  void checkpoint_if_due();

  const std::size_t append_queue_limit_;
  const std::size_t batch_ops_limit_;
  const std::size_t gathered_limit_;
  StoreHealth& health_;
  Counter& commits_;
  Counter& overloads_;
  Histogram& batch_ops_;
  Histogram& commit_seconds_;

  DocumentWriter writer_;  // committer thread only

  // A mutex, because any loop submits and the committer thread takes; it guards the queues.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool closing_ = false;
  std::deque<PendingAppend> appends_;
  std::deque<PendingWrite> writes_;
  std::size_t writes_bytes_ = 0;  ///< content held by writes_
  std::deque<PendingWrite> gathered_;
  std::chrono::steady_clock::time_point gathered_due_;  ///< of the oldest of them

  std::once_flag joined_;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace cloudsync::storage
