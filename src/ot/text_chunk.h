#pragma once
// A short piece of UTF-8 text with its sizes, stored in place: the item of a rope.

#include "base/assert.h"
#include "ot/unicode.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace cloudsync::ot {

/// At most `kBytes` of text, 32 at least so that a cut at a code point's border leaves a quarter of
/// it; begins and ends at the border of a code point.
template <std::size_t kBytes>
class TextChunk {
  static_assert(kBytes >= 32 && kBytes <= std::numeric_limits<std::uint16_t>::max());

 public:
  explicit TextChunk(std::string_view text) { insert(0, text); }

  // Copies what is used only.
  TextChunk(const TextChunk& other) : size_(other.size_) {
    std::memcpy(text_.data(), other.text_.data(), other.size_.bytes);
  }

  TextChunk& operator=(const TextChunk& other) {
    size_ = other.size_;
    std::memmove(text_.data(), other.text_.data(), other.size_.bytes);
    return *this;
  }

  ~TextChunk() = default;

  TextSize summary() const {
    return {size_.bytes, size_.code_points, size_.utf16_units, size_.newlines};
  }

  std::string_view text() const { return {text_.data(), size_.bytes}; }

  /// Inserts at byte `at`, the border of a code point; the result fits (asserted).
  void insert(std::size_t at, std::string_view text) {
    CS_ASSERT(at <= size_.bytes && size_.bytes + text.size() <= kBytes, "the chunk has room");
    char* place = text_.data() + at;
    std::memmove(place + text.size(), place, size_.bytes - at);
    std::memcpy(place, text.data(), text.size());
    resize(summary() += measure_text(text));
  }

  /// Erases the bytes [first, last), both borders of code points.
  void erase(std::size_t first, std::size_t last) {
    CS_ASSERT(first <= last && last <= size_.bytes, "the bytes exist");
    const TextSize left = summary() -= measure_text(text().substr(first, last - first));
    std::memmove(text_.data() + first, text_.data() + last, size_.bytes - last);
    resize(left);
  }

  /// Bytes before the place `count` in `dimension`; in front of a code point if it would be cut.
  /// The place is in the chunk or at its end.
  std::size_t offset(std::uint64_t TextSize::*dimension, std::uint64_t count) const {
    if (dimension == &TextSize::newlines) {
      return offset_behind_newlines(count);
    }
    if (dimension == &TextSize::bytes || summary().*dimension == size_.bytes) {
      auto at = static_cast<std::size_t>(count);
      while (at > 0 && at < size_.bytes && is_continuation(text_[at])) {
        --at;
      }
      return at;
    }
    return dimension == &TextSize::code_points ? bytes_of_code_points(text(), count)
                                               : utf16_prefix(text(), count).bytes;
  }

 private:
  // TextSize in 8 bytes.
  struct Size {
    std::uint16_t bytes = 0;
    std::uint16_t code_points = 0;
    std::uint16_t utf16_units = 0;
    std::uint16_t newlines = 0;
  };

  void resize(const TextSize& size) {
    size_ = {static_cast<std::uint16_t>(size.bytes),
             static_cast<std::uint16_t>(size.code_points),
             static_cast<std::uint16_t>(size.utf16_units),
             static_cast<std::uint16_t>(size.newlines)};
  }

  std::size_t offset_behind_newlines(std::uint64_t count) const {
    std::size_t at = 0;
    for (; count > 0; --count) {
      at = text().find('\n', at) + 1;
    }
    return at;
  }

  Size size_;
  std::array<char, kBytes> text_;  // behind size_.bytes: uninitialised, never read
};

}  // namespace cloudsync::ot
