#pragma once
// Counts allocations by operator new: linking allocations.cc replaces it.

#include <cstddef>

namespace cloudsync::bench {

/// Allocations since the process began, of all threads.
std::size_t allocations();

}  // namespace cloudsync::bench
