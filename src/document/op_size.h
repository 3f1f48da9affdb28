#pragma once
// How large an operation is and how much it can lengthen a document, read from its JSON before
// anything is done with it.

#include "base/json.h"

#include <cstddef>
#include <string_view>

namespace cloudsync::document {

struct OpSize {
  std::size_t bytes = 0;       ///< as canonical JSON text
  std::size_t components = 0;  ///< elements of the array
  /// Components that add something: all but plain skips, retains, deletes and moves.
  std::size_t additions = 0;
  std::size_t added_bytes = 0;      ///< their JSON text
  std::size_t attribute_bytes = 0;  ///< the longest "attributes" among them as JSON text
};

/// `canonical` is the canonical JSON text of `op`, an array or {"ops": array}; anything else has no
/// components.
OpSize measure_op(const JsonValue& op, std::string_view canonical);

/// The longest "attributes" of a document's components as JSON text; 0 for plain text.
std::size_t longest_attributes(const JsonValue& content);

}  // namespace cloudsync::document
