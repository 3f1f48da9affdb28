#include "ot/rope.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudsync::ot {
namespace {

using SmallRope = BasicRope<32, 4, 4>;

std::string letters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += static_cast<char>('a' + i % 26);
  }
  return text;
}

// Without that a rope that is edited for long would be made of crumbs.
TEST(Rope, WhatIsLeftOfAChunkJoinsItsNeighbour) {
  for (std::size_t at = 0; at < 85; ++at) {
    SmallRope rope(letters(100));
    std::string text = letters(100);
    const std::size_t chunks = rope.chunks().size();
    rope.erase(&TextSize::bytes, at, at + 15);
    text.erase(at, 15);
    EXPECT_EQ(rope.text(), text);
    EXPECT_LE(rope.chunks().size(), chunks);
    for (const auto& chunk : rope.chunks()) {
      EXPECT_GE(chunk.text().size(), 8U) << "erased at " << at;
    }
  }
}

TEST(Rope, ErasingOneByOneFromEitherEndLeavesNoCrumbs) {
  SmallRope from_front(letters(200));
  SmallRope from_back(letters(200));
  for (std::size_t size = 200; size > 1; --size) {
    from_front.erase(&TextSize::code_points, 0, 1);
    from_back.erase(&TextSize::code_points, size - 1, size);
    EXPECT_TRUE(from_front.is_consistent()) << size;
    EXPECT_TRUE(from_back.is_consistent()) << size;
  }
  EXPECT_EQ(from_front.text(), letters(200).substr(199));
  EXPECT_EQ(from_back.text(), "a");
}

// Places in ASCII are not searched; one character that is not makes them differ from bytes.
TEST(Rope, TellsBytesFromUnitsAsSoonAsTheyDiffer) {
  SmallRope rope(letters(40));
  EXPECT_EQ(rope.bytes_before(&TextSize::utf16_units, 30), 30U);
  EXPECT_TRUE(rope.is_border(&TextSize::utf16_units, 30));
  rope.insert(&TextSize::utf16_units, 20, "\U0001F4A9");
  EXPECT_EQ(rope.bytes_before(&TextSize::utf16_units, 30), 32U);
  EXPECT_EQ(rope.bytes_before(&TextSize::code_points, 30), 33U);
  EXPECT_FALSE(rope.is_border(&TextSize::utf16_units, 21));
  EXPECT_TRUE(rope.is_border(&TextSize::utf16_units, 22));
}

}  // namespace
}  // namespace cloudsync::ot
