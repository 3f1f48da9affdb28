#pragma once
// Hashes and encodings over OpenSSL's libcrypto. Pure functions, thread-safe.

#include "base/bytes.h"  // as_bytes(), for texts

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync {

using Sha1 = std::array<std::uint8_t, 20>;
using Sha256 = std::array<std::uint8_t, 32>;

/// Only for the WebSocket handshake (RFC 6455 section 4.2.2), where it protects nothing.
Sha1 sha1(std::span<const std::uint8_t> data);
Sha256 sha256(std::span<const std::uint8_t> data);
Sha256 hmac_sha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data);

/// Compares secrets without leaking where they differ. False if the lengths differ.
bool equal_constant_time(std::string_view a, std::string_view b);

std::string hex(std::span<const std::uint8_t> data);
/// Standard base64 with padding (RFC 4648 section 4).
std::string base64(std::span<const std::uint8_t> data);
/// base64url without padding (RFC 4648 section 5).
std::string base64url(std::span<const std::uint8_t> data);
/// Strict inverse of base64(): padding required, no white space; nothing on any other input.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

/// SHA-256 over a sequence of fields, each preceded by its length as 8 bytes little-endian, so that
/// different field lists never give the same input.
class FieldHasher {
 public:
  FieldHasher& add(std::span<const std::uint8_t> field);

  FieldHasher& add(std::string_view field) { return add(as_bytes(field)); }

  FieldHasher& add(std::uint64_t number);

  Sha256 finish() const { return sha256(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace cloudsync
