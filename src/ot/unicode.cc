#include "ot/unicode.h"

#include <cstring>
#include <limits>

namespace cloudsync::ot {
namespace {

// Counts without a branch a byte, eight bytes a word ("SIMD within a register"): a counter has one
// byte lane for each byte of a word, and is summed once a block.
constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::size_t kBlockBytes = 8 * kWordBytes;  // a lane counts to 16 at most
constexpr std::uint64_t kLowBits = 0x0101010101010101U;

std::uint64_t sum_lanes(std::uint64_t lanes) {
  return (lanes * kLowBits) >> 56U;
}

// Every code point has one byte that is not 10xxxxxx (RFC 3629).
struct CodePoints {
  static std::uint64_t lanes(std::uint64_t word) {
    return ((~word >> 7U) | (word >> 6U)) & kLowBits;
  }
};

// Code points from U+10000 on have 4 bytes in UTF-8, the first 11110xxx, and 2 units in UTF-16.
struct Utf16Units {
  static std::uint64_t lanes(std::uint64_t word) {
    const std::uint64_t pairs =
        (word >> 7U) & (word >> 6U) & (word >> 5U) & (word >> 4U) & kLowBits;
    return CodePoints::lanes(word) + pairs;
  }
};

// Bytes equal to "\n": the high bit of each byte of `other` is free of carries from its neighbours
// (H. S. Warren, "Hacker's Delight", 6-1).
struct Newlines {
  static std::uint64_t lanes(std::uint64_t word) {
    constexpr std::uint64_t kHighBits = kLowBits << 7U;
    const std::uint64_t other = word ^ (kLowBits * '\n');
    const std::uint64_t differs = ((other & ~kHighBits) + ~kHighBits) | other;
    return (~differs >> 7U) & kLowBits;
  }
};

// A byte alone, as the lowest of a word.
template <class Count>
std::uint64_t count_byte(char byte) {
  return Count::lanes(static_cast<unsigned char>(byte)) & 0xFFU;
}

template <class Count>
std::uint64_t count_block(const char* bytes) {
  std::uint64_t lanes = 0;
  for (std::size_t at = 0; at < kBlockBytes; at += kWordBytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, kWordBytes);
    lanes += Count::lanes(word);
  }
  return sum_lanes(lanes);
}

// The longest prefix that counts at most `wanted`, and what it counts.
template <class Count>
Utf16Prefix prefix(std::string_view text, std::uint64_t wanted) {
  std::size_t at = 0;
  std::uint64_t counted = 0;
  while (at + kBlockBytes <= text.size()) {
    const std::uint64_t block = count_block<Count>(text.data() + at);
    if (counted + block > wanted) {
      break;
    }
    counted += block;
    at += kBlockBytes;
  }
  for (; at < text.size(); ++at) {
    const std::uint64_t next = counted + count_byte<Count>(text[at]);
    if (next > wanted) {
      break;
    }
    counted = next;
  }
  return {at, counted};
}

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TextSize measure_text(std::string_view text) {
  TextSize size{.bytes = text.size()};
  std::size_t at = 0;
  for (; at + kBlockBytes <= text.size(); at += kBlockBytes) {
    size.code_points += count_block<CodePoints>(text.data() + at);
    size.utf16_units += count_block<Utf16Units>(text.data() + at);
    size.newlines += count_block<Newlines>(text.data() + at);
  }
  for (; at < text.size(); ++at) {
    size.code_points += count_byte<CodePoints>(text[at]);
    size.utf16_units += count_byte<Utf16Units>(text[at]);
    size.newlines += count_byte<Newlines>(text[at]);
  }
  return size;
}

std::uint64_t count_code_points(std::string_view text) {
  return prefix<CodePoints>(text, kAll).units;
}

std::uint64_t count_utf16_units(std::string_view text) {
  return prefix<Utf16Units>(text, kAll).units;
}

std::size_t bytes_of_code_points(std::string_view text, std::uint64_t count) {
  return prefix<CodePoints>(text, count).bytes;
}

Utf16Prefix utf16_prefix(std::string_view text, std::uint64_t units) {
  return prefix<Utf16Units>(text, units);
}

}  // namespace cloudsync::ot
