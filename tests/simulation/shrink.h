#pragma once
// A failing plan made small: what is left is needed for the failure.

#include "plan.h"

#include <functional>

namespace cloudsync::simulation {

/// Takes away events (delta debugging, Zeller and Hildebrandt 2002), clients, nodes and delays, as
/// long as `fails` says so of the rest. `fails(plan)` must hold. The result is minimal: without any
/// one of its events it does not fail. Runs: about events * log(events), at worst its square.
Plan shrink(Plan plan, const std::function<bool(const Plan&)>& fails);

}  // namespace cloudsync::simulation
