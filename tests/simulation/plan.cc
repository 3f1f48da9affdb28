#include "plan.h"

#include <random>

namespace cloudsync::simulation {

Plan Plan::draw(std::uint64_t seed, Bug bug) {
  std::mt19937_64 engine(seed * 2 + 1);
  const auto number = [&engine](std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(engine);
  };
  const auto sometimes = [&number](double value) { return number(0, 1) == 0 ? 0.0 : value; };
  Plan plan;
  plan.seed = seed;
  plan.bug = bug;
  plan.type = static_cast<ot::Type>(number(0, 2));
  plan.clients = number(2, 4);
  plan.edits_per_client = number(5, 25);
  plan.delay_ms_max = number(1, 60);
  plan.cut = sometimes(0.02);
  plan.duplicate = sometimes(0.05);
  plan.overtake = sometimes(0.05);
  plan.append_unknown = sometimes(0.1);
  plan.append_refused = sometimes(0.05);
  plan.read_failure = sometimes(0.1);
  plan.store_delay_ms_max = number(0, 3) == 0 ? 150 : number(0, 40);
  plan.crashes = number(0, 3);
  plan.limits.snapshot_ops = number(3, 40);
  plan.limits.catch_up_ops = number(2, 30);
  plan.limits.catch_up_bytes = number(50, 2'000);
  plan.limits.idle_documents = number(0, 1);
  return plan;
}

}  // namespace cloudsync::simulation
