#pragma once
// One run of a plan: nodes on a store that outlives them, editors on a bad network; then the faults
// end, everything comes to rest, and the checker looks.

#include "checker/history.h"
#include "plan.h"

#include <chrono>
#include <string>
#include <vector>

namespace cloudsync::simulation {

struct Outcome {
  std::vector<std::string> problems;    ///< empty: all invariants hold
  std::vector<checker::Event> history;  ///< if it was asked for
  std::chrono::nanoseconds simulated{};
  std::uint64_t steps = 0;
  std::uint64_t operations = 0;  ///< in the log at the end
  std::uint64_t crashes = 0;
  std::uint64_t conflicts = 0;  ///< appends that met another head
  std::uint64_t unknowns = 0;   ///< appends of unknown outcome
  std::uint64_t connections = 0;
  std::uint64_t upgrades = 0;  ///< of them from polling to WebSocket
};

Outcome simulate(const Plan& plan, bool keep_history = false);

}  // namespace cloudsync::simulation
