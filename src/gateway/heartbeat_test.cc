// Pings and the deadline for their answers, to the millisecond.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Pings leave at whole 1/64 of the interval, here 100 ms, which is when sweeps come, too.
const Limits kFast{.ping_interval = milliseconds(6'400), .ping_timeout = milliseconds(200)};

TEST(Heartbeat, PingsEachIntervalAfterThePong) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  node.advance(milliseconds(6'399));
  EXPECT_THAT(client->messages(), IsEmpty());
  node.advance(milliseconds(1));
  EXPECT_THAT(client->messages(), ElementsAre("2"));
  node.advance(milliseconds(100));
  client->send("3");
  node.advance(milliseconds(6'399));
  EXPECT_THAT(client->messages(), IsEmpty());
  node.advance(milliseconds(1));
  EXPECT_THAT(client->messages(), ElementsAre("2"));
}

TEST(Heartbeat, ClosesAtTheDeadline) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  node.advance(milliseconds(6'599));
  EXPECT_FALSE(client->peer->gone);
  node.advance(milliseconds(1));
  EXPECT_TRUE(client->peer->server_ended);
  EXPECT_THAT(node.application.disconnected, ElementsAre(node.application.connected[0]));
}

TEST(Heartbeat, PingsAPeerThatIsBusy) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  for (int i = 0; i < 64; ++i) {
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
  node.advance(milliseconds(6'200));
  EXPECT_THAT(client->messages(), ElementsAre("2"));
}

TEST(Heartbeat, LeaveInGroups) {
  TestNode node(kFast);
  const auto first = join_over_websocket(node);
  node.advance(milliseconds(3));
  const auto second = join_over_websocket(node);
  node.advance(milliseconds(6'396));
  EXPECT_THAT(second->messages(), IsEmpty());
  node.advance(milliseconds(1));
  EXPECT_THAT(first->messages(), ElementsAre("2"));
  EXPECT_THAT(second->messages(), ElementsAre("2"));
}

TEST(Heartbeat, LetsALoopSleepMeanwhile) {
  TestNode node(kFast);
  const auto client = join_over_websocket(node);
  node.advance(milliseconds(4'500));
  const auto sleeps = [&] { return *node.loops[0]->next_deadline() - node.network.clock.now(); };
  EXPECT_GT(sleeps(), milliseconds(100));
  client->send(R"(42["x"])");
  EXPECT_EQ(sleeps(), milliseconds(100));
}

TEST(Heartbeat, ComesInTimeWhenAPongEndsALongWait) {
  TestNode node({.ping_interval = milliseconds(320), .ping_timeout = seconds(20)});
  const auto client = join_over_websocket(node);
  int pings = 0;
  for (int i = 0; i < 3'200; ++i) {
    node.advance(milliseconds(1));
    if (!client->messages().empty()) {
      ++pings;
      client->send("3");
    }
  }
  EXPECT_GE(pings, 3'200 / 420);
}

TEST(Heartbeat, OfManyTakesTurns) {
  TestNode node(kFast);
  std::vector<std::unique_ptr<WebSocketClient>> clients(300);
  std::ranges::generate(clients, [&] { return join_over_websocket(node); });
  node.network.clock.advance(milliseconds(6'400));
  const auto pinged_in_a_turn = [&] {
    node.loops[0]->turn();
    return std::ranges::count_if(clients, [](auto& client) { return !client->messages().empty(); });
  };
  EXPECT_EQ(pinged_in_a_turn(), 128);
  EXPECT_EQ(pinged_in_a_turn(), 128);
  EXPECT_EQ(pinged_in_a_turn(), 44);
}

TEST(Heartbeat, CountsFromWhenThePingWasDueWhateverTheSweep) {
  TestNode node({.ping_interval = milliseconds(320), .ping_timeout = milliseconds(200)});
  node.advance(milliseconds(50));
  PollingClient client(node);
  // The ping is due at 370 and goes out with the sweep at 400; the deadline is 570 all the same,
  // which a request meets at once.
  const auto silent = node.connect();  // so that there are sweeps in between
  node.advance(milliseconds(519));
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
  node.advance(milliseconds(6'400));
  EXPECT_EQ(client->get.body(), "2");
  EXPECT_EQ(client->say("3"), "ok");
  node.advance(milliseconds(6'400));
  EXPECT_EQ(client->poll(), "2");
}

TEST(Heartbeat, KeepsItsDeadlineOverAnUpgrade) {
  TestNode node(kFast);
  const auto client = PollingClient::joined(node);
  node.advance(milliseconds(6'400));
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
  node.advance(milliseconds(6'400));
  EXPECT_EQ(client->get.body(), "2");
  EXPECT_EQ(client->poll(), "(none)");
  node.advance(milliseconds(200));
  EXPECT_EQ(client->get.body(), "1");
}

TEST(Heartbeat, TakesLittleMemoryOfASessionThatDoesNothingElse) {
  static_assert(sizeof(Session) <= 96);
}

}  // namespace
}  // namespace cloudsync::gateway
