#include "base/crypto.h"

#include "base/assert.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace cloudsync {
namespace {

constexpr char kStandardAlphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrlAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode_base64(std::span<const std::uint8_t> data, const char* alphabet, bool padded) {
  std::string out;
  out.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, data.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? data[i + k] : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= count) {
        out += alphabet[group >> (18 - 6 * k) & 63];
      } else if (padded) {
        out += '=';
      }
    }
  }
  return out;
}

std::array<std::int8_t, 256> make_decode_table() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (int i = 0; i < 64; ++i) {
    table[static_cast<unsigned char>(kStandardAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}

/// An implementation, to be looked up once: with EVP_sha256() each digest does so anew, which takes
/// longer than hashing an operation (OpenSSL 3, ossl-guide-libcrypto-introduction, "Implicit
/// fetching").
const EVP_MD* fetch_digest(const char* name) {
  const EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
  CS_ASSERT(digest != nullptr, "SHA-1 and SHA-256 are available");
  return digest;
}

const EVP_MD* sha256_digest() {
  static const EVP_MD* const kDigest = fetch_digest("SHA256");
  return kDigest;
}

}  // namespace

Sha1 sha1(std::span<const std::uint8_t> data) {
  static const EVP_MD* const kDigest = fetch_digest("SHA1");
  Sha1 digest;
  const int ok = EVP_Digest(data.data(), data.size(), digest.data(), nullptr, kDigest, nullptr);
  CS_ASSERT(ok == 1, "SHA-1 works");
  return digest;
}

Sha256 sha256(std::span<const std::uint8_t> data) {
  Sha256 digest;
  const int ok =
      EVP_Digest(data.data(), data.size(), digest.data(), nullptr, sha256_digest(), nullptr);
  CS_ASSERT(ok == 1, "SHA-256 works");
  return digest;
}

Sha256 hmac_sha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data) {
  Sha256 digest;
  unsigned int size = 0;
  const auto* out = HMAC(sha256_digest(),
                         key.data(),
                         static_cast<int>(key.size()),
                         data.data(),
                         data.size(),
                         digest.data(),
                         &size);
  CS_ASSERT(out != nullptr && size == digest.size(), "HMAC-SHA-256 is available");
  return digest;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hex(std::span<const std::uint8_t> data) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(data.size() * 2);
  for (const std::uint8_t byte : data) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string base64(std::span<const std::uint8_t> data) {
  return encode_base64(data, kStandardAlphabet, true);
}

std::string base64url(std::span<const std::uint8_t> data) {
  return encode_base64(data, kUrlAlphabet, false);
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  static const std::array<std::int8_t, 256> kDecode = make_decode_table();
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') {
    ++padding;
  }
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_padding = i >= text.size() - padding;
    const int digit = is_padding ? 0 : kDecode[static_cast<unsigned char>(text[i])];
    if (digit < 0) {
      return std::nullopt;
    }
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (i % 4 == 3) {
      out.push_back(static_cast<std::uint8_t>(group >> 16));
      out.push_back(static_cast<std::uint8_t>(group >> 8));
      out.push_back(static_cast<std::uint8_t>(group));
      group = 0;
    }
  }
  // The bits that padding leaves over are zero (RFC 4648 section 3.5): bytes have one text.
  const auto kept = out.end() - static_cast<std::ptrdiff_t>(padding);
  if (std::any_of(kept, out.end(), [](std::uint8_t byte) { return byte != 0; })) {
    return std::nullopt;
  }
  out.erase(kept, out.end());
  return out;
}

FieldHasher& FieldHasher::add(std::span<const std::uint8_t> field) {
  const auto size = static_cast<std::uint64_t>(field.size());
  for (int shift = 0; shift < 64; shift += 8) {
    bytes_.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  bytes_.insert(bytes_.end(), field.begin(), field.end());
  return *this;
}

FieldHasher& FieldHasher::add(std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return add(bytes);
}

}  // namespace cloudsync
