#pragma once
// The edits that simulated users make: one character at a time, at random places.

#include "ot/type.h"

#include <random>

namespace cloudsync::loadtest {

/// Inserts a letter while the document is short; around 1,000 characters inserts and deletions are
/// in balance, so that a long run does not measure ever larger documents.
ot::Operation make_edit(const ot::Document& document, std::mt19937_64& random);

}  // namespace cloudsync::loadtest
