#pragma once
// How a load is divided among the workers.

#include "loadtest/options.h"

#include <vector>

namespace cloudsync::loadtest {

/// Connections of one process; beside them it needs a few descriptors (RLIMIT_NOFILE is 20,000 on
/// many machines).
inline constexpr std::size_t kConnectionsPerProcess = 18'000;

/// Workers that `options` ask for, or need if they leave it open.
std::size_t worker_count(const Options& options);

/// The parts, one for each worker: together they are the whole load. A document and its members are
/// in one part, unless the load is `spread`: then all parts have all documents, and the writers are
/// in the first parts. Rates are divided like the writers and the connections. Targets are shared
/// out if they can be evenly; else, and if the load is spread, each part has all of them. Errors:
/// kBadRequest if there are fewer documents than workers and the load is not spread.
Result<std::vector<Options>> divide(const Options& options, std::size_t workers);

}  // namespace cloudsync::loadtest
