#pragma once
// Randomness, passed in so that the simulator can seed it.

#include <cstdint>
#include <random>
#include <span>
#include <string>

namespace cloudsync {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// The operating system's cryptographic generator (through OpenSSL). Thread-safe.
class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// Reproducible from its seed; for tests and the simulator only.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  void fill(std::span<std::uint8_t> out) override;

 private:
  std::mt19937_64 engine_;
};

/// `bytes` random bytes as base64url without padding: 16 bytes give 22 characters and 128 bits.
std::string random_token(RandomSource& random, std::size_t bytes);

}  // namespace cloudsync
