// From polling to WebSocket.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const char* const kBadRequest = R"({"code":3,"message":"Bad request"})";

void emit(TestNode& node, std::string_view name) {
  node.gateway().emit(node.application.connected[0], EncodedPacket::event(name, "1"));
  node.settle();
}

TEST(Upgrade, FreesTheHeldGetAndMovesTheSession) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->poll(), "(none)");
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  EXPECT_THAT(upgraded.messages(), ElementsAre("3probe"));
  EXPECT_EQ(client->get.body(), "6");
  upgraded.send("5");
  emit(node, "x");
  EXPECT_THAT(upgraded.messages(), ElementsAre(R"(42["x",1])"));
  upgraded.send(R"(42["y"])");
  EXPECT_THAT(node.application.events, ElementsAre("y"));
}

// A stock client pauses polling before it sends the upgrade packet, and does not go on with it if
// the WebSocket ends then: it would hear of nothing before its own ping timeout.
TEST(Upgrade, IsWhereAClosedSessionsClientHearsOfIt) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  upgraded.messages();
  emit(node, "x");
  node.gateway().disconnect_session(node.application.connected[0]);
  node.settle();
  EXPECT_THAT(upgraded.messages(), IsEmpty());
  EXPECT_FALSE(upgraded.close_code);
  upgraded.send("5");
  EXPECT_THAT(upgraded.messages(), ElementsAre(R"(42["x",1])", "41"));
  EXPECT_TRUE(upgraded.close_code);
}

TEST(Upgrade, EndsWhenAClosedSessionsClientPollsOn) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  node.gateway().disconnect_session(node.application.connected[0]);
  node.settle();
  EXPECT_EQ(client->poll(),
            "41\x1e"
            "1");
  node.settle();
  upgraded.messages();
  EXPECT_TRUE(upgraded.close_code);
}

TEST(Upgrade, OfAClosedSessionIsGivenUpInTime) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  node.gateway().disconnect_session(node.application.connected[0]);
  node.advance(node.limits.handshake_timeout + milliseconds(200));
  upgraded.messages();
  EXPECT_TRUE(upgraded.close_code);
}

TEST(Upgrade, FreesEveryGetUntilItIsComplete) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client->poll(), "(none)");
    node.advance(milliseconds(100));
    EXPECT_EQ(client->get.body(), "6");
  }
}

TEST(Upgrade, LeavesDataToPollingUntilItIsComplete) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  upgraded.messages();
  emit(node, "x");
  EXPECT_THAT(upgraded.messages(), IsEmpty());
  EXPECT_EQ(client->poll(), R"(42["x",1])");
}

TEST(Upgrade, FlushesTheBufferInOrder) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  emit(node, "x");
  emit(node, "y");
  upgraded.send("5");
  emit(node, "z");
  EXPECT_THAT(upgraded.messages(),
              ElementsAre("3probe", R"(42["x",1])", R"(42["y",1])", R"(42["z",1])"));
}

TEST(Upgrade, AnswersAGetThatIsHeldAtTheEnd) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  // A second GET is glued to the one that is held when the upgrade completes.
  client->get.send(HttpClient::get(client->url) + HttpClient::get(client->url));
  upgraded.send("5");
  EXPECT_EQ(client->get.body(), "6");
  EXPECT_EQ(client->get.body(), kBadRequest);
  EXPECT_EQ(client->say("3"), kBadRequest);
  client->get.peer->close();
  node.settle();
  upgraded.send(R"(42["y"])");
  EXPECT_THAT(node.application.events, ElementsAre("y"));
}

TEST(Upgrade, TakesItsFramesFromTheRequestsOwnBytes) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node,
                           client->sid,
                           0,
                           WebSocketClient::frame("2probe") + WebSocketClient::frame("5") +
                               WebSocketClient::frame(R"(42["y"])"));
  EXPECT_THAT(upgraded.messages(), ElementsAre("3probe"));
  EXPECT_THAT(node.application.events, ElementsAre("y"));
}

TEST(Upgrade, FailsAloneAndPollingGoesOn) {
  for (const char* packet : {"40", "2", "2other", "42[\"x\"]", ""}) {
    TestNode node;
    const auto client = PollingClient::joined(node);
    WebSocketClient upgraded(node, client->sid);
    upgraded.send(packet);
    EXPECT_TRUE(upgraded.peer->server_ended) << packet;
    emit(node, "x");
    EXPECT_EQ(client->poll(), R"(42["x",1])") << packet;
  }
}

TEST(Upgrade, AnswersOneProbeOnly) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  upgraded.send("2probe");
  EXPECT_TRUE(upgraded.peer->server_ended);
  EXPECT_EQ(client->say("3"), "ok");
}

TEST(Upgrade, SurvivesItsLossAndCanBeTriedAgain) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient lost(node, client->sid);
  lost.send("2probe");
  lost.peer->close();
  node.settle();
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  upgraded.send("5");
  emit(node, "x");
  EXPECT_THAT(upgraded.messages(), ElementsAre("3probe", R"(42["x",1])"));
}

TEST(Upgrade, HasTenSeconds) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  node.advance(milliseconds(9'999));
  EXPECT_FALSE(upgraded.peer->gone);
  node.advance(milliseconds(1));
  EXPECT_TRUE(upgraded.peer->server_ended);
  EXPECT_EQ(node.limit("handshake_timeout"), 1U);
  EXPECT_EQ(client->say("3"), "ok");
}

TEST(Upgrade, IsOneAtATime) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient first(node, client->sid);
  WebSocketClient second(node, client->sid);
  EXPECT_THAT(second.peer->received, testing::StartsWith("HTTP/1.1 400 "));
  first.send("5");
  WebSocketClient third(node, client->sid);
  EXPECT_THAT(third.peer->received, testing::StartsWith("HTTP/1.1 400 "));
  first.send(R"(42["y"])");
  EXPECT_THAT(node.application.events, ElementsAre("y"));
}

TEST(Upgrade, KeepsTheProtocolOfTheSession) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  const std::string headers =
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  for (const char* target :
       {"/socket.io/?EIO=3&transport=websocket", "/socket.io/?EIO=4&transport=polling"}) {
    HttpClient upgrade(node);
    EXPECT_EQ(upgrade.ask(HttpClient::get(with_sid(target, client->sid), headers)), "Bad request");
  }
}

TEST(Upgrade, EndsTheSessionWithItsWebSocket) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("5");
  upgraded.peer->close();
  node.settle();
  EXPECT_EQ(node.gateway().session_count(), 0U);
  EXPECT_EQ(node.application.disconnected, node.application.connected);
}

}  // namespace
}  // namespace cloudsync::gateway
