#pragma once
// A load test as a file, in TOML:
//
//   description = "what it is like"
//   nodes = 1                        # servers that bench/scenarios.sh starts for it; not read here
//   [load]                           # options of the command line by their names
//   connections = 1000
//   reconnect = true
//   [objectives]                     # see objectives.h
//   delivery-p95-ms = 85

#include "base/result.h"
#include "loadtest/objectives.h"

#include <string>
#include <vector>

namespace cloudsync::loadtest {

struct Scenario {
  std::string name;                    ///< of the file, without its folder and extension
  std::vector<std::string> arguments;  ///< "--connections=1000", …
  std::vector<Objective> objectives;
};

/// Errors: kBadRequest with the place for what is no TOML, unknown or of a wrong type; kUnavailable
/// if there is no such file.
Result<Scenario> read_scenario(const std::string& path);

}  // namespace cloudsync::loadtest
