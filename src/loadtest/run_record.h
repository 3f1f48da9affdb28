#pragma once
// All that a run left, of one process or of many.

#include "loadtest/measurements.h"
#include "loadtest/report.h"
#include "loadtest/timeline.h"

namespace cloudsync::loadtest {

struct RunRecord {
  Outcome outcome;
  Measurements measurements;  ///< totals
  Timeline timeline;
  Ladder ladder;
};

}  // namespace cloudsync::loadtest
