#pragma once
// Which faults of a plan hit what: by the number of a message, append or publication, and by the
// places that can't reach each other.

#include "event.h"
#include "plan.h"
#include "world.h"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace cloudsync::simulation {

/// Of kBlock: any place.
inline constexpr std::int64_t kEveryPlace = 999;

class Faults {
 public:
  explicit Faults(const Plan& plan);

  /// The fault that the plan has for the n-th of what `a` (and `b`) do, if any: its last argument,
  /// as a duration.
  std::optional<Duration> find(Act act, std::int64_t a, std::uint64_t n) const;
  std::optional<Duration> find(Act act, std::int64_t a, std::int64_t b, std::uint64_t n) const;

  void block(std::int64_t from, std::int64_t to, Duration until);

  /// When something sent now from one place gets to the other; `now` if nothing is in the way.
  Duration passes(std::int64_t from, std::int64_t to, Duration now) const;

  /// No more faults.
  void heal();

  bool healed() const { return healed_; }

 private:
  struct Block {
    std::int64_t from;
    std::int64_t to;
    Duration until;
  };

  static std::uint64_t key(Act act, std::int64_t a, std::int64_t b, std::uint64_t n) {
    return static_cast<std::uint64_t>(act) << 56U | static_cast<std::uint64_t>(a) << 44U |
           static_cast<std::uint64_t>(b) << 32U | n;
  }

  std::unordered_map<std::uint64_t, std::int64_t> counted_;  // ms, of events that are not timed
  std::vector<Block> blocks_;
  bool healed_ = false;
};

}  // namespace cloudsync::simulation
