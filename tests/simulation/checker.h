#pragma once
// What must hold when everything has come to rest: the invariants of docs/protocol.md section 2.

#include "editor.h"
#include "storage/memory/memory_store.h"
#include "world.h"

#include <memory>
#include <string>
#include <vector>

namespace cloudsync::simulation {

/// Reads the document's log and snapshots from the disk and compares all editors with it: they show
/// its replay and are saved, every ack is at its revision, no submission is there twice or missing,
/// revisions have no gap, the chain is valid, snapshots are the replay at their revision. Returns
/// what is wrong, empty if nothing is.
std::vector<std::string> check(World& world,
                               const Plan& plan,
                               storage::MemoryStore& disk,
                               const std::vector<std::unique_ptr<Editor>>& editors);

}  // namespace cloudsync::simulation
