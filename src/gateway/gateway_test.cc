#include "gateway/gateway.h"

#include "codec/socketio/msgpack.h"
#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Gateway, BringsEventsAndAcksToAndFro) {
  TestNode node;
  node.application.when_event = [&](ConnectionId id, const Event& event) {
    node.gateway().emit(
        id, EncodedPacket::ack(*event.ack, std::to_string(event.arguments.at(0).as_int64() + 1)));
  };
  const auto client = join_over_websocket(node);
  client->send(R"(4212["add",41])");
  EXPECT_THAT(client->messages(), ElementsAre("4312[42]"));
}

TEST(Gateway, TakesAClientThatLeftOutOfItsRooms) {
  TestNode node;
  const auto client = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  node.gateway().join(id, "a");
  node.gateway().join(id, "b");
  client->send("41");
  EXPECT_THAT(node.application.disconnected, ElementsAre(id));
  EXPECT_THAT(node.gateway().members("a"), IsEmpty());
  node.gateway().join(id, "a");  // an answer that was under way
  EXPECT_THAT(node.gateway().members("a"), IsEmpty());
}

TEST(Gateway, GivesASecondConnectionOfASessionItsOwnId) {
  TestNode node;
  const auto client = join_over_websocket(node);
  client->send("41");
  client->send("40");
  EXPECT_THAT(client->messages(), ElementsAre(StartsWith("40{")));
  ASSERT_THAT(node.application.connected, SizeIs(2));
  const ConnectionId first = node.application.connected[0];
  EXPECT_NE(first, node.application.connected[1]);
  EXPECT_THAT(node.application.disconnected, ElementsAre(first));
  node.gateway().emit(first, EncodedPacket::event("late", "1"));
  node.settle();
  EXPECT_THAT(client->messages(), IsEmpty());
}

TEST(Gateway, GivesTheNextSessionInAPlaceAnIdOfItsOwn) {
  TestNode node;
  join_over_websocket(node)->peer->close();
  node.settle();
  const auto next = join_over_websocket(node);
  next->messages();
  ASSERT_THAT(node.application.connected, SizeIs(2));
  const ConnectionId gone = node.application.connected[0];
  const ConnectionId here = node.application.connected[1];
  EXPECT_EQ(slot_of(session_of(gone)), slot_of(session_of(here)));
  node.gateway().join(gone, "room");
  node.gateway().emit(gone, EncodedPacket::event("late", "1"));
  node.gateway().disconnect(gone);
  node.settle();
  EXPECT_THAT(node.gateway().members("room"), IsEmpty());
  EXPECT_THAT(next->messages(), IsEmpty());
  node.gateway().emit(here, EncodedPacket::event("x", "1"));
  node.settle();
  EXPECT_THAT(next->messages(), ElementsAre(R"(42["x",1])"));
}

