#pragma once
// Counting in UTF-8: strings are kept as UTF-8, operations count code points (text) or UTF-16 units
// (rich text, as JavaScript strings do). All input is valid UTF-8; the JSON parser saw to that.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cloudsync::ot {

/// The length of a text in everything that is counted, and so a place in a text as well.
struct TextSize {
  std::uint64_t bytes = 0;  ///< of UTF-8
  std::uint64_t code_points = 0;
  std::uint64_t utf16_units = 0;
  std::uint64_t newlines = 0;  ///< "\n" only: "\r\n" is one line break, "\r" alone is none

  TextSize& operator+=(const TextSize& other) {
    bytes += other.bytes;
    code_points += other.code_points;
    utf16_units += other.utf16_units;
    newlines += other.newlines;
    return *this;
  }

  TextSize& operator-=(const TextSize& other) {
    bytes -= other.bytes;
    code_points -= other.code_points;
    utf16_units -= other.utf16_units;
    newlines -= other.newlines;
    return *this;
  }

  friend bool operator==(const TextSize&, const TextSize&) = default;
};

TextSize measure_text(std::string_view text);
std::uint64_t count_code_points(std::string_view text);
std::uint64_t count_utf16_units(std::string_view text);

/// Bytes of the first `count` code points of `text` (all of it if it has fewer).
std::size_t bytes_of_code_points(std::string_view text, std::uint64_t count);

/// True for 10xxxxxx, the second to fourth byte of a code point (RFC 3629).
inline bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

struct Utf16Prefix {
  std::size_t bytes = 0;
  std::uint64_t units = 0;  ///< one less than asked for if a surrogate pair would have been cut

  friend bool operator==(const Utf16Prefix&, const Utf16Prefix&) = default;
};

/// The longest prefix of `text` with at most `units` UTF-16 units.
Utf16Prefix utf16_prefix(std::string_view text, std::uint64_t units);

}  // namespace cloudsync::ot
