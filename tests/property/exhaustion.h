#pragma once
// What the exhaustive tests of all types do with their lists of operations.

#include "ot/type.h"

#include <string>
#include <vector>

namespace cloudsync::ot::exhaustion {

using Operations = std::vector<Operation>;

std::string written(const Operation& op);

/// The document after `op`; a failure of the test if it does not fit.
Document applied(Document document, const Operation& op);

/// Every operation of `left` with every one of `right`, all made on `document`.
void expect_convergence(const Document& document, const Operations& left, const Operations& right);

}  // namespace cloudsync::ot::exhaustion
