// A socket moves to the loop of the session that it asks for.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using testing::StartsWith;

TEST(Move, BringsARequestToTheLoopOfItsSession) {
  TestNode node({}, 3);
  HttpClient first(node, 2);
  const std::string url = with_sid(kPolling, sid_of(first.ask(HttpClient::get(kPolling))));
  HttpClient second(node, 0);
  EXPECT_EQ(second.ask(HttpClient::post(url, "40")), "ok");
  EXPECT_THAT(first.ask(HttpClient::get(url)), StartsWith("40{"));
  EXPECT_EQ(node.gateways[2]->session_count(), 1U);
  EXPECT_EQ(node.gateways[0]->session_count(), 0U);
  EXPECT_EQ(node.metrics.gauge("cloudsync_connections", "").value(), 2);
}

TEST(Move, StaysWithTheLoopForTheNextRequests) {
  TestNode node({}, 2);
  HttpClient first(node, 1);
  const std::string url = with_sid(kPolling, sid_of(first.ask(HttpClient::get(kPolling))));
  HttpClient second(node, 0);
  EXPECT_EQ(second.ask(HttpClient::post(url, "40")), "ok");
  const int moves = node.network.next_descriptor;
  EXPECT_EQ(second.ask(HttpClient::post(url, R"(42["x"])")), "ok");
  EXPECT_EQ(node.network.next_descriptor, moves);
}

