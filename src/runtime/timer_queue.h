#pragma once
// One-shot timers of one loop: a binary heap of deadlines beside a map of tasks. Cancelling removes
// the task and leaves its heap entry, which is skipped when it surfaces; the heap is rebuilt when
// more than half of it is such entries, so memory follows the live timers. Loop thread only.

#include "base/clock.h"
#include "base/unique_function.h"
#include "runtime/loop.h"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace cloudsync::runtime {

class TimerQueue {
 public:
  /// O(log n).
  TimerId add(TimePoint deadline, UniqueFunction<void()> task);
  /// False if it ran, runs now, or is unknown. O(1) amortised.
  bool cancel(TimerId timer);

  /// The earliest deadline of a live timer.
  std::optional<TimePoint> next_deadline();
  /// Runs what is due at `now` by deadline, then by order of adding. A timer added meanwhile waits
  /// for the next call, so a task that re-arms itself with no delay does not starve the loop.
  void run_due(TimePoint now);

  /// Destroys all tasks unrun.
  void clear();

  std::size_t size() const { return tasks_.size(); }

 private:
  struct Entry {
    TimePoint deadline;
    std::uint64_t id;
  };

  static bool later(const Entry& a, const Entry& b);
  void drop_cancelled_top();
  void pop_top();

  std::vector<Entry> heap_;  // std::push_heap order, earliest first; may hold cancelled ids
  std::unordered_map<std::uint64_t, UniqueFunction<void()>> tasks_;  // live timers only
  std::uint64_t next_id_ = 1;
};

}  // namespace cloudsync::runtime
