#pragma once
// When each of many things is to be looked at again, of which nearly all have long. A dense array,
// eight to a cache line, is read through in each sweep, where touching each thing would take
// several cache misses; no timer is made, moved and cancelled for each.

#include "base/clock.h"

#include <algorithm>
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
    due_[slot] = TimePoint::min();
  }

  /// Not looked at before `due`, whatever was said of a slot that was known. O(1).
  void at(std::uint32_t slot, TimePoint due) { due_[slot] = due; }

  /// Calls `look(slot)` for each that is due at `now`; it returns when the slot is due again. Any
  /// may be made due meanwhile by soon(), the slot itself, too: in this sweep if it stands behind,
  /// else in the next. O(slots), a comparison each.
  template <class Look>
  void sweep(TimePoint now, Look look) {
    for (std::size_t slot = 0; slot < due_.size(); ++slot) {
      if (due_[slot] <= now) {
        due_[slot] = kNever;
        const TimePoint next = look(static_cast<std::uint32_t>(slot));
        due_[slot] = std::min(due_[slot], next);
      }
    }
  }

 private:
  std::vector<TimePoint> due_;
};

}  // namespace cloudsync::gateway
