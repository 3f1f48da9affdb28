#include "base/random.h"

#include "base/assert.h"
#include "base/crypto.h"

#include <openssl/rand.h>

#include <vector>

namespace cloudsync {

void SystemRandom::fill(std::span<std::uint8_t> out) {
  const int ok = RAND_bytes(out.data(), static_cast<int>(out.size()));
  CS_ASSERT(ok == 1, "the operating system gives random bytes");
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  for (std::uint8_t& byte : out) {
    byte = static_cast<std::uint8_t>(engine_());
  }
}

std::string random_token(RandomSource& random, std::size_t bytes) {
  std::vector<std::uint8_t> buffer(bytes);
  random.fill(buffer);
  return base64url(buffer);
}

}  // namespace cloudsync
