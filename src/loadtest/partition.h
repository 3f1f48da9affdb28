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
/// in the first parts. Rates are divided like the writers and the connections. Errors: kBadRequest
/// if there are fewer documents than workers and the load is not spread.
Result<std::vector<Options>> divide(const Options& options, std::size_t workers);

/// Which of the targets has the part's document, with all of its members: nodes may know nothing of
/// each other. Documents in a row are of one node, so that a worker has to do with few: real
/// clients have machines of their own, but here each sweep of a node would wake every worker.
std::size_t target_index(const Options& part, std::size_t document);

}  // namespace cloudsync::loadtest
