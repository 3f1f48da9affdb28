#include "codec/utf8.h"

#include "base/crypto.h"
#include "codec/testing.h"

#include <gtest/gtest.h>

namespace cloudsync::codec {
namespace {

bool is_valid_in_pieces(std::string_view text, const testing::Cut& cut) {
  Utf8Validator validator;
  bool valid = true;
  testing::for_each_piece(text, cut, [&](std::span<const std::uint8_t> piece) {
    valid = valid && validator.feed(piece);
  });
  return valid && validator.at_boundary();
}

/// Asks every way there is; they must agree. Padding lifts short texts over the vectorised path's
/// threshold.
bool is_valid(std::string_view text) {
  const bool valid = is_utf8(as_bytes(text));
  for (const testing::Cut& cut : testing::cuts_of(text.size(), 10)) {
    EXPECT_EQ(is_valid_in_pieces(text, cut), valid);
  }
  EXPECT_EQ(is_utf8(as_bytes(std::string(61, 'a') + std::string(text))), valid);
  return valid;
}

TEST(Utf8, AcceptsTheBordersOfEachLength) {
  for (const char* text : {"",
                           "\x7F",
                           "\xC2\x80",
                           "\xDF\xBF",
                           "\xE0\xA0\x80",
                           "\xED\x9F\xBF",
                           "\xEE\x80\x80",
                           "\xEF\xBF\xBF",
                           "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_valid(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongForms) {
  for (const char* text : {"\xC0\x80",
                           "\xC1\xBF",
                           "\xE0\x80\x80",
                           "\xE0\x9F\xBF",
                           "\xF0\x80\x80\x80",
                           "\xF0\x8F\xBF\xBF"}) {
    EXPECT_FALSE(is_valid(text));
  }
}

TEST(Utf8, RefusesSurrogatesAndWhatIsAboveUnicode) {
  for (const char* text :
       {"\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_valid(text));
  }
}

TEST(Utf8, RefusesCutAndStrayBytes) {
  for (const char* text : {"\x80",
                           "\xC2",
                           "\xC2"
                           "a",
                           "\xE2\x82",
                           "\xE2\x82"
                           "a",
                           "\xF0\x9F\x98",
                           "a\xBF"}) {
    EXPECT_FALSE(is_valid(text));
  }
}

TEST(Utf8, AgreesWithTheVectorisedCheckOnAllPairsOfBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      std::string text(40, 'a');
      text += static_cast<char>(first);
      text += static_cast<char>(second);
      text += "\x80\x80";
      Utf8Validator validator;
      const bool valid = validator.feed(as_bytes(text)) && validator.at_boundary();
      ASSERT_EQ(valid, is_utf8(as_bytes(text))) << first << ' ' << second;
    }
  }
}

TEST(Utf8, FailsAtTheFirstBadByte) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.feed(as_bytes("\xF0")));
  EXPECT_FALSE(validator.feed(as_bytes("\x80")));
}

}  // namespace
}  // namespace cloudsync::codec
