#pragma once
// When which writer makes its next edit: an open loop. Each writer has the same interval and a
// phase of its own, so that the total rate is even and no answer of the server delays a later edit.
// Latency counted from these times does not hide the server's pauses (coordinated omission).

#include "base/clock.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cloudsync::loadtest {

class WriterSchedule {
 public:
  /// `writers` and `edits_per_second` (in all) are above 0. Phases come from `seed`.
  WriterSchedule(std::size_t writers, double edits_per_second, TimePoint start, std::uint64_t seed);

  /// The time of the next edit, and who makes it: 0 to `writers` - 1.
  TimePoint next_due() const;

  std::size_t next_writer() const { return order_[position_].writer; }

  /// Goes on to the edit after it.
  void advance();

 private:
  struct Slot {
    Duration phase;
    std::size_t writer;
  };

  TimePoint start_;
  double interval_ns_;
  std::vector<Slot> order_;  // by phase, in [0, interval)
  std::size_t position_ = 0;
  std::uint64_t round_ = 0;
};

}  // namespace cloudsync::loadtest
