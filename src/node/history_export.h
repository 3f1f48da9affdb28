#pragma once
// The durable log of a data directory as lines of a history (docs/history.md).

#include "base/result.h"

#include <ostream>
#include <string>

namespace cloudsync::node {

/// Writes `base`, `log` and the kept snapshots of every document, in one state of the database,
/// whether a node has it open or not. Errors: kUnavailable.
Result<void> export_history(const std::string& data_dir, std::ostream& out);

}  // namespace cloudsync::node
