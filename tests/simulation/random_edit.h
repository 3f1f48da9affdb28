#pragma once
// What simulated people do to a document, drawn from the world's randomness.

#include "ot/type.h"
#include "world.h"

#include <string>

namespace cloudsync::simulation {

/// A few characters of one to four bytes, never none.
std::string random_text(World& world);

/// A change of `document`, which it fits but for cut surrogate pairs.
ot::Operation random_edit(World& world, const ot::Document& document);

/// A cursor in `document`.
ot::Range random_cursor(World& world, const ot::Document& document);

}  // namespace cloudsync::simulation
