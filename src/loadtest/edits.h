#pragma once
// The edits that simulated users make: text and rich text one character at a time, at random
// places. JSON is a note with a list of tasks and a counter:
//   {"text": string, "tasks": [{"title": string, "done": boolean}, …], "count": number}
// which is mostly typed into; tasks come, go, are moved, renamed and checked, and are counted.

#include "ot/type.h"

#include <cstdint>
#include <random>

namespace cloudsync::loadtest {

/// Inserts a letter while the document is short; around 1,000 characters inserts and deletions are
/// in balance, so that a long run does not measure ever larger documents. A document of type json
/// keeps that many characters of text and about 20 tasks. O(n) for json, else O(log n).
ot::Operation make_edit(const ot::Document& document, std::mt19937_64& random);

/// A place of text or rich text where a character can be inserted, in the type's units.
std::uint64_t random_place(const ot::Document& document, std::mt19937_64& random);

/// A letter at `place` of text or rich text.
ot::Operation make_insert(const ot::Document& document,
                          std::uint64_t place,
                          std::mt19937_64& random);

}  // namespace cloudsync::loadtest
