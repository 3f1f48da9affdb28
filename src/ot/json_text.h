#pragma once
// Edits of one string inside a JSON document: the rules of text0, the subtype of npm ot-json0.
// Offsets and lengths are UTF-16 units.

#include "ot/json_op.h"

#include <cstdint>

namespace cloudsync::ot {

/// Merges `next` into `last`, both edits of strings, if it inserts into or right at what was
/// inserted in the same string, or deletes around or right at what was deleted. Takes from `next`
/// only if it merges.
bool merge_text(JsonComponent& last, JsonComponent& next);

/// Appends `component` as it is after `other`, an edit of the same string, to `result`: at most two
/// components.
void transform_text(JsonOp& result, JsonComponent component, const JsonComponent& other, Side side);

/// Transforms `left` and `right`, edits of one string, over each other if only their offsets
/// change: neither deletes what the other deletes, or where the other inserts. Else nothing
/// changed.
bool shift_texts(JsonComponent& left, JsonComponent& right);

/// Where `offset` of the string is after `edit`; an insert exactly there moves it if `after`.
std::uint64_t transform_offset(std::uint64_t offset, const JsonComponent& edit, bool after);

}  // namespace cloudsync::ot
