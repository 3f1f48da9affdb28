#pragma once
// A second holder of a client's id, as a copied profile makes one: it takes the client's place, or
// another beside it at another node, and submits something else under a seq that was acknowledged.
// That must never be acknowledged.

#include "editor.h"

#include <memory>

namespace cloudsync::simulation {

/// Joins over a connection of its own, uses `victim`'s last seq a few times, and goes. `victim`
/// outlives the run.
void impersonate(Environment& environment,
                 const Editor& victim,
                 const std::shared_ptr<Connection>& connection);

}  // namespace cloudsync::simulation
