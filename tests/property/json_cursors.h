#pragma once
// Cursors in small JSON documents and the letters beside them, for the property tests of src/ot.

#include "ot/json_op.h"
#include "ot/range.h"

#include <string>
#include <vector>

namespace cloudsync::ot {

/// One at every value, and around the whole of every string.
std::vector<Range> every_json_cursor(const JsonValue& document);

/// The letters before and behind the start of `range`; "" at an end of its string, or if it is in
/// none.
struct Letters {
  std::string before;
  std::string behind;
};

Letters letters_at(const JsonValue& document, const Range& range);

}  // namespace cloudsync::ot
