#pragma once
// Cursors in JSON documents, inside of strings, too.

#include "ot/json_op.h"
#include "ot/range.h"

namespace cloudsync::ot {

/// Where `range` is after `op`. It follows its value through lists; if the value is deleted it is
/// at what held it, if replaced at the start of the new one. Text inserted exactly at an end moves
/// it only if the operation is the cursor owner's (`own`).
Range transform_cursor(Range range, const JsonOp& op, bool own);

}  // namespace cloudsync::ot
