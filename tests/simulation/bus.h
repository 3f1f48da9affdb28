#pragma once
// The bus between nodes, as bad as a bus may be: publications are lost, doubled, late and
// overtaken, and those sent into a partition or to a node that is down are lost.

#include "environment.h"
#include "pubsub/pubsub.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace cloudsync::simulation {

class BusEnd;

/// Outlives the nodes' processes.
class Bus {
 public:
  explicit Bus(Environment& environment) : environment_(environment) {}

  void attach(std::int64_t node, BusEnd& end) { ends_[node] = &end; }

  void detach(std::int64_t node) { ends_.erase(node); }

  void publish(std::int64_t from, std::string_view topic, const SharedBytes& message);

 private:
  void send_roster(std::int64_t from, std::int64_t to, const SharedBytes& message);
  void arrive_at(Duration at, std::int64_t to, std::string topic, const SharedBytes& message);

  Environment& environment_;
  std::map<std::int64_t, BusEnd*> ends_;  // of the nodes that are up
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> counts_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> rosters_;
  std::map<std::pair<std::int64_t, std::int64_t>, Duration> last_;
};

/// One process's end.
class BusEnd final : public pubsub::PubSub {
 public:
  /// `before_publish` says whether the process is still there to publish a commit.
  BusEnd(Bus& bus, std::int64_t node, std::function<bool()> before_publish);

  ~BusEnd() override { bus_.detach(node_); }

  BusEnd(const BusEnd&) = delete;
  BusEnd& operator=(const BusEnd&) = delete;

  void publish(std::string_view topic, SharedBytes message) override;
  void subscribe(std::string topic, Executor& executor, pubsub::Receive receive) override;

  void unsubscribe(const std::string& topic) override { subscriptions_.erase(topic); }

  void receive(const std::string& topic, const SharedBytes& message);

 private:
  struct Subscription {
    Executor* executor;
    pubsub::Receive receive;
  };

  Bus& bus_;
  std::int64_t node_;
  std::function<bool()> before_publish_;
  std::map<std::string, Subscription> subscriptions_;
};

}  // namespace cloudsync::simulation
