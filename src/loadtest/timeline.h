#pragma once
// What happened in each second of a run: shown while it goes on, and kept for the report.

#include "base/json.h"
#include "loadtest/measurements.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cloudsync::loadtest {

struct Second {
  std::uint64_t rung = 0;    ///< of the ladder, from 1 on, at its end; 0: not measuring
  std::uint64_t joined = 0;  ///< members joined at its end
  std::map<std::string, std::uint64_t, std::less<>> errors;  ///< since the start
  LatencyHistogram connect;                                  ///< the warm-up is in these three, too
  LatencyHistogram delivery;
  LatencyHistogram ack;

  /// Begins the next one: what is counted since the start stays.
  void start_next();
};

/// What `measurements` has of the current second, which starts anew there.
Second take_second(Measurements& measurements);

/// Adds another process's part.
void merge_second(Second& second, const Second& other);

/// What was measured of each rung of the ladder. The first two seconds of one are not counted: a
/// process tells each second what it had in it, and another's second is up to one later.
class Ladder {
 public:
  struct Rung {
    std::uint64_t seconds = 0;
    LatencyHistogram delivery;
    LatencyHistogram ack;
  };

  void add(const Second& second);

  /// Rung 1 first.
  const std::vector<Rung>& rungs() const { return rungs_; }

 private:
  static constexpr std::uint64_t kSkipped = 2;

  std::uint64_t rung_ = 0;
  std::uint64_t seconds_ = 0;  // of rung_ so far
  std::vector<Rung> rungs_;
};

class Timeline {
 public:
  /// `end` is in seconds since the start of the run.
  void add(double end, const Second& second);

  /// [{"second", "joined", "connects", "acks", "deliveries", "deliveryP50Ms", …P95…, …P99…, …Max…}]
  JsonArray to_json() const;

 private:
  struct Point {
    double end = 0;
    std::uint64_t joined = 0;
    std::uint64_t connects = 0;
    std::uint64_t acks = 0;
    std::uint64_t deliveries = 0;
    double p50_ms = 0;
    double p95_ms = 0;
    double p99_ms = 0;
    double max_ms = 0;
  };

  std::vector<Point> points_;
};

}  // namespace cloudsync::loadtest
