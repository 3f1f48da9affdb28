#pragma once
// The machine that a result comes from.

#include "base/json.h"

namespace cloudsync::loadtest {

/// {"cpu", "cores", "memoryBytes", "kernel", "loadAverage", "time"}: the processor's model, the
/// cores that this process may use, the release of the kernel, what runs or waits (of the last
/// minute, this run included), and the time in UTC (ISO 8601).
JsonObject machine_json();

}  // namespace cloudsync::loadtest
