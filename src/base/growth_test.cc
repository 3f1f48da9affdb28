#include "base/growth.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloudsync {
namespace {

TEST(Growth, IsSmallForSmallArrays) {
  std::vector<void*> array;
  for (std::size_t size = 1; size <= 16; ++size) {
    grow_sparingly(array);
    array.push_back(nullptr);
    EXPECT_LE(array.capacity(), size + 1);
  }
}

TEST(Growth, IsLeftToLongArrays) {
  std::vector<void*> array(16);
  grow_sparingly(array);
  EXPECT_EQ(array.capacity(), 16U);
}

}  // namespace
}  // namespace cloudsync
