#pragma once
// Random edits of documents of type json: every kind of component, at every depth, on few keys and
// short lists, so that edits of several editors meet.

#include "dice.h"
#include "ot/json_document.h"
#include "ot/range.h"

namespace cloudsync::simulation {

/// A change that fits `document`.
ot::JsonOp random_json_edit(Dice& dice, const ot::JsonDocument& document);

/// A cursor at a value anywhere in `document`, inside it if it is a string.
ot::Range random_json_cursor(Dice& dice, const ot::JsonDocument& document);

}  // namespace cloudsync::simulation
