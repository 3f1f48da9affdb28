#pragma once
// What every store checks of an append before it looks at the log: an append that is not a
// well-formed continuation of its own expected head is refused by all of them for the same reason.

#include "storage/op_store.h"

#include <optional>
#include <string>

namespace cloudsync::storage {

/// Why `append` can't be stored on any head, or nothing: it is empty, its revisions are not
/// expected_head + 1, + 2, … or its hashes are not linked to each other. O(updates).
std::optional<std::string> find_malformation(const Append& append);

}  // namespace cloudsync::storage
