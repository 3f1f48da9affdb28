#pragma once
// The normal form of JSON operations: what two neighbouring components become.

#include "ot/json_op.h"

namespace cloudsync::ot {

enum class Merged {
  kNo,
  kYes,        ///< the first does what both did
  kCancelled,  ///< together they do nothing
};

/// Merges `next` into `last`, the component before it, where possible (see JsonOp::append). Takes
/// from `next` only if it merges.
Merged merge(JsonComponent& last, JsonComponent& next);

}  // namespace cloudsync::ot
