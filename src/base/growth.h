#pragma once
// How arrays grow of which there are many, a few elements in each.

#include <cstddef>

namespace cloudsync {

/// Call it before an element is added. An array of up to 16 grows by two elements at a time: of
/// pointers and ids that is a step of malloc's sizes, while doubling leaves a third of an array of
/// ten unused. Longer ones grow as they do by themselves.
template <class Array>
void grow_sparingly(Array& array) {
  constexpr std::size_t kFew = 16;
  if (array.size() == array.capacity() && array.size() < kFew) {
    array.reserve(array.size() + 2);
  }
}

}  // namespace cloudsync
