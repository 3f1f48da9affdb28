#pragma once
// When each of many things is to be looked at again, of which nearly all have long. A dense array,
// eight to a cache line, is read through when one of them is due, where touching each thing would
// take several cache misses; no timer is made, moved and cancelled for each.

#include "base/clock.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cloudsync::gateway {

/// By slot, which starts at 0 and is used again. One thread.
class DueTimes {
 public:
  /// Looked at in the next sweep, whatever else was said of it. O(1) amortised.
  void soon(std::uint32_t slot) {
    if (slot >= due_.size()) {
      due_.resize(slot + 1, kNever);
    }
    at(slot, TimePoint::min());
  }

  /// Not looked at before `due`, whatever was said of a slot that was known. O(1).
  void at(std::uint32_t slot, TimePoint due) {
    due_[slot] = due;
    earliest_ = std::min(earliest_, due);
  }

  /// Calls `look(slot)` for each that is due at `now`, `most` of them at most; it returns when the
  /// slot is due again. False if more are due: the next call goes on behind the last of these. Any
  /// may be made due meanwhile by soon(), the slot itself, too: in this sweep if it stands behind,
  /// else in the next. O(slots), a comparison each, or O(1) if none is due.
  template <class Look>
  bool sweep(TimePoint now, std::size_t most, Look look) {
    if (at_ == 0) {
      if (now < earliest_) {
        return true;
      }
      earliest_ = kNever;
    }
    for (; at_ < due_.size(); ++at_) {
      if (due_[at_] <= now) {
        if (most-- == 0) {
          return false;
        }
        due_[at_] = kNever;
        const TimePoint next = look(static_cast<std::uint32_t>(at_));
        due_[at_] = std::min(due_[at_], next);
      }
      earliest_ = std::min(earliest_, due_[at_]);
    }
    at_ = 0;
    return true;
  }

  /// Between sweeps: none is due before.
  TimePoint earliest() const { return earliest_; }

 private:
  std::vector<TimePoint> due_;
  TimePoint earliest_ = kNever;
  std::size_t at_ = 0;  // where the sweep goes on; 0: begins
};

}  // namespace cloudsync::gateway
