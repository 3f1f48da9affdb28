#include "loadtest/timeline.h"

#include <algorithm>
#include <utility>

namespace cloudsync::loadtest {

void Second::start_next() {
  rung = 0;
  connect.reset();
  delivery.reset();
  ack.reset();
}

Second take_second(Measurements& measurements) {
  Second second{.rung = measurements.rung,
                .joined = measurements.joined,
                .errors = measurements.errors,
                .connect = measurements.connect.interval,
                .delivery = measurements.delivery.interval,
                .ack = measurements.ack.interval};
  measurements.connect.interval.reset();
  measurements.delivery.interval.reset();
  measurements.ack.interval.reset();
  return second;
}

void merge_second(Second& second, const Second& other) {
  second.rung = std::max(second.rung, other.rung);
  second.joined += other.joined;
  for (const auto& [code, count] : other.errors) {
    second.errors[code] += count;
  }
  second.connect.merge(other.connect);
  second.delivery.merge(other.delivery);
  second.ack.merge(other.ack);
}

void Ladder::add(const Second& second) {
  seconds_ = second.rung == rung_ ? seconds_ + 1 : 1;
  rung_ = second.rung;
  if (rung_ > 0 && seconds_ > kSkipped) {
    rungs_.resize(std::max<std::size_t>(rungs_.size(), second.rung));
    Rung& rung = rungs_[second.rung - 1];
    ++rung.seconds;
    rung.delivery.merge(second.delivery);
    rung.ack.merge(second.ack);
  }
}

void Timeline::add(double end, const Second& second) {
  points_.push_back({.end = end,
                     .joined = second.joined,
                     .connects = second.connect.count(),
                     .acks = second.ack.count(),
                     .deliveries = second.delivery.count(),
                     .p50_ms = ms(second.delivery.quantile(0.5)),
                     .p95_ms = ms(second.delivery.quantile(0.95)),
                     .p99_ms = ms(second.delivery.quantile(0.99)),
                     .max_ms = ms(second.delivery.max())});
}

JsonArray Timeline::to_json() const {
  JsonArray array;
  for (const Point& point : points_) {
    array.push_back(JsonObject{{"second", point.end},
                               {"joined", point.joined},
                               {"connects", point.connects},
                               {"acks", point.acks},
                               {"deliveries", point.deliveries},
                               {"deliveryP50Ms", point.p50_ms},
                               {"deliveryP95Ms", point.p95_ms},
                               {"deliveryP99Ms", point.p99_ms},
                               {"deliveryMaxMs", point.max_ms}});
  }
  return array;
}

}  // namespace cloudsync::loadtest
