#pragma once
// A client that keeps no rule: operations that fit nothing or are none, seqs and revisions that
// can't be, a second operation while one is in flight. Each has its refusal, and none may do harm.

#include "network.h"

#include <memory>

namespace cloudsync::simulation {

/// Joins over a connection of its own, misbehaves, and goes.
void vandalise(Environment& environment, const std::shared_ptr<Connection>& connection);

}  // namespace cloudsync::simulation
