#pragma once
// The bus inside one process: what the embedded default has, where the one node is alone and
// neither publishes nor subscribes; and what several nodes in a test talk over. Nothing is lost on
// it.

#include "pubsub/pubsub.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cloudsync::pubsub {

class LocalBus {
 public:
  /// A node's end; the node is gone when it is destroyed. The bus outlives it.
  std::unique_ptr<PubSub> attach();

 private:
  class Node;

  struct Subscription {
    Executor* executor = nullptr;
    Receive receive;
  };

  void publish(const Node& from, std::string_view topic, const SharedBytes& message);

  std::mutex mutex_;  // guards what follows, and the nodes' subscriptions
  std::vector<Node*> nodes_;
};

}  // namespace cloudsync::pubsub
