#pragma once
// When a lost connection comes back: as a client of the SDK does that gets no hint from the server
// (clients/typescript/src/transport/backoff.ts), or after a delay of the run's. Pure.

#include "base/clock.h"

#include <algorithm>
#include <chrono>

namespace cloudsync::loadtest {

class ReconnectBackoff {
 public:
  /// The time until the next attempt, behind a connection or an attempt that was lost at `now`.
  /// `random` is in [0, 1). With `fixed` it is that, and up to twice as much at random.
  Duration next(TimePoint now, double random, std::chrono::milliseconds fixed) {
    if (attempts_ == 0) {
      lost_at_ = now;
    }
    const unsigned doublings = std::min(attempts_++, kDoublingsMax);
    if (fixed.count() > 0) {
      return fixed + part(random, 2 * fixed);
    }
    if (now - lost_at_ >= kQuickPeriod) {
      return part(random, kSlowCap);
    }
    return part(random, std::min(kQuickCap, kBase * (1U << doublings)));
  }

  /// An attempt had no answer in time.
  void note_timeout() { ++timeouts_; }

  /// It is connected.
  void note_connected() { timeouts_ = 0; }

  /// How long an attempt behind a loss may wait for its answer.
  Duration patience() const {
    return std::min(kPatienceCap, kPatience * (1U << std::min(timeouts_, kDoublingsMax)));
  }

  /// The connection is of use again: its next loss is a first one.
  void reset() { attempts_ = timeouts_ = 0; }

  /// The connection was lost, or never made, since.
  bool is_again() const { return attempts_ > 0; }

 private:
  // The SDK's values.
  static constexpr std::chrono::milliseconds kBase{100};
  static constexpr std::chrono::milliseconds kQuickCap{800};
  static constexpr std::chrono::seconds kQuickPeriod{30};
  static constexpr std::chrono::milliseconds kSlowCap{5'000};
  static constexpr std::chrono::milliseconds kPatience{5'000};
  static constexpr std::chrono::milliseconds kPatienceCap{20'000};
  static constexpr unsigned kDoublingsMax = 10;

  static Duration part(double random, std::chrono::milliseconds most) {
    return std::chrono::duration_cast<Duration>(random * std::chrono::duration<double>(most));
  }

  unsigned attempts_ = 0;  // since it was of use
  unsigned timeouts_ = 0;  // since it was connected
  TimePoint lost_at_;
};

}  // namespace cloudsync::loadtest
