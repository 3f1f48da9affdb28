// The rope against a std::string that is edited and counted naively. Small chunks and nodes make
// trees deep and borders frequent.

#include "ot/rope.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

std::size_t below(std::size_t end) {
  return *rc::gen::inRange<std::size_t>(0, end);
}

// One to four bytes, combining marks, joined families, line breaks of both kinds.
std::string any_text(std::size_t letters_max) {
  static const std::vector<std::string> kLetters = {
      "a", "b", "\n", "\r\n", "é", "e\u0301", "中", "\uE000", "💩", "👨‍👩‍👧"};
  std::string text;
  const bool is_ascii = below(3) == 0;
  for (std::size_t left = below(letters_max); left > 0; --left) {
    text += kLetters[below(is_ascii ? 4 : kLetters.size())];
  }
  return text;
}

// What a code point that begins with `first` counts.
TextSize size_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  const std::uint64_t bytes = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
  return {bytes, 1, bytes == 4 ? 2U : 1U, first == '\n' ? 1U : 0U};
}

// The last place that is not behind `at`; for newlines the first that is not before it.
TextSize locate_by_walking(const std::string& text,
                           std::uint64_t TextSize::*dimension,
                           std::uint64_t at) {
  TextSize place;
  while (place.bytes < text.size()) {
    TextSize next = place;
    next += size_of(text[place.bytes]);
    const bool is_there = dimension == &TextSize::newlines && place.newlines == at;
    if (is_there || next.*dimension > at) {
      break;
    }
    place = next;
  }
  return place;
}

constexpr std::array kDimensions = {
    &TextSize::bytes, &TextSize::code_points, &TextSize::utf16_units, &TextSize::newlines};

template <class RopeType>
class RopeModel {
 public:
  explicit RopeModel(std::string text) : rope_(text), text_(std::move(text)) {}

  void step() {
    const auto dimension = kDimensions[below(kDimensions.size())];
    const std::uint64_t length = rope_.size().*dimension;
    const std::uint64_t first = *rc::gen::inRange<std::uint64_t>(0, length + 1);
    const std::size_t from = locate_by_walking(text_, dimension, first).bytes;
    if (below(3) == 0) {
      const std::uint64_t reach = below(6) == 0 ? 100 : 4;
      const std::uint64_t last =
          *rc::gen::inRange<std::uint64_t>(first, std::min(length, first + reach) + 1);
      const std::size_t to = locate_by_walking(text_, dimension, last).bytes;
      RC_ASSERT(rope_.slice(dimension, first, last) == text_.substr(from, to - from));
      rope_.erase(dimension, first, last);
      text_.erase(from, to - from);
    } else {
      const std::string inserted = any_text(below(6) == 0 ? 60 : 3);
      rope_.insert(dimension, first, inserted);
      text_.insert(from, inserted);
    }
  }

  void check() {
    RC_ASSERT(rope_.is_consistent());
    RC_ASSERT(rope_.text() == text_);
    RC_ASSERT(rope_.size() == locate_by_walking(text_, &TextSize::bytes, text_.size()));
    RC_ASSERT(rope_ == RopeType(text_));
    for (const auto dimension : kDimensions) {
      const auto at = *rc::gen::inRange<std::uint64_t>(0, rope_.size().*dimension + 1);
      const TextSize expected = locate_by_walking(text_, dimension, at);
      RC_ASSERT(rope_.locate(dimension, at) == expected);
      RC_ASSERT(rope_.bytes_before(dimension, at) == expected.bytes);
      RC_ASSERT(rope_.is_border(dimension, at) == (expected.*dimension == at));
    }
    if (!text_.empty()) {
      std::string other = text_;
      other[below(other.size())] ^= 1;
      RC_ASSERT(!(rope_ == RopeType(other)));
    }
  }

  const RopeType& rope() const { return rope_; }

  const std::string& text() const { return text_; }

 private:
  RopeType rope_;
  std::string text_;
};

template <class RopeType>
class RopeTest : public testing::Test {};

using Ropes = testing::Types<BasicRope<32, 2, 4>, Rope>;
TYPED_TEST_SUITE(RopeTest, Ropes);

TYPED_TEST(RopeTest, EqualsAString) {
  EXPECT_TRUE(rc::check([] {
    RopeModel<TypeParam> model(any_text(below(3) == 0 ? 400 : 10));
    const RopeModel<TypeParam> kept = model;
    for (std::size_t steps = below(30); steps > 0; --steps) {
      model.step();
      model.check();
    }
    RC_ASSERT(kept.rope().text() == kept.text());
  }));
}

}  // namespace
}  // namespace cloudsync::ot
