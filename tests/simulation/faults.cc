#include "faults.h"

#include <algorithm>

namespace cloudsync::simulation {
namespace {

bool is_of_bus(Act act) {
  return act == Act::kBusLost || act == Act::kBusTwice || act == Act::kBusLate;
}

}  // namespace

Faults::Faults(const Plan& plan) {
  for (const Event& event : plan.events) {
    if (is_timed(event.act)) {
      continue;
    }
    const auto& args = event.args;
    if (is_of_bus(event.act)) {
      counted_.emplace(key(event.act, args[0], args[1], static_cast<std::uint64_t>(args[2])),
                       args[3]);
    } else {
      counted_.emplace(key(event.act, args[0], 0, static_cast<std::uint64_t>(args[1])), args[2]);
    }
  }
}

std::optional<Duration> Faults::find(Act act, std::int64_t a, std::uint64_t n) const {
  return find(act, a, 0, n);
}

std::optional<Duration> Faults::find(Act act,
                                     std::int64_t a,
                                     std::int64_t b,
                                     std::uint64_t n) const {
  if (healed_) {
    return std::nullopt;
  }
  const auto found = counted_.find(key(act, a, b, n));
  if (found == counted_.end()) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(found->second);
}

void Faults::block(std::int64_t from, std::int64_t to, Duration until) {
  blocks_.push_back({.from = from, .to = to, .until = until});
}

Duration Faults::passes(std::int64_t from, std::int64_t to, Duration now) const {
  Duration at = now;
  for (const Block& block : blocks_) {
    if ((block.from == from || block.from == kEveryPlace) &&
        (block.to == to || block.to == kEveryPlace)) {
      at = std::max(at, block.until);
    }
  }
  return at;
}

void Faults::heal() {
  healed_ = true;
  blocks_.clear();
}

}  // namespace cloudsync::simulation
