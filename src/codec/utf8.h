#pragma once
// UTF-8 validation (RFC 3629) that can stop and go on at any byte.

#include <cstdint>
#include <span>

namespace cloudsync::codec {

/// Validates a text that arrives in pieces. Three bytes of state.
class Utf8Validator {
 public:
  /// False at the first byte that can't continue a valid text; then the validator is spent.
  bool feed(std::span<const std::uint8_t> bytes);

  /// Whether the text may end here, not inside a character.
  bool at_boundary() const { return remaining_ == 0; }

 private:
  std::uint8_t remaining_ = 0;  // continuation bytes still owed
  std::uint8_t lower_ = 0x80;   // range of the next one
  std::uint8_t upper_ = 0xBF;
};

/// Whether the whole of `bytes` is valid UTF-8. Vectorised.
bool is_utf8(std::span<const std::uint8_t> bytes);

}  // namespace cloudsync::codec
