#pragma once
// The collaboration events by how many of them a client may send.

#include "base/limits.h"
#include "gateway/event_rates.h"

namespace cloudsync::api {

gateway::EventRatesOptions event_rates_options(const Limits& limits);

}  // namespace cloudsync::api
