#pragma once
// A second holder of a client's id, as a copied profile makes one: it takes the client's place and
// submits something else under a seq that was acknowledged. That must never be acknowledged.

#include "editor.h"

#include <memory>

namespace cloudsync::simulation {

/// Acts once over a connection of its own, which closes by itself.
void impersonate(Environment& environment,
                 const ClientId& client,
                 ClientSeq seq,
                 std::uint64_t key,
                 const std::shared_ptr<Connection>& connection);

}  // namespace cloudsync::simulation
