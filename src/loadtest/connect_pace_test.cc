#include "loadtest/connect_pace.h"

#include "gateway/fake_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using testing::ElementsAre;

TEST(ConnectPace, BoundsHandshakesFirstAndAgain) {
  gateway::FakeNetwork network;
  gateway::FakeLoop loop(network);
  ConnectPace pace(loop, 0, 2);
  std::vector<int> started;
  bool done = false;
  pace.run(
      3,
      [&](std::size_t connection, TimePoint) { started.push_back(static_cast<int>(connection)); },
      [&] { done = true; });
  pace.again([&] { started.push_back(10); });
  pace.again([&] { started.push_back(11); });
  EXPECT_THAT(started, ElementsAre(0, 1));
  pace.on_handshake_over(true);
  EXPECT_THAT(started, ElementsAre(0, 1, 2));
  pace.on_handshake_over(true);
  EXPECT_THAT(started, ElementsAre(0, 1, 2, 10));
  EXPECT_FALSE(done);
  pace.on_handshake_over(true);
  EXPECT_TRUE(done);  // whoever comes back and back again keeps nobody waiting
  EXPECT_THAT(started, ElementsAre(0, 1, 2, 10, 11));
  pace.on_handshake_over(false);
  pace.on_handshake_over(false);
}

}  // namespace
}  // namespace cloudsync::loadtest
