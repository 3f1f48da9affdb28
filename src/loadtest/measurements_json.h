#pragma once
// Measurements on their way from a worker to the coordinator, without loss: histograms as their
// steps. Readers take what they know, and 0 for what is missing.

#include "base/json.h"
#include "loadtest/measurements.h"
#include "loadtest/report.h"
#include "loadtest/timeline.h"

namespace cloudsync::loadtest {

/// {"maxUs": number, "steps": [[upper edge in us, count], …]}
JsonObject histogram_json(const LatencyHistogram& histogram);
LatencyHistogram read_histogram(const JsonObject& json);

/// The totals of a run.
JsonObject measurements_json(const Measurements& measurements);
/// Adds the totals in `json`.
void merge_measurements(Measurements& measurements, const JsonObject& json);

JsonObject outcome_json(const Outcome& outcome);
/// Adds counts; of times the longest counts, since workers do the same at the same time.
void merge_outcome(Outcome& outcome, const JsonObject& json);

JsonObject second_json(const Second& second);
Second read_second(const JsonObject& json);

}  // namespace cloudsync::loadtest
