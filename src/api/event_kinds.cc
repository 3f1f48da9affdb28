#include "api/event_kinds.h"

#include <algorithm>

namespace cloudsync::api {

gateway::EventRatesOptions event_rates_options(const Limits& limits) {
  return {
      .kinds = {{"", limits.events_per_second, "events_per_second"},
                {"submit-op", limits.submit_ops_per_second, "submit_ops_per_second"},
                {"join-document", limits.joins_per_second, "joins_per_second"},
                {"fetch-ops", limits.fetch_ops_per_second, "fetch_ops_per_second"},
                {"presence", limits.presence_per_second, "presence_per_second"}},
      .burst = limits.rate_burst,
      .user_factor = limits.user_rate_factor,
      // Who is connected is not forgotten for others.
      .remembered = std::max(limits.rates_remembered, limits.connections),
      .flood_time = limits.event_flood,
  };
}

std::size_t event_weight(std::string_view event) {
  return event == "join-document" || event == "fetch-ops" ? 8 : 1;
}

}  // namespace cloudsync::api
