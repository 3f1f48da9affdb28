#pragma once
// Two results side by side.

#include "base/json.h"

#include <string>

namespace cloudsync::loadtest {

/// A line for each figure that both have, with the ratio of the second to the first and which is
/// better, where they differ by more than a tenth; and what makes them hard to compare: another
/// load, machine, or an unsuccessful run.
std::string comparison_text(const JsonObject& first, const JsonObject& second);

}  // namespace cloudsync::loadtest
