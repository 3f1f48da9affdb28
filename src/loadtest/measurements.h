#pragma once
// What one run counts. Loop thread only.

#include "base/clock.h"
#include "loadtest/latency_histogram.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cloudsync::loadtest {

/// The time of what is measured. A turn's clock is too coarse: a busy turn takes milliseconds, and
/// they count.
inline TimePoint precise_now() {
  return std::chrono::steady_clock::now();
}

/// A histogram of what was due since the end of the warm-up, and one of the current second.
class Latency {
 public:
  /// Of something that was due at `scheduled` and is there at `now`.
  void record(TimePoint scheduled, TimePoint now) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now - scheduled);
    interval.record(micros);
    if (scheduled >= counts_from) {
      total.record(micros);
    }
  }

  LatencyHistogram total;
  LatencyHistogram interval;
  TimePoint counts_from = TimePoint::min();
};

struct Measurements {
  /// From the time that a connection was due until it has joined its document.
  Latency connect;
  /// From an edit's scheduled time until another member applied it.
  Latency delivery;
  /// The same to members that read slowly on purpose.
  Latency slow_delivery;
  /// From an edit's scheduled time until the server acknowledged it (as durable), whichever
  /// sending of it was.
  Latency ack;

  std::uint64_t edits = 0;       ///< made by writers
  std::uint64_t late_edits = 0;  ///< not made, since the writer had no document at that time
  std::uint64_t submissions =
      0;  ///< operations sent; edits made while one is in flight share the next
  std::uint64_t resends = 0;
  std::uint64_t frames = 0;       ///< `ops` events received
  std::uint64_t cursors = 0;      ///< `presence` events received
  std::uint64_t segments = 0;     ///< of TCP, sent by anybody on this machine (network_traffic.h)
  std::uint64_t octets = 0;       ///< of IP, likewise
  std::uint64_t operations = 0;   ///< operations applied, by all members together
  std::uint64_t rung = 0;         ///< of the ladder, from 1 on; 0: not measuring
  std::uint64_t joined = 0;       ///< members joined at this time
  std::uint64_t disconnects = 0;  ///< that nobody asked for
  std::uint64_t reconnects = 0;
  std::uint64_t slow_disconnects = 0;  ///< of slow readers, whom the server gave up
  std::map<std::string, std::uint64_t, std::less<>> errors;  ///< by wire code or reason

  /// The warm-up ends at `now`: what was due before counts no more.
  void start_measuring(TimePoint now) {
    for (Latency* latency : {&delivery, &slow_delivery, &ack}) {
      latency->counts_from = now;
      latency->total.reset();
    }
    edits = late_edits = submissions = resends = frames = cursors = operations = 0;
  }

  void count_error(std::string_view code) {
    const auto found = errors.find(code);
    if (found != errors.end()) {
      ++found->second;
    } else {
      errors.emplace(code, 1);
    }
  }
};

}  // namespace cloudsync::loadtest
