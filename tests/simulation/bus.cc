#include "bus.h"

#include "document/roster.h"

#include <algorithm>
#include <utility>

namespace cloudsync::simulation {

void Bus::publish(std::int64_t from, std::string_view topic, const SharedBytes& message) {
  const Duration now = environment_.world.now();
  const Faults& faults = environment_.faults;
  const bool is_roster = topic == document::roster_topic(kDocument);
  for (std::int64_t to = 0; to < environment_.plan.nodes; ++to) {
    if (to == from) {
      continue;
    }
    if (is_roster) {
      send_roster(from, to, message);
      continue;
    }
    const std::uint64_t n = ++counts_[{from, to}];
    if (faults.find(Act::kBusLost, from, to, n) ||
        faults.passes(kNodes + from, kNodes + to, now) > now) {
      continue;
    }
    Dice dice = environment_.dice(Deciding::kBus, from, to, n);
    Duration& last = last_[{from, to}];
    Duration at = std::max(
        last, now + dice.milliseconds(0, static_cast<std::uint64_t>(environment_.plan.bus_ms_max)));
    if (const auto late = faults.find(Act::kBusLate, from, to, n)) {
      at += *late;
    } else {
      last = at;
    }
    arrive_at(at, to, std::string(topic), message);
    if (const auto again = faults.find(Act::kBusTwice, from, to, n)) {
      arrive_at(at + *again, to, std::string(topic), message);
    }
  }
}

// There are too many for a plan to name: some are lost, all overtake each other.
void Bus::send_roster(std::int64_t from, std::int64_t to, const SharedBytes& message) {
  const Duration now = environment_.world.now();
  const Faults& faults = environment_.faults;
  Dice dice = environment_.dice(Deciding::kRoster, from, to, ++rosters_[{from, to}]);
  if (faults.passes(kNodes + from, kNodes + to, now) > now ||
      (!faults.healed() && dice.chance(0.2))) {
    return;
  }
  const auto delay_max = static_cast<std::uint64_t>(environment_.plan.bus_ms_max);
  arrive_at(now + dice.milliseconds(0, delay_max), to, document::roster_topic(kDocument), message);
}

void Bus::arrive_at(Duration at, std::int64_t to, std::string topic, const SharedBytes& message) {
  environment_.world.after(at - environment_.world.now(),
                           [this, to, name = std::move(topic), message] {
                             if (const auto end = ends_.find(to); end != ends_.end()) {
                               end->second->receive(name, message);
                             }
                           });
}

BusEnd::BusEnd(Bus& bus, std::int64_t node, std::function<bool()> before_publish)
    : bus_(bus), node_(node), before_publish_(std::move(before_publish)) {
  bus_.attach(node, *this);
}

void BusEnd::publish(std::string_view topic, SharedBytes message) {
  if (topic == document::roster_topic(kDocument) || before_publish_()) {
    bus_.publish(node_, topic, message);
  }
}

void BusEnd::subscribe(std::string topic, Executor& executor, pubsub::Receive receive) {
  subscriptions_.insert_or_assign(
      std::move(topic), Subscription{.executor = &executor, .receive = std::move(receive)});
}

void BusEnd::receive(const std::string& topic, const SharedBytes& message) {
  const auto found = subscriptions_.find(topic);
  if (found != subscriptions_.end()) {
    found->second.executor->post([call = found->second.receive, message] { call(message); });
  }
}

}  // namespace cloudsync::simulation
