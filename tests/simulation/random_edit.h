#pragma once
// What simulated people do to a document, drawn from dice.

#include "dice.h"
#include "ot/type.h"

#include <string>

namespace cloudsync::simulation {

/// A few characters of one to four bytes, never none.
std::string random_text(Dice& dice);

/// A change of `document`, which it fits but for cut surrogate pairs.
ot::Operation random_edit(Dice& dice, const ot::Document& document);

/// A change in hundreds of places, which makes a small document large first.
ot::Operation large_edit(Dice& dice, const ot::Document& document);

/// A cursor in `document`.
ot::Range random_cursor(Dice& dice, const ot::Document& document);

}  // namespace cloudsync::simulation
