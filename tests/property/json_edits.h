#pragma once
// Every edit of a small JSON document by one component, for the property tests of src/ot.

#include "ot/json_op.h"

#include <vector>

namespace cloudsync::ot {

/// Numbers are added to; letters are put at and taken from every place of every string; elements
/// and members are inserted, deleted, replaced and moved in every way.
std::vector<JsonOp> every_json_edit(const JsonValue& document);

}  // namespace cloudsync::ot
