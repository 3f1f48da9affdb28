#pragma once
// What all parts of one run share.

#include "dice.h"
#include "faults.h"
#include "history.h"
#include "plan.h"
#include "world.h"

#include <cstdint>

namespace cloudsync::simulation {

struct Environment {
  Environment(const Plan& the_plan, bool keep_history)
      : plan(the_plan), faults(the_plan), history(world, keep_history) {}

  template <class... Numbers>
  Dice dice(Deciding what, Numbers... which) const {
    return Dice(plan.seed, what, which...);
  }

  const Plan& plan;
  World world;
  Faults faults;
  History history;
  std::uint64_t upgrades = 0;  ///< connections that moved to WebSocket
};

}  // namespace cloudsync::simulation
