#pragma once
// What a result has to reach, and the figures of a result by name, which objectives and comparisons
// use:
//
//   connect-, delivery-, ack-, slow-delivery- with p50-, p95-, p99-, p999-, max- and ms
//   connect-seconds, settle-seconds, failed, disconnects, errors, late-edits       at most
//   connects-, edits-, deliveries-per-second, joined, reconnects, slow-disconnects   at least

#include "base/json.h"
#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::loadtest {

struct Objective {
  std::string metric;
  double bound = 0;

  friend bool operator==(const Objective&, const Objective&) = default;
};

struct Verdict {
  Objective objective;
  double actual = 0;
  bool at_least = false;  ///< what the bound is
  bool met = false;
};

/// All names.
std::vector<std::string> metric_names();
/// Whether more of it is better; nothing if there is no such metric.
std::optional<bool> more_is_better(std::string_view metric);
/// The figure in a result (report.h); nothing if the result does not have it.
std::optional<double> metric_in(const JsonObject& result, std::string_view metric);

/// A figure that the result does not have, misses its objective: latencies of which nothing was
/// measured are among these.
std::vector<Verdict> judge(const std::vector<Objective>& objectives, const JsonObject& result);

bool all_met(const std::vector<Verdict>& verdicts);

/// Appends {"metric", "bound", "atLeast", "actual", "met"} of each to `result` as "objectives".
void add_verdicts(JsonObject& result, const std::vector<Verdict>& verdicts);
/// One line each.
std::string verdicts_text(const std::vector<Verdict>& verdicts);

}  // namespace cloudsync::loadtest
