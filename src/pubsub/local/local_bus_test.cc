#include "pubsub/local/local_bus.h"

#include <gtest/gtest.h>

#include <deque>

namespace cloudsync::pubsub {
namespace {

class ManualExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> task) override { tasks_.push_back(std::move(task)); }

  void run() {
    for (; !tasks_.empty(); tasks_.pop_front()) {
      tasks_.front()();
    }
  }

 private:
  std::deque<UniqueFunction<void()>> tasks_;
};

class LocalBusTest : public testing::Test {
 protected:
  void listen(PubSub& node, const std::string& name) {
    node.subscribe("t", executor_, [this, name](const SharedBytes& message) {
      heard_.push_back(name + " " + *message);
    });
  }

  LocalBus bus_;
  ManualExecutor executor_;
  std::vector<std::string> heard_;
};

TEST_F(LocalBusTest, ReachesTheOtherNodesOnTheirExecutors) {
  const auto one = bus_.attach();
  const auto two = bus_.attach();
  listen(*one, "one");
  listen(*two, "two");
  one->publish("t", share("hello"));
  one->publish("elsewhere", share("lost"));
  EXPECT_TRUE(heard_.empty());
  executor_.run();
  EXPECT_EQ(heard_, std::vector<std::string>{"two hello"});
}

TEST_F(LocalBusTest, AnUnsubscribedTopicIsSilent) {
  const auto one = bus_.attach();
  const auto two = bus_.attach();
  listen(*two, "two");
  two->unsubscribe("t");
  one->publish("t", share("hello"));
  executor_.run();
  EXPECT_TRUE(heard_.empty());
}

}  // namespace
}  // namespace cloudsync::pubsub
