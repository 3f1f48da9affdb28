#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class MultiplexerTest : public testing::Test {
 protected:
  MultiplexerTest() { node.application.namespaces = {"/", "/admin", "/b"}; }

  static Limits with_few_namespaces() {
    Limits limits;
    limits.namespaces_per_session = 2;
    return limits;
  }

  TestNode node{with_few_namespaces()};
};

TEST_F(MultiplexerTest, IsSmallWhileItWaitsForNothing) {
  static_assert(sizeof(Multiplexer) <= 80);  // a size of malloc's
}

TEST_F(MultiplexerTest, CarriesSeveralNamespaces) {
  const auto client = join_over_websocket(node);
  client->send("40/admin,{}");
  EXPECT_THAT(client->messages(), ElementsAre(StartsWith("40/admin,{\"sid\":\"")));
  client->send("42/admin,[\"a\"]");
  client->send("42[\"b\"]");
  EXPECT_THAT(node.application.events, ElementsAre("a", "b"));
  client->send("41/admin,");
  EXPECT_THAT(node.application.disconnected, ElementsAre(node.application.connected[1]));
  EXPECT_THAT(node.application.reasons, ElementsAre("client namespace disconnect"));
  client->send("42[\"c\"]");
  EXPECT_THAT(node.application.events, ElementsAre("a", "b", "c"));
}

TEST_F(MultiplexerTest, EndsASessionThatSpeaksToANamespaceItIsNotIn) {
  const auto client = join_over_websocket(node);
  client->send("42/admin,[\"a\"]");
  EXPECT_THAT(node.application.events, IsEmpty());
  EXPECT_THAT(node.application.reasons, ElementsAre("parse error"));
  EXPECT_TRUE(client->peer->server_ended);
  EXPECT_EQ(node.limit("malformed_packet"), 1U);
}

