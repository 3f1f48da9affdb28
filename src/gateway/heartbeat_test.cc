// Pings and the deadline for their answers, to the millisecond.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Limits kFast{.ping_interval = milliseconds(300), .ping_timeout = milliseconds(200)};

TEST(Heartbeat, PingsEachIntervalAfterThePong) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  node.advance(milliseconds(299));
  EXPECT_THAT(client->messages(), IsEmpty());
  node.advance(milliseconds(1));
  EXPECT_THAT(client->messages(), ElementsAre("2"));
  node.advance(milliseconds(100));
  client->send("3");
  node.advance(milliseconds(299));
  EXPECT_THAT(client->messages(), IsEmpty());
  node.advance(milliseconds(1));
  EXPECT_THAT(client->messages(), ElementsAre("2"));
}

TEST(Heartbeat, ClosesAtTheDeadline) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  node.advance(milliseconds(499));
  EXPECT_FALSE(client->peer->gone);
  node.advance(milliseconds(1));
  EXPECT_TRUE(client->peer->server_ended);
  EXPECT_THAT(node.application.disconnected, ElementsAre(node.application.connected[0]));
}

TEST(Heartbeat, PingsAPeerThatIsBusy) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  for (int i = 0; i < 3; ++i) {
    node.advance(milliseconds(100));
    client->send(R"(42["x"])");
    node.gateway().emit(node.application.connected[0], EncodedPacket::event("y", "1"));
  }
  EXPECT_THAT(client->messages(), testing::Contains("2"));
}

TEST(Heartbeat, IsNotPutOffByPongsThatNobodyAskedFor) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  node.advance(milliseconds(200));
  client->send("3");
  node.advance(milliseconds(100));
  EXPECT_THAT(client->messages(), ElementsAre("2"));
}

TEST(Heartbeat, CountsFromWhenThePingWasDueWhateverTheSweep) {
  TestNode node(kFast);
  node.advance(milliseconds(50));
  PollingClient client(node);
  // The ping is due at 350 and goes out with the sweep at 400; the deadline is 550 all the same,
  // which a request meets at once.
  node.advance(milliseconds(499));
  EXPECT_EQ(client.poll(), "2");
  node.advance(milliseconds(1));
  EXPECT_EQ(client.poll(), R"({"code":1,"message":"Session ID unknown"})");
}

TEST(Heartbeat, GivesPeersTheirTimeAfterTheLoopStoodStill) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  node.network.clock.advance(seconds(60));
  node.settle();
  EXPECT_THAT(client->messages(), ElementsAre("2"));
  node.advance(milliseconds(199));
  client->send("3");
  node.advance(milliseconds(1));
  EXPECT_FALSE(client->peer->gone);
}

TEST(Heartbeat, WaitsInTheBufferOfAPollingClient) {
  TestNode node(kFast);
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->poll(), "(none)");
  node.advance(milliseconds(300));
  EXPECT_EQ(client->get.body(), "2");
  EXPECT_EQ(client->say("3"), "ok");
  node.advance(milliseconds(400));
  EXPECT_EQ(client->poll(), "2");
}

TEST(Heartbeat, KeepsItsDeadlineOverAnUpgrade) {
  TestNode node(kFast);
  const auto client = PollingClient::joined(node);
  node.advance(milliseconds(300));
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  upgraded.send("5");
  EXPECT_THAT(upgraded.messages(), ElementsAre("3probe", "2"));
  node.advance(milliseconds(200));
  EXPECT_TRUE(upgraded.peer->server_ended);
}

TEST(Heartbeat, OfAHeldPollEndsItWithAClosePacket) {
  TestNode node(kFast);
  const auto client = PollingClient::joined(node);
  client->poll();
  node.advance(milliseconds(300));
  EXPECT_EQ(client->get.body(), "2");
  EXPECT_EQ(client->poll(), "(none)");
  node.advance(milliseconds(200));
  EXPECT_EQ(client->get.body(), "1");
}

}  // namespace
}  // namespace cloudsync::gateway
