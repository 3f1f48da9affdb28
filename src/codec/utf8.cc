#include "codec/utf8.h"

#include "base/bytes.h"

#include <simdjson.h>

#include <cstddef>
#include <cstring>

namespace cloudsync::codec {

namespace {

/// Bytes of ASCII at the start of `bytes`, rounded down to whole words.
std::size_t skip_ascii(std::span<const std::uint8_t> bytes) {
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= bytes.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    if ((word & 0x8080808080808080U) != 0) {
      break;
    }
  }
  return i;
}

}  // namespace

// The well-formed sequences of the Unicode Standard, table 3-7 (same set as RFC 3629 section 4):
// only the second byte has a range of its own, after E0 (no overlong), ED (no surrogate), F0 (no
// overlong) and F4 (nothing above U+10FFFF).
bool Utf8Validator::feed(std::span<const std::uint8_t> bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    if (remaining_ == 0) {
      i += skip_ascii(bytes.subspan(i));
      if (i == bytes.size()) {
        return true;
      }
    }
    const std::uint8_t byte = bytes[i++];
    if (remaining_ > 0) {
      if (byte < lower_ || byte > upper_) {
        return false;
      }
      --remaining_;
      lower_ = 0x80;
      upper_ = 0xBF;
      continue;
    }
    if (byte < 0x80) {
      continue;
    }
    if (byte < 0xC2 || byte > 0xF4) {
      return false;
    }
    remaining_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    lower_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
    upper_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
  }
  return true;
}

bool is_utf8(std::span<const std::uint8_t> bytes) {
  // Short messages are most messages; the call into simdjson pays from a few vectors on.
  constexpr std::size_t kShort = 32;
  if (bytes.size() < kShort) {
    Utf8Validator validator;
    return validator.feed(bytes) && validator.at_boundary();
  }
  return simdjson::validate_utf8(as_text(bytes));
}

}  // namespace cloudsync::codec
