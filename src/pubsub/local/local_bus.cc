#include "pubsub/local/local_bus.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace cloudsync::pubsub {

class LocalBus::Node final : public PubSub {
 public:
  explicit Node(LocalBus& bus) : bus_(bus) {
    const std::lock_guard lock(bus_.mutex_);
    bus_.nodes_.push_back(this);
  }

  ~Node() override {
    const std::lock_guard lock(bus_.mutex_);
    std::erase(bus_.nodes_, this);
  }

  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void publish(std::string_view topic, SharedBytes message) override {
    bus_.publish(*this, topic, message);
  }

  void subscribe(std::string topic, Executor& executor, Receive receive) override {
    const std::lock_guard lock(bus_.mutex_);
    const bool is_new =
        subscriptions_
            .emplace(std::move(topic),
                     Subscription{.executor = &executor, .receive = std::move(receive)})
            .second;
    CS_ASSERT(is_new, "a topic is subscribed once");
  }

  void unsubscribe(const std::string& topic) override {
    const std::lock_guard lock(bus_.mutex_);
    subscriptions_.erase(topic);
  }

 private:
  friend class LocalBus;

  LocalBus& bus_;
  std::map<std::string, Subscription, std::less<>> subscriptions_;
};

std::unique_ptr<PubSub> LocalBus::attach() {
  return std::make_unique<Node>(*this);
}

void LocalBus::publish(const Node& from, std::string_view topic, const SharedBytes& message) {
  const std::lock_guard lock(mutex_);
  for (const Node* node : nodes_) {
    if (node == &from) {
      continue;
    }
    if (const auto found = node->subscriptions_.find(topic); found != node->subscriptions_.end()) {
      found->second.executor->post(
          [receive = found->second.receive, message] { receive(message); });
    }
  }
}

}  // namespace cloudsync::pubsub
