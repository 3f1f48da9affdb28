#pragma once
// Which snapshots of a document are worth keeping. The newest serves opening, revision 0 is the
// base of the log, and between them their density halves with age, so that time travel replays a
// stretch proportional to how far it goes back while the number of snapshots stays logarithmic.

#include "base/ids.h"

#include <span>
#include <vector>

namespace cloudsync::storage {

/// The revisions to delete from `kept`, which is sorted in ascending order; its first and last
/// always stay. One goes if the gap that it leaves is at most the age (the distance to the newest)
/// of the snapshot behind the gap. Ages only grow, so that holds for ever: replaying to a revision
/// takes at most its own age, or the interval of snapshots. Of what stays, every second one is more
/// than twice as old as the one two behind it: at most 2 log2(newest) + 3 remain.
std::vector<Revision> thin_out(std::span<const Revision> kept);

}  // namespace cloudsync::storage
