#pragma once
// What is refused to peers, and why, on one loop: all of it is counted, and logged as one
// structured line each, of every kind only so many a second. A flood of refusals must not become a
// flood of the log; how many lines it would have been is logged instead.

#include "base/metrics.h"
#include "gateway/token_bucket.h"
#include "runtime/loop.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cloudsync::gateway {

/// One refusal. No field may hold a secret or a document's text.
struct RefusalRecord {
  std::string_view event;   ///< what was refused: "request_refused", "session_closed"
  std::string_view reason;  ///< from a list in the code, not from a peer: it labels the counter
  std::string_view peer;    ///< its address; empty if nobody knows
  std::string_view detail = {};  ///< cut after 200 bytes
};

/// Loop thread only.
class Refusals {
 public:
  Refusals(runtime::Loop& loop, Metrics& metrics) : loop_(loop), metrics_(metrics) {}

  /// Counts in cloudsync_refusals_total{event,reason} and logs at level info. O(log kinds).
  void note(const RefusalRecord& refusal);

  /// Logs what note() left out, if there is room for the line. To be called now and then.
  void report();

 private:
  struct Kind {
    std::string event;
    std::string reason;
    Counter* counter;
    TokenBucket lines;
    std::uint64_t unlogged = 0;
  };

  bool take_line(Kind& kind);

  runtime::Loop& loop_;
  Metrics& metrics_;
  std::map<std::string, Kind, std::less<>> kinds_;  // by event and reason
};

}  // namespace cloudsync::gateway
