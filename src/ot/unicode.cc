#include "ot/unicode.h"

#include <algorithm>

namespace cloudsync::ot {
namespace {

// Bytes counted in one go: short enough for the counters to stay in registers, long enough for the
// compiler to vectorise the loop.
constexpr std::size_t kBlockBytes = 64;

// Every code point has one byte that is not 10xxxxxx (RFC 3629).
std::uint64_t starts_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
}

// Code points from U+10000 on have 4 bytes in UTF-8, the first 11110xxx, and 2 units in UTF-16.
std::uint64_t starts_pair(char byte) {
  return static_cast<unsigned char>(byte) >= 0xF0U ? 1 : 0;
}

std::uint64_t units_started(char byte) {
  return starts_code_point(byte) + starts_pair(byte);
}

template <class Count>
std::uint64_t count_all(std::string_view text, Count count) {
  std::uint64_t total = 0;
  for (const char byte : text) {
    total += count(byte);
  }
  return total;
}

// The longest prefix that counts at most `wanted`, and what it counts.
template <class Count>
Utf16Prefix prefix(std::string_view text, std::uint64_t wanted, Count count) {
  std::size_t at = 0;
  std::uint64_t counted = 0;
  while (at + kBlockBytes <= text.size()) {
    const std::uint64_t block = count_all(text.substr(at, kBlockBytes), count);
    if (counted + block > wanted) {
      break;
    }
    counted += block;
    at += kBlockBytes;
  }
  while (at < text.size() && counted + count(text[at]) <= wanted) {
    counted += count(text[at]);
    ++at;
  }
  return {at, counted};
}

}  // namespace

std::uint64_t count_code_points(std::string_view text) {
  return count_all(text, starts_code_point);
}

std::uint64_t count_utf16_units(std::string_view text) {
  return count_all(text, units_started);
}

std::size_t bytes_of_code_points(std::string_view text, std::uint64_t count) {
  return prefix(text, count, starts_code_point).bytes;
}

Utf16Prefix utf16_prefix(std::string_view text, std::uint64_t units) {
  return prefix(text, units, units_started);
}

}  // namespace cloudsync::ot