TEST(Gateway, DisconnectsAndClosesAClientThatStaysTenSeconds) {
  TestNode node;
  const auto client = join_over_websocket(node);
  const ConnectionId id = node.application.connected[0];
  node.gateway().join(id, "a");
  node.gateway().disconnect(id);
  node.gateway().emit(id, EncodedPacket::event("x", "1"));
  node.settle();
  EXPECT_THAT(client->messages(), ElementsAre("41"));
  EXPECT_THAT(node.gateway().members("a"), IsEmpty());
  client->send(R"(42["late"])");
  EXPECT_THAT(node.application.events, IsEmpty());
  node.advance(milliseconds(9'999));
  EXPECT_FALSE(client->peer->gone);
  node.advance(milliseconds(1));
  EXPECT_TRUE(client->peer->server_ended);
}

TEST(Gateway, LetsTheApplicationDisconnectFromInsideItsCallbacks) {
  TestNode node;
  node.application.when_event = [&](ConnectionId id, const Event&) {
    node.gateway().disconnect(id);
  };
  const auto client = join_over_websocket(node);
  client->peer->send(WebSocketClient::frame(R"(42["a"])") + WebSocketClient::frame(R"(42["b"])"));
  node.settle();
  EXPECT_THAT(node.application.events, ElementsAre("a"));
  EXPECT_THAT(client->messages(), ElementsAre("41"));
}

TEST(Gateway, SurvivesAnAnswerThatClosesItsSession) {
  TestNode node({.send_queue_bytes = 1'000});
  node.application.when_event = [&](ConnectionId id, const Event&) {
    for (int i = 0; i < 3; ++i) {
      node.gateway().emit(id, EncodedPacket::event("x", '"' + std::string(600, 'x') + '"'));
    }
  };
  for (int i = 0; i < 2; ++i) {
    const auto client = PollingClient::joined(node);
    EXPECT_EQ(client->say("42[\"a\"]\x1e"
                          "42[\"b\"]"),
              "ok");
  }
  EXPECT_THAT(node.application.events, ElementsAre("a", "a"));
  EXPECT_THAT(node.application.disconnected, SizeIs(2));
  EXPECT_EQ(node.gateway().session_count(), 0U);
}

TEST(Gateway, SurvivesADisconnectCallbackThatSends) {
  TestNode node;
  const auto ann = join_over_websocket(node);
  const auto ben = join_over_websocket(node);
  node.application.when_disconnect = [&](ConnectionId gone) {
    for (const ConnectionId id : node.application.connected) {
      node.gateway().emit(id, EncodedPacket::event("left", "1"));
    }
    node.gateway().disconnect(gone);
  };
  ann->peer->close();
  node.settle();
  EXPECT_THAT(ben->messages(), ElementsAre(R"(42["left",1])"));
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST(Gateway, EndsTheSessionThatTheClientCloses) {
  TestNode node;
  const auto client = join_over_websocket(node);
  client->send("1");
  EXPECT_TRUE(client->peer->server_ended);
  EXPECT_EQ(node.gateway().session_count(), 0U);
}

TEST(Gateway, TellsEverybodyThatItDrains) {
  TestNode node;
  const auto socket = join_over_websocket(node);
  const auto polling = PollingClient::joined(node);
  HttpClient late(node);
  node.gateway().drain(EncodedPacket::event("server-draining", "{}"));
  node.settle();
  EXPECT_THAT(socket->messages(), ElementsAre(R"(42["server-draining",{}])"));
  EXPECT_EQ(polling->poll(), R"(42["server-draining",{}])");
  EXPECT_FALSE(node.loops[0]->listening());
  late.send(HttpClient::get(kPolling));
  EXPECT_EQ(late.answer()->status, 503);
  socket->send(R"(42["still"])");
  EXPECT_THAT(node.application.events, ElementsAre("still"));
}

TEST(Gateway, ClosesEverything) {
  TestNode node;
  const auto socket = join_over_websocket(node);
  const auto polling = PollingClient::joined(node);
  // A handshake behind the held GET must not open a session any more.
  polling->get.send(HttpClient::get(polling->url) + HttpClient::get(kPolling));
  HttpClient idle(node);
  node.gateway().close_all();
  node.settle();
  EXPECT_EQ(polling->get.body(), "1");
  EXPECT_EQ(polling->get.answer()->status, 503);
  EXPECT_EQ(node.gateway().session_count(), 0U);
  EXPECT_THAT(node.application.disconnected, SizeIs(2));
  for (const auto& peer : {socket->peer, polling->get.peer, polling->post.peer, idle.peer}) {
    EXPECT_TRUE(peer->server_ended);
  }
  node.advance(seconds(10));
  EXPECT_EQ(node.metrics.gauge("cloudsync_connections", "").value(), 0);
}

TEST(Gateway, CountsWhatItHolds) {
  TestNode node;
  const auto client = join_over_websocket(node);
  node.gateway().join(node.application.connected[0], "a");
  node.advance(milliseconds(100));
  EXPECT_EQ(node.metrics.gauge("cloudsync_connections", "").value(), 1);
  EXPECT_EQ(node.metrics.gauge("cloudsync_sessions", "").value(), 1);
  EXPECT_EQ(node.metrics.gauge("cloudsync_rooms", "").value(), 1);
  client->peer->close();
  node.advance(milliseconds(100));
  EXPECT_EQ(node.metrics.gauge("cloudsync_connections", "").value(), 0);
  EXPECT_EQ(node.metrics.gauge("cloudsync_sessions", "").value(), 0);
  EXPECT_EQ(node.metrics.gauge("cloudsync_rooms", "").value(), 0);
}

// A client speaks first, so its parser is known before anything is sent to it.
TEST(Formats, AnswerEachClientInItsOwn) {
  TestNode node({}, 1, {}, {}, true);
  const auto json = join_over_websocket(node);
  WebSocketClient client(node);
  codec::socketio::Packet connect;
  connect.type = codec::socketio::PacketType::kConnect;
  client.send_binary(codec::socketio::encode_msgpack(connect));
  EXPECT_THAT(client.messages(), ElementsAre(StartsWith("0{"), HasSubstr("\xA3sid\xB4")));
  const auto packet = EncodedPacket::event("x", R"({"_placeholder":true,"num":0})");
  for (const ConnectionId connection : node.application.connected) {
    node.gateway().emit(connection, packet);
    node.gateway().emit_latest(connection, "key", EncodedPacket::ack(7, "[1.5,null]"));
  }
  node.settle();
  EXPECT_THAT(json->messages(),
              ElementsAre(R"(42["x",{"_placeholder":true,"num":0}])", "437[[1.5,null]]"));
  const auto messages = client.messages();
  ASSERT_EQ(messages.size(), 2U);
  const codec::socketio::DecoderLimits limits;
  const auto ack = decode_msgpack(codec::socketio::Role::kClient, limits, messages[1]);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->id, 7U);
  EXPECT_EQ(to_json(ack->data), "[[1.5,null]]");
  EXPECT_THAT(messages[0], HasSubstr("\xAC_placeholder\xC3"));

  client.send("42[\"text\"]");
  EXPECT_THAT(node.application.reasons, ElementsAre("parse error"));
  json->send("42[\"text\"]");
  EXPECT_THAT(node.application.events, ElementsAre("text"));
}

TEST(Formats, AreJsonAloneUnlessTheOthersAreWelcome) {
  TestNode node;
  WebSocketClient client(node);
  codec::socketio::Packet connect;
  connect.type = codec::socketio::PacketType::kConnect;
  client.send_binary(codec::socketio::encode_msgpack(connect));
  EXPECT_TRUE(node.application.connected.empty());
  EXPECT_EQ(node.gateway().session_count(), 0U);
}

}  // namespace
}  // namespace cloudsync::gateway
