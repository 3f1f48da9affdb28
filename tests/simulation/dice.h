#pragma once
// Randomness by name: each decision draws from the seed, its kind and the numbers of what decides,
// never from a stream that all share. So a plan with an event less decides everything else as
// before, which is what makes plans shrink.

#include "base/clock.h"

#include <cstdint>

namespace cloudsync::simulation {

/// One step of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
/// 2014).
constexpr std::uint64_t mix(std::uint64_t state) {
  std::uint64_t z = state + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

/// What is decided: the first number behind the seed.
enum class Deciding : std::uint64_t {
  kPlan,
  kEdit,
  kCursor,
  kHome,     // which node a connection goes to
  kNetwork,  // a message
  kCut,      // what a breaking connection loses
  kStore,
  kBus,
  kSalt,
  kPatience,  // how long a client waits
  kJournal,
  kReadOld,  // which revision
  kRoster,   // what becomes of one between two nodes
  kUpgrade,  // when a connection moves from polling to WebSocket, and how long that takes
};

class Dice {
 public:
  template <class... Numbers>
  Dice(std::uint64_t seed, Deciding what, Numbers... which)
      : state_(mix(seed ^ mix(static_cast<std::uint64_t>(what)))) {
    ((state_ = mix(state_ ^ static_cast<std::uint64_t>(which))), ...);
  }

  std::uint64_t next() { return mix(state_++); }

  /// From `low` to `high`, both included. The bias of the remainder is below 2^-40 here.
  std::uint64_t number(std::uint64_t low, std::uint64_t high) {
    return low + next() % (high - low + 1);
  }

  bool chance(double probability) {
    return static_cast<double>(next() >> 11U) * 0x1.0p-53 < probability;
  }

  Duration milliseconds(std::uint64_t low, std::uint64_t high) {
    return std::chrono::microseconds(number(low * 1'000, high * 1'000));
  }

 private:
  std::uint64_t state_;
};

}  // namespace cloudsync::simulation
