#pragma once
// Time, passed in so that the simulator can own it. The pure layers never ask an operating system.

#include "base/ids.h"

#include <chrono>

namespace cloudsync {

using Duration = std::chrono::nanoseconds;
/// Monotonic time since an arbitrary start.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// When something is due that is not.
inline constexpr TimePoint kNever = TimePoint::max();

class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic: for deadlines and durations.
  virtual TimePoint now() const = 0;
  /// Wall clock: for records that people read. May jump.
  virtual Timestamp wall() const = 0;
};

/// The operating system's clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override;
  Timestamp wall() const override;
};

/// A clock that moves only when told to, for tests and the simulator. Not thread-safe.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(elapsed_); }

  Timestamp wall() const override;

  void advance(Duration by) { elapsed_ += by; }

  /// Moves the wall clock alone, as an operator or NTP would.
  void jump_wall(std::chrono::milliseconds by) { wall_offset_ += by; }

 private:
  Duration elapsed_{};
  std::chrono::milliseconds wall_offset_{1'700'000'000'000};
};

}  // namespace cloudsync
