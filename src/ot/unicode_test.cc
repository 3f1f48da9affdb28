#include "ot/unicode.h"

#include <gtest/gtest.h>

#include <string>

namespace cloudsync::ot {
namespace {

TEST(Unicode, CountsCodePointsAndUtf16Units) {
  EXPECT_EQ(count_code_points("aé中💩"), 4U);
  EXPECT_EQ(count_utf16_units("aé中💩"), 5U);
  EXPECT_EQ(count_utf16_units("\uE000\uFFFF\U00010000\U0010FFFF"), 6U);
}

TEST(Unicode, FindsTheBytesOfAPrefix) {
  EXPECT_EQ(bytes_of_code_points("aé中💩", 0), 0U);
  EXPECT_EQ(bytes_of_code_points("aé中💩", 3), 6U);
  EXPECT_EQ(bytes_of_code_points("aé", 9), 3U);
}

TEST(Unicode, StopsBeforeASurrogatePairThatDoesNotFit) {
  EXPECT_EQ(utf16_prefix("a💩b", 2), (Utf16Prefix{1, 1}));
  EXPECT_EQ(utf16_prefix("a💩b", 3), (Utf16Prefix{5, 3}));
}

TEST(Unicode, AgreesAtEveryLengthAcrossBlocks) {
  std::string text;
  for (int i = 0; i < 90; ++i) {
    text += i % 3 == 0 ? "💩" : "é";
  }
  const std::uint64_t all = count_code_points(text);
  EXPECT_EQ(all, 90U);
  EXPECT_EQ(count_utf16_units(text), 120U);
  for (std::uint64_t n = 0; n <= all; ++n) {
    EXPECT_EQ(count_code_points(text.substr(0, bytes_of_code_points(text, n))), n);
    EXPECT_EQ(bytes_of_code_points(text, n), 2 * n + 2 * ((n + 2) / 3));
  }
}

}  // namespace
}  // namespace cloudsync::ot