TEST_F(MultiplexerTest, WaitsTenSecondsForAttachments) {
  const auto client = join_over_websocket(node);
  client->send(R"(451-["a",{"_placeholder":true,"num":0}])");
  node.advance(milliseconds(9'999));
  EXPECT_FALSE(client->peer->server_ended);
  node.advance(milliseconds(1));
  EXPECT_THAT(node.application.reasons, ElementsAre("parse error"));
  EXPECT_EQ(node.limit("handshake_timeout"), 1U);
}

TEST_F(MultiplexerTest, WaitsForNoAttachmentsThatAreThere) {
  const auto client = join_over_websocket(node);
  for (int i = 0; i < 2; ++i) {
    client->send(R"(452-["a",{"_placeholder":true,"num":0}])");
    client->send_binary("x");
    client->send_binary("y");
    node.advance(seconds(9));
  }
  EXPECT_THAT(node.application.events, ElementsAre("a", "a"));
  EXPECT_THAT(node.application.reasons, IsEmpty());
}

TEST_F(MultiplexerTest, EndsASessionInNoNamespaceWhoseAttachmentsCome) {
  const auto client = join_over_websocket(node);
  client->send(R"(451-["a",{"_placeholder":true,"num":0}])");
  node.advance(seconds(1));
  node.gateway().disconnect(node.application.connected[0]);
  client->send_binary("x");
  EXPECT_THAT(node.application.events, IsEmpty());
  node.advance(milliseconds(9'900));
  EXPECT_FALSE(client->peer->server_ended);
  node.advance(milliseconds(300));
  EXPECT_TRUE(client->peer->server_ended);
  EXPECT_EQ(node.limit("connect_timeout"), 1U);
}

TEST_F(MultiplexerTest, LeavesTheRoomsOfANamespaceWithIt) {
  const auto client = join_over_websocket(node);
  client->send("40/admin,");
  const ConnectionId root = node.application.connected[0];
  const ConnectionId admin = node.application.connected[1];
  for (const char* room : {"a", "b", "c"}) {
    node.gateway().join(root, room);
    node.gateway().join(root, room);
    node.gateway().join(admin, room);
  }
  node.gateway().leave(root, "b");
  EXPECT_THAT(node.gateway().members("b"), ElementsAre(admin));
  client->send("41");
  for (const char* room : {"a", "b", "c"}) {
    EXPECT_THAT(node.gateway().members(room), ElementsAre(admin));
  }
  client->send("42/admin,[\"a\"]");
  EXPECT_THAT(node.application.events, ElementsAre("a"));
}

TEST_F(MultiplexerTest, EndsASessionThatConnectsTwiceToANamespace) {
  const auto client = join_over_websocket(node);
  client->send("40");
  EXPECT_THAT(node.application.reasons, ElementsAre("parse error"));
}

TEST_F(MultiplexerTest, RefusesMoreNamespacesThanTheLimit) {
  const auto client = join_over_websocket(node);
  client->send("40/admin,");
  client->send("40/b,");
  const auto messages = client->messages();
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_THAT(messages[1], StartsWith("44/b,{\"message\":\"too many namespaces\""));
  EXPECT_EQ(node.limit("namespaces_per_session"), 1U);
}

TEST_F(MultiplexerTest, RefusesOnlySoManyConnects) {
  const auto client = std::make_unique<WebSocketClient>(node);
  for (int i = 0; i < 11; ++i) {
    EXPECT_FALSE(client->peer->server_ended);
    client->send("40/nowhere" + std::to_string(i) + ",");
  }
  EXPECT_TRUE(client->peer->server_ended);
}

TEST_F(MultiplexerTest, TakesPacketsOnlyWhenTheConnectIsAnswered) {
  node.application.hold_connects = true;
  WebSocketClient client(node);
  client.send("40");
  EXPECT_THAT(client.messages(), SizeIs(1));
  EXPECT_TRUE(node.application.replies[0]({}));
  node.settle();
  EXPECT_THAT(client.messages(), ElementsAre(StartsWith("40{")));

  WebSocketClient hasty(node);
  hasty.send("40");
  hasty.send("42[\"a\"]");
  EXPECT_TRUE(hasty.peer->server_ended);
  EXPECT_FALSE(node.application.replies[1]({}));
  EXPECT_THAT(node.application.reasons, IsEmpty());
}

TEST_F(MultiplexerTest, IgnoresWhatWasUnderWayWhenItDisconnected) {
  const auto client = join_over_websocket(node);
  node.gateway().disconnect(node.application.connected[0]);
  client->send("42[\"late\"]");
  EXPECT_THAT(node.application.events, IsEmpty());
  EXPECT_FALSE(client->peer->server_ended);
  EXPECT_THAT(node.application.reasons, ElementsAre("server namespace disconnect"));
}

TEST_F(MultiplexerTest, TellsTheApplicationOfAcks) {
  const auto client = join_over_websocket(node);
  client->send("437[1,\"x\"]");
  ASSERT_THAT(node.application.acks, SizeIs(1));
  EXPECT_EQ(node.application.acks[0].id, 7U);
  EXPECT_EQ(to_json(node.application.acks[0].arguments), "[1,\"x\"]");
}

TEST_F(MultiplexerTest, SendsWhatWasMissedBeforeTheAnswer) {
  node.application.hold_connects = true;
  WebSocketClient client(node);
  client.send("40");
  node.application.replies[0](
      {.sid = "old", .pid = "secret", .missed = {EncodedPacket::event("a", "1")}});
  node.settle();
  EXPECT_THAT(
      client.messages(),
      ElementsAre(StartsWith("0{"), "42[\"a\",1]", "40{\"sid\":\"old\",\"pid\":\"secret\"}"));
}

TEST_F(MultiplexerTest, EndsASessionInNoNamespaceAfterAWhile) {
  const auto client = join_over_websocket(node);
  node.advance(seconds(9));
  client->send("41");
  node.advance(milliseconds(9'900));
  EXPECT_FALSE(client->peer->server_ended);
  node.advance(milliseconds(300));
  EXPECT_TRUE(client->peer->server_ended);
  EXPECT_EQ(node.limit("connect_timeout"), 1U);
}

TEST_F(MultiplexerTest, OwesNoFarewellToWhoNeverJoined) {
  const auto joined = PollingClient::joined(node);
  PollingClient nobody(node);
  EXPECT_EQ(joined->say("41"), "ok");
  node.advance(seconds(11));
  EXPECT_EQ(node.metrics.gauge("cloudsync_sessions", "").value(), 1);
  EXPECT_EQ(nobody.poll(), R"({"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(joined->poll(), "1");
}

}  // namespace
}  // namespace cloudsync::gateway
