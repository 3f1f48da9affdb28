#pragma once
// The collaboration events by how many of them a client may send.

#include "base/limits.h"
#include "gateway/event_rates.h"

#include <cstddef>
#include <string_view>

namespace cloudsync::api {

gateway::EventRatesOptions event_rates_options(const Limits& limits);

/// As how many of limits.requests_in_flight (16) an event counts. The answer to a join or to
/// fetch-ops has up to limits.catch_up_bytes (256 KiB; more if one operation is larger): two of
/// them fit into limits.send_queue_bytes (1 MiB) with the quarter that may be queued when they
/// begin.
std::size_t event_weight(std::string_view event);

}  // namespace cloudsync::api
