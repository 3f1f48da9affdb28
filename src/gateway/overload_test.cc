// A node with too much to do takes no further sessions, and keeps those that it has.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string handshake(TestNode& node) {
  HttpClient client(node);
  client.send(HttpClient::get(kPolling));
  return client.peer->received;
}

TEST(Overload, OfALateLoopIs503UntilItIsOnTime) {
  TestNode node({.loop_lag = milliseconds(1'000)});
  const auto joined = join_over_websocket(node);
  node.advance(milliseconds(500));
  EXPECT_THAT(handshake(node), StartsWith("HTTP/1.1 200 "));
  // The loop stands still, and finds the handshake in front of its sweep.
  node.network.clock.advance(milliseconds(1'200));
  const std::string refused = handshake(node);
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("retry-after: 1\r\n"));
  EXPECT_THAT(refused, HasSubstr(R"("code":"overloaded")"));
  EXPECT_EQ(node.limit("loop_lag"), 1U);
  EXPECT_THAT(handshake(node), StartsWith("HTTP/1.1 503 "));  // the sweep was late
  EXPECT_EQ(node.gateway().session_count(), 2U);
  joined->send(R"(42["x"])");
  EXPECT_EQ(node.application.events.size(), 1U);
  node.advance(milliseconds(200));
  EXPECT_THAT(handshake(node), StartsWith("HTTP/1.1 200 "));
}

TEST(Overload, OfALoopThatIsBehindAcceptsNobodyUntilItIsOnTime) {
  TestNode node({.loop_lag = milliseconds(2'000), .accept_lag = milliseconds(500)});
  const auto silent = node.connect();  // a loop without anybody looks less often
  node.advance(milliseconds(400));
  EXPECT_FALSE(node.loops[0]->listening_held());
  node.network.clock.advance(milliseconds(700));  // it stands still
  node.advance(milliseconds(0));
  EXPECT_TRUE(node.loops[0]->listening_held());
  EXPECT_EQ(node.limit("accept_lag"), 1U);
  node.advance(milliseconds(100));
  EXPECT_FALSE(node.loops[0]->listening_held());
  EXPECT_EQ(node.limit("accept_lag"), 1U);
}

TEST(Overload, OfHandshakesWaitsForThoseUnderWayWhileTheLoopIsLate) {
  TestNode node({.accept_lag = milliseconds(500), .handshakes_at_once = 2});
  FakeLoop& loop = *node.loops[0];
  const auto be_late = [&] {
    node.network.clock.advance(milliseconds(200));  // a tenth of 500 and more
    node.advance(milliseconds(0));
  };
  std::vector<std::shared_ptr<FakePeer>> silent(10);
  std::ranges::generate(silent, [&] { return node.connect(); });
  const PollingClient polls(node);
  const PollingClient polls_too(node);
  const PollingClient polls_as_well(node);
  be_late();
  EXPECT_FALSE(loop.listening_held());  // neither who says nothing nor who polls keeps others out
  WebSocketClient leaves(node);
  WebSocketClient stays(node);
  WebSocketClient opened(node);
  node.advance(milliseconds(100));
  EXPECT_FALSE(loop.listening_held());  // a loop that is on time has time for all
  be_late();
  EXPECT_TRUE(loop.listening_held());
  EXPECT_EQ(node.limit("handshakes_at_once"), 2U);  // with the third handshake, and now
  opened.send("40");
  EXPECT_TRUE(loop.listening_held());  // until the sweep
  be_late();
  EXPECT_FALSE(loop.listening_held());
  const WebSocketClient next(node);  // with the handshake it is held at once
  EXPECT_TRUE(loop.listening_held());
  leaves.send("1");
  be_late();
  EXPECT_FALSE(loop.listening_held());
}

TEST(Overload, OfQueuedBytesIs503UntilTheyAreTaken) {
  TestNode node({.node_queue_bytes = 10'000});
  const auto slow = join_over_websocket(node);
  const auto poller = PollingClient::joined(node);
  slow->peer->room = 0;
  const auto packet = EncodedPacket::event("x", '"' + std::string(6'000, 'x') + '"');
  for (const ConnectionId id : node.application.connected) {
    node.gateway().emit(id, packet);
  }
  EXPECT_THAT(handshake(node), StartsWith("HTTP/1.1 200 "));  // counted by the sweep
  node.advance(milliseconds(100));
  EXPECT_THAT(handshake(node), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(node.limit("node_queue_bytes"), 1U);
  EXPECT_THAT(node.application.disconnected, IsEmpty());
  slow->peer->room = std::string::npos;
  node.advance(milliseconds(100));
  EXPECT_THAT(handshake(node), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace cloudsync::gateway
