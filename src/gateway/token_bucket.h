#pragma once
// A rate limit: so many at once, and so many per second from then on. Pure; time is passed in.
//
// The bucket is the virtual scheduling form of the Generic Cell Rate Algorithm (ATM Forum, Traffic
// Management 4.0, section 4.4.2): instead of a number of tokens it keeps the time at which it would
// be full again. That is one word, exact, and needs no refill.

#include "base/clock.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cloudsync::gateway {

/// What a bucket allows: one event per `interval` for good, and `burst` / `interval` at once.
struct Rate {
  Duration interval{};  ///< 0: any number
  Duration burst{};

  /// `times` * `per_second`, 10^9 at most; 0 per second or times: any number.
  static Rate per_second(std::size_t per_second, Duration burst, std::size_t times = 1) {
    if (per_second == 0 || times == 0) {
      return {};
    }
    constexpr std::size_t kSecond = 1'000'000'000;
    const std::size_t interval = kSecond / std::min(per_second, kSecond) / std::min(times, kSecond);
    return {.interval = Duration(std::max<std::size_t>(interval, 1)), .burst = burst};
  }

  bool unlimited() const { return interval == Duration::zero(); }
};

/// A wait for retryAfterMs: whole milliseconds, rounded up.
inline std::uint32_t retry_hint_ms(Duration wait) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<std::uint32_t>(std::min<std::int64_t>(whole, UINT32_MAX));
}

class TokenBucket {
 public:
  /// How long from `now` until there is a token; zero if there is one. A bucket holds one at least,
  /// however short the burst. O(1).
  Duration wait(TimePoint now, const Rate& rate) const {
    if (rate.unlimited()) {
      return Duration::zero();
    }
    const TimePoint next = std::max(full_at_, now) + rate.interval;
    return std::max(next - now - std::max(rate.burst, rate.interval), Duration::zero());
  }

  /// Takes a token that wait() said is there.
  void take(TimePoint now, const Rate& rate) {
    if (!rate.unlimited()) {
      full_at_ = std::max(full_at_, now) + rate.interval;
    }
  }

  /// Whether it is as good as new.
  bool full(TimePoint now) const { return full_at_ <= now; }

 private:
  TimePoint full_at_{};
};

}  // namespace cloudsync::gateway
