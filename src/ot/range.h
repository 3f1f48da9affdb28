#pragma once
// Cursors and selections.

#include "ot/json_path.h"

#include <cstdint>

namespace cloudsync::ot {

/// A cursor (length 0) or selection, in the type's units. In a JSON document it is at the value
/// that `path` leads to; if that is a string, index and length are offsets in it, else they are 0.
/// The other types have no path.
struct Range {
  std::uint64_t index = 0;
  std::uint64_t length = 0;
  JsonPath path = {};

  friend bool operator==(const Range&, const Range&) = default;
};

}  // namespace cloudsync::ot
