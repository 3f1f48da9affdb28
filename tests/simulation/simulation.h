#pragma once
// One run: a server on a store that outlives it, editors on a bad network, crashes; then the faults
// end, everything comes to rest, and the checker looks.

#include "plan.h"

#include <string>
#include <vector>

namespace cloudsync::simulation {

struct Outcome {
  std::vector<std::string> problems;  ///< empty: all invariants hold
  std::uint64_t operations = 0;       ///< in the log at the end
  std::uint64_t crashes = 0;
  std::uint64_t conflicts = 0;  ///< appends that met another head
  std::uint64_t unknowns = 0;   ///< appends of unknown outcome
  std::uint64_t connections = 0;
};

Outcome simulate(const Plan& plan);

}  // namespace cloudsync::simulation
