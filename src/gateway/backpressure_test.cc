// Peers that don't read: what is queued for them is bounded, and they hurt nobody else.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Limits kSmall{.send_queue_bytes = 10'000, .presence_queue_bytes = 1'000};

EncodedPacket packet_of(std::size_t bytes) {
  return EncodedPacket::event("x", '"' + std::string(bytes, 'x') + '"');
}

EncodedPacket presence(int number) {
  return EncodedPacket::event("p", std::to_string(number));
}

TEST(Backpressure, ClosesAWebSocketOverTheLimitAndCounts) {
  TestNode node(kSmall);
  const auto client = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  client->peer->room = 0;
  node.gateway().emit(id, packet_of(5'000));
  node.gateway().emit(id, packet_of(4'000));
  EXPECT_EQ(node.limit("send_queue_bytes"), 0U);
  node.gateway().emit(id, packet_of(4'000));
  EXPECT_EQ(node.limit("send_queue_bytes"), 1U);
  EXPECT_THAT(node.application.disconnected, ElementsAre(id));
  node.gateway().emit(id, packet_of(4'000));
  EXPECT_EQ(node.limit("send_queue_bytes"), 1U);
  node.advance(seconds(6));
  EXPECT_TRUE(client->peer->gone);
}

TEST(Backpressure, CountsWhatIsQueuedForAPeerThatIsClosed) {
  TestNode node({.send_queue_bytes = 1'000});
  const auto client = join_over_websocket(node);
  client->peer->room = 0;
  node.gateway().emit(node.application.connected[0], packet_of(900));
  node.gateway().emit(node.application.connected[0], packet_of(900));
  EXPECT_EQ(node.limit("send_queue_bytes"), 1U);
  node.advance(milliseconds(200));
  EXPECT_GT(node.metrics.gauge("cloudsync_send_queue_bytes", "").value(), 900);
  client->peer->room = 10'000;
  node.advance(milliseconds(200));
  EXPECT_EQ(node.metrics.gauge("cloudsync_send_queue_bytes", "").value(), 0);
}

TEST(Backpressure, TellsAPeerThatReadsAgainWhyItIsClosed) {
  TestNode node(kSmall);
  const auto client = join_over_websocket(node);
  client->peer->room = 0;
  for (int i = 0; i < 3; ++i) {
    node.gateway().emit(node.application.connected[0], packet_of(5'000));
  }
  client->peer->room = std::string::npos;
  node.settle();
  EXPECT_THAT(client->messages(), SizeIs(1));
  EXPECT_EQ(client->close_code, 4008);
  EXPECT_EQ(
      node.metrics
          .counter(
              "cloudsync_refusals_total", "", R"(event="session_closed",reason="send_queue_bytes")")
          .value(),
      1U);
}

TEST(Backpressure, ClosesAPollingClientThatDoesNotPoll) {
  TestNode node(kSmall);
  const auto client = PollingClient::joined(node);
  for (int i = 0; i < 3; ++i) {
    node.gateway().emit(node.application.connected[0], packet_of(4'000));
  }
  EXPECT_EQ(node.limit("send_queue_bytes"), 1U);
  EXPECT_EQ(client->poll(), R"({"code":1,"message":"Session ID unknown"})");
}

/// Answers each event with so much.
void answer_with(TestNode& node, std::size_t bytes) {
  node.application.when_event = [&node, bytes](ConnectionId id, const Event&) {
    node.gateway().emit(id, packet_of(bytes));
  };
}

TEST(Backpressure, GivesWhoReadsAllThatItAsksForAtOnce) {
  TestNode node(kSmall);
  answer_with(node, 4'000);
  const auto client = join_over_websocket(node);
  std::string events;
  for (int i = 0; i < 40; ++i) {
    events += WebSocketClient::frame(R"(42["give"])");
  }
  client->peer->room = 0;
  client->peer->send(events);
  node.settle();
  EXPECT_THAT(node.application.events, SizeIs(1));  // until it takes the answer
  EXPECT_EQ(node.limit("requests_in_flight"), 1U);
  for (int i = 0; i < 100; ++i) {
    client->peer->room = 2'500;
    node.advance(milliseconds(100));
  }
  EXPECT_THAT(client->messages(), SizeIs(40));
  EXPECT_THAT(node.application.disconnected, IsEmpty());
  client->send("42[\"more\"]");
  EXPECT_EQ(node.application.events.back(), "more");
}

TEST(Backpressure, GivesItTimeWhileItTakesWhatItGets) {
  TestNode node({.send_queue_bytes = 10'000, .send_queue_timeout = seconds(10)});
  answer_with(node, 4'000);
  const auto client = join_over_websocket(node);
  client->peer->room = 0;
  for (int i = 0; i < 40; ++i) {
    client->peer->send(WebSocketClient::frame(R"(42["give"])"));
  }
  client->peer->send(WebSocketClient::frame(R"(42["cut"])").substr(0, 5));
  std::size_t answers = 0;
  int since_ping = 0;
  for (int second = 0; second < 330; ++second) {
    client->peer->room = 500;
    node.advance(seconds(1));
    for (const std::string& message : client->messages()) {
      answers += message == "2" ? 0 : 1;
      since_ping = message == "2" ? 0 : since_ping;
    }
    ASSERT_LT(++since_ping, 85);  // then a client gives up, whatever else it got
  }
  EXPECT_THAT(node.application.disconnected, IsEmpty());
  EXPECT_EQ(answers, 40U);
}

TEST(Backpressure, SendsOneLargePacketToAPeerThatOwesNothing) {
  TestNode node(kSmall);
  const auto client = join_over_websocket(node);
  node.gateway().emit(node.application.connected[0], packet_of(50'000));
  node.settle();
  EXPECT_THAT(client->messages(), SizeIs(1));
}

TEST(Backpressure, LeavesTheOtherMembersOfARoomAlone) {
  TestNode node(kSmall);
  const auto slow = join_over_websocket(node);
  const auto fast = join_over_websocket(node);
  for (const ConnectionId id : node.application.connected) {
    node.gateway().join(id, "room");
  }
  slow->peer->room = 0;
  for (int i = 0; i < 10; ++i) {
    const auto members = node.gateway().members("room");
    for (const ConnectionId id : members) {
      node.gateway().emit(id, packet_of(4'000));
    }
    node.settle();
  }
  EXPECT_THAT(fast->messages(), SizeIs(10));
  EXPECT_THAT(node.gateway().members("room"), SizeIs(1));
}

TEST(Backpressure, SendsPresenceAtOnceToAPeerThatReads) {
  TestNode node(kSmall);
  const auto client = join_over_websocket(node);
  for (int i = 1; i <= 3; ++i) {
    node.gateway().emit_latest(node.application.connected[0], "ann", presence(i));
    node.settle();
  }
  EXPECT_THAT(client->messages(), ElementsAre(R"(42["p",1])", R"(42["p",2])", R"(42["p",3])"));
}

TEST(Backpressure, KeepsOnlyTheLatestPresenceOfEachAuthor) {
  TestNode node(kSmall);
  const auto client = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  client->peer->room = 0;
  node.gateway().emit(id, packet_of(2'000));
  for (int i = 1; i <= 100; ++i) {
    node.gateway().emit_latest(id, i % 2 == 0 ? "ann" : "ben", presence(i));
  }
  EXPECT_EQ(node.limit("presence_queue_bytes"), 100U);
  client->peer->room = std::string::npos;
  node.settle();
  auto messages = client->messages();
  messages.erase(messages.begin());
  EXPECT_THAT(messages, ElementsAre(R"(42["p",100])", R"(42["p",99])"));
}

TEST(Backpressure, HoldsThePresenceOfSoManyAuthors) {
  TestNode node({.presence_queue_bytes = 1'000});
  const auto client = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  client->peer->room = 0;
  node.gateway().emit(id, packet_of(2'000));
  for (int i = 0; i < 3'000; ++i) {
    node.gateway().emit_latest(id, std::to_string(i), presence(i));
  }
  node.gateway().emit_latest(id, "0", presence(9'999));
  client->peer->room = std::string::npos;
  node.settle();
  const auto messages = client->messages();
  EXPECT_THAT(messages, SizeIs(1 + 1'024));
  EXPECT_EQ(messages[1], R"(42["p",9999])");
}

TEST(Backpressure, SendsHeldPresenceWithTheNextPoll) {
  TestNode node(kSmall);
  const auto client = PollingClient::joined(node);
  const ConnectionId id = node.application.connected[0];
  node.gateway().emit(id, packet_of(2'000));
  node.gateway().emit_latest(id, "ann", presence(1));
  node.gateway().emit_latest(id, "ann", presence(2));
  client->poll();
  EXPECT_EQ(client->poll(), R"(42["p",2])");
}

TEST(Backpressure, SendsHeldPresenceBehindAnUpgrade) {
  TestNode node(kSmall);
  const auto client = PollingClient::joined(node);
  const ConnectionId id = node.application.connected[0];
  node.gateway().emit(id, packet_of(2'000));
  node.gateway().emit_latest(id, "ann", presence(1));
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("5");
  const auto messages = upgraded.messages();
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[1], R"(42["p",1])");
}

TEST(Backpressure, ForgetsPresenceOfAClientThatLeft) {
  TestNode node(kSmall);
  const auto client = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  client->peer->room = 0;
  node.gateway().emit(id, packet_of(2'000));
  node.gateway().emit_latest(id, "ann", presence(1));
  node.gateway().disconnect(id);
  client->peer->room = std::string::npos;
  node.settle();
  auto messages = client->messages();
  messages.erase(messages.begin());
  EXPECT_THAT(messages, ElementsAre("41"));
}

TEST(Backpressure, ClosesAWebSocketWhoseQueueStandsStill) {
  TestNode node({.send_queue_timeout = seconds(20)});
  const auto client = join_over_websocket(node);
  const auto other = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  client->peer->room = 0;
  node.gateway().emit(id, packet_of(100));
  node.advance(seconds(19));
  node.gateway().emit(id, packet_of(100));  // a longer queue is no progress
  EXPECT_EQ(node.limit("send_queue_timeout"), 0U);
  node.advance(milliseconds(1'200));
  EXPECT_EQ(node.limit("send_queue_timeout"), 1U);
  EXPECT_THAT(node.application.disconnected, ElementsAre(id));
  node.advance(seconds(6));
  EXPECT_TRUE(client->peer->gone);
  EXPECT_FALSE(other->peer->gone);
}

TEST(Backpressure, ClosesAWebSocketThatDoesNotTakeWhatAllAreSent) {
  TestNode node({.send_queue_timeout = seconds(20), .ping_interval = seconds(100)});
  const auto client = join_over_websocket(node);
  node.advance(seconds(1));
  client->peer->room = 0;
  node.gateway().drain(packet_of(100));
  node.advance(seconds(21));
  EXPECT_EQ(node.limit("send_queue_timeout"), 1U);
}

TEST(Backpressure, KeepsAWebSocketWhoseQueueMovesHoweverSlowly) {
  TestNode node({.send_queue_timeout = seconds(20)});
  const auto client = join_over_websocket(node);
  client->peer->room = 0;
  node.gateway().emit(node.application.connected[0], packet_of(1'000));
  for (int i = 0; i < 4; ++i) {
    client->peer->room = 1;
    node.advance(seconds(19));
  }
  EXPECT_EQ(node.limit("send_queue_timeout"), 0U);
  EXPECT_THAT(node.application.disconnected, IsEmpty());
}

// The queue that is found at the end is a new one: what stood in between was taken, unseen.
TEST(Backpressure, CountsANewQueueFromItsOwnBeginning) {
  TestNode node({.send_queue_timeout = seconds(20), .ping_interval = seconds(100)});
  const auto client = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  const auto queue_two = [&] {
    client->peer->room = 0;
    node.gateway().emit(id, packet_of(100));
    node.gateway().emit(id, packet_of(100));
    node.advance(milliseconds(500));
  };
  queue_two();
  client->peer->room = std::string::npos;
  node.advance(seconds(50));
  queue_two();
  EXPECT_EQ(node.limit("send_queue_timeout"), 0U);
}

TEST(Backpressure, KeepsAQuietWebSocket) {
  TestNode node({.send_queue_timeout = seconds(20), .ping_interval = seconds(100)});
  const auto client = join_over_websocket(node);
  node.advance(seconds(99));
  client->peer->room = 0;
  node.gateway().emit(node.application.connected[0], packet_of(100));
  node.advance(seconds(19));
  EXPECT_EQ(node.limit("send_queue_timeout"), 0U);
}

}  // namespace
}  // namespace cloudsync::gateway
