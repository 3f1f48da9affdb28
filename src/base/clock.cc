#include "base/clock.h"

namespace cloudsync {

TimePoint SystemClock::now() const {
  return std::chrono::steady_clock::now();
}

Timestamp SystemClock::wall() const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return Timestamp(
      duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

Timestamp ManualClock::wall() const {
  return Timestamp(
      (std::chrono::duration_cast<std::chrono::milliseconds>(elapsed_) + wall_offset_).count());
}

}  // namespace cloudsync