TEST(Move, HoldsAGetOnTheOtherLoop) {
  TestNode node({}, 2);
  HttpClient first(node, 1);
  const std::string url = with_sid(kPolling, sid_of(first.ask(HttpClient::get(kPolling))));
  first.ask(HttpClient::post(url, "40"));
  HttpClient second(node, 0);
  EXPECT_THAT(second.ask(HttpClient::get(url)), StartsWith("40{"));
  EXPECT_EQ(second.ask(HttpClient::get(url)), "(none)");
  node.gateways[1]->emit(node.application.connected[0], EncodedPacket::event("x", "1"));
  node.settle();
  EXPECT_EQ(second.body(), R"(42["x",1])");
  second.ask(HttpClient::get(url));
  second.peer->close();
  node.settle();
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST(Move, CarriesTheFramesThatAreGluedToAnUpgrade) {
  TestNode node({}, 2);
  HttpClient first(node, 1);
  const std::string sid = sid_of(first.ask(HttpClient::get(kPolling)));
  WebSocketClient upgraded(node,
                           sid,
                           0,
                           WebSocketClient::frame("2probe") + WebSocketClient::frame("5") +
                               WebSocketClient::frame("40"));
  EXPECT_THAT(upgraded.messages(), ElementsAre("3probe", StartsWith("40{")));
}

TEST(Move, CarriesARequestThatWaitedBehindAnother) {
  TestNode node({}, 2);
  HttpClient first(node, 1);
  const std::string url = with_sid(kPolling, sid_of(first.ask(HttpClient::get(kPolling))));
  HttpClient second(node, 0);
  second.send(HttpClient::post(url, "40") + HttpClient::post(url, R"(42["x"])"));
  EXPECT_EQ(second.body(), "ok");
  EXPECT_EQ(second.body(), "ok");
  EXPECT_THAT(node.application.events, ElementsAre("x"));
}

// The farewell is answered from inside the move, which reads the next GET at once.
TEST(Move, GivesTheFarewellOfAClosedSessionToTheFirstOfTwoRequests) {
  TestNode node({}, 2);
  HttpClient first(node, 1);
  const std::string url = with_sid(kPolling, sid_of(first.ask(HttpClient::get(kPolling))));
  EXPECT_EQ(first.ask(HttpClient::post(url, "40")), "ok");
  EXPECT_THAT(first.ask(HttpClient::get(url)), testing::StartsWith("40{"));
  first.send(HttpClient::post(url, "4nonsense"));
  HttpClient second(node, 0);
  second.send(HttpClient::get(url) + HttpClient::get(url));
  EXPECT_EQ(second.body(), "1");
  EXPECT_EQ(second.body(), R"({"code":1,"message":"Session ID unknown"})");
  HttpClient ann(node, 1);
  const std::string ann_url = with_sid(kPolling, sid_of(ann.ask(HttpClient::get(kPolling))));
  HttpClient ben(node, 1);
  const std::string ben_url = with_sid(kPolling, sid_of(ben.ask(HttpClient::get(kPolling))));
  EXPECT_EQ(ann.ask(HttpClient::post(ann_url, "40")), "ok");
  EXPECT_EQ(ben.ask(HttpClient::post(ben_url, "40")), "ok");
}

// `second`, at another loop than the session's, does not take its answers yet.
class MoveBehindAnAnswer : public testing::Test {
 protected:
  MoveBehindAnAnswer() { second.peer->room = 0; }

  void take_answers() {
    second.peer->room = std::string::npos;
    node.settle();
  }

  TestNode node{{}, 2};
  HttpClient first{node, 1};
  const std::string sid = sid_of(first.ask(HttpClient::get(kPolling)));
  const std::string url = with_sid(kPolling, sid);
  HttpClient second{node, 0};
};

TEST_F(MoveBehindAnAnswer, WaitsUntilItHasLeft) {
  second.send(HttpClient::get("/page") + HttpClient::post(url, "40") + HttpClient::get("/page"));
  EXPECT_THAT(node.application.connected, testing::IsEmpty());
  take_answers();
  EXPECT_EQ(second.body(), "hello");
  EXPECT_EQ(second.body(), "ok");
  EXPECT_EQ(second.body(), "hello");
  EXPECT_THAT(node.application.connected, SizeIs(1));
  EXPECT_EQ(node.gateways[0]->session_count(), 0U);
}

TEST_F(MoveBehindAnAnswer, AnswersAPeerThatEndedItsSideBefore) {
  second.send(HttpClient::get("/page") + HttpClient::post(url, "40"));
  second.peer->close();
  node.settle();
  EXPECT_FALSE(second.peer->gone);
  take_answers();
  EXPECT_EQ(second.body(), "hello");
  EXPECT_EQ(second.body(), "ok");
  EXPECT_TRUE(second.peer->server_ended);
  EXPECT_THAT(node.application.connected, SizeIs(1));
}

TEST_F(MoveBehindAnAnswer, CarriesAnUpgradeAndItsFrames) {
  second.send(HttpClient::get("/page") +
              HttpClient::get(with_sid(kWebSocket, sid), kUpgradeHeaders) +
              WebSocketClient::frame("2probe") + WebSocketClient::frame("5") +
              WebSocketClient::frame("40"));
  take_answers();
  EXPECT_EQ(second.body(), "hello");
  EXPECT_THAT(second.peer->received, StartsWith("HTTP/1.1 101"));
  EXPECT_THAT(second.peer->received, testing::HasSubstr("3probe"));
  EXPECT_THAT(node.application.connected, SizeIs(1));
}

TEST_F(MoveBehindAnAnswer, EndsAPeerThatDoesNotTakeIt) {
  second.send(HttpClient::get("/page") + HttpClient::post(url, "40"));
  node.advance(Limits().idle_http_timeout + std::chrono::seconds(1));
  EXPECT_TRUE(second.peer->gone);
  EXPECT_EQ(node.limit("idle_http_timeout"), 1U);
  EXPECT_THAT(node.application.connected, testing::IsEmpty());
}

TEST(Move, RefusesAnUnknownSidOnTheLoopThatItNames) {
  TestNode node({}, 2);
  for (const char* sid : {"Bunknown", "Aunknown", "9unknown", "__proto__"}) {
    HttpClient client(node, 0);
    EXPECT_EQ(client.ask(HttpClient::get(with_sid(kPolling, sid))),
              R"({"code":1,"message":"Session ID unknown"})")
        << sid;
  }
}

TEST(Move, KeepsTheRulesOfAccess) {
  TestNode node({}, 2);
  HttpClient first(node, 1);
  const std::string url = with_sid(kPolling, sid_of(first.ask(HttpClient::get(kPolling))));
  HttpClient second(node, 0);
  second.send(HttpClient::get(url, "Origin: https://evil.example\r\n"));
  EXPECT_EQ(second.answer()->status, 403);
}

}  // namespace
}  // namespace cloudsync::gateway
