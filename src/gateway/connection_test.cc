#include "gateway/connection.h"

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::string_view kUpgradeHeaders =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

TEST(Connection, AnswersPipelinedRequestsInOrder) {
  TestNode node;
  HttpClient client(node);
  client.send(HttpClient::get("/a") + HttpClient::get("/b"));
  EXPECT_THAT(node.application.requests, ElementsAre("/a", "/b"));
  EXPECT_EQ(client.body(), "hello");
  EXPECT_EQ(client.body(), "hello");
}

TEST(Connection, HoldsARequestBackUntilTheOneInFrontIsAnswered) {
  TestNode node;
  node.application.hold_requests = true;
  HttpClient client(node);
  client.send(HttpClient::get("/a") + HttpClient::get("/b"));
  client.send(HttpClient::get("/c"));
  EXPECT_THAT(node.application.requests, ElementsAre("/a"));
  node.application.hold_requests = false;
  node.application.held[0]({.status = 200, .headers = {}, .body = "late"});
  node.settle();
  EXPECT_THAT(node.application.requests, ElementsAre("/a", "/b", "/c"));
  EXPECT_EQ(client.body(), "late");
}

TEST(Connection, TakesARequestInAnyPieces) {
  TestNode node;
  HttpClient client(node);
  for (const char byte : HttpClient::post("/p", "body")) {
    client.peer->send(std::string(1, byte));
  }
  node.settle();
  EXPECT_EQ(client.body(), "hello");
}

TEST(Connection, PausesAPeerThatSendsBehindABusyRequest) {
  TestNode node;
  node.application.hold_requests = true;
  HttpClient client(node);
  client.send(HttpClient::get("/a"));
  for (int i = 0; i < 100; ++i) {
    client.peer->send(std::string(10'000, 'x'));
  }
  node.settle();
  EXPECT_GT(client.peer->inbox.size(), 90U);
}

TEST(Connection, KeepsAnswersFromPilingUpForAPeerThatDoesNotRead) {
  TestNode node;
  node.application.body = std::string(100'000, 'x');
  HttpClient client(node);
  client.peer->room = 0;
  client.send(HttpClient::gets(50));
  EXPECT_THAT(node.application.requests, SizeIs(1));
  client.peer->room = std::string::npos;
  node.settle();
  EXPECT_THAT(node.application.requests, SizeIs(50));
}

TEST(Connection, TellsTheLengthAloneToHead) {
  TestNode node;
  HttpClient client(node);
  client.send(HttpClient::request("HEAD", "/", {}, {}));
  EXPECT_THAT(client.peer->received, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(client.peer->received, EndsWith("\r\n\r\n"));
}

TEST(Connection, ClosesWhenTheAnswerToTheLastRequestLeft) {
  TestNode node;
  HttpClient client(node);
  client.peer->room = 10;
  client.send(HttpClient::get("/", "Connection: close\r\n") + HttpClient::get("/ignored"));
  EXPECT_THAT(node.application.requests, ElementsAre("/"));
  node.advance(seconds(30));
  EXPECT_FALSE(client.peer->gone);
  client.peer->room = std::string::npos;
  node.settle();
  EXPECT_TRUE(client.peer->server_ended);
  EXPECT_EQ(client.body(), "hello");
}

TEST(Connection, ContinuesOnlyABodyThatItWillTake) {
  TestNode node({.http_body_bytes = 10});
  HttpClient good(node);
  const std::string head = "Expect: 100-continue\r\nContent-Length: ";
  good.send(HttpClient::request("POST", "/", head + "4\r\n", {}));
  EXPECT_EQ(good.peer->received, "HTTP/1.1 100 Continue\r\n\r\n");
  good.send("body");
  EXPECT_EQ(good.body(), "hello");
  HttpClient bad(node);
  bad.send(HttpClient::request("POST", "/", head + "11\r\n", {}));
  EXPECT_THAT(bad.peer->received, StartsWith("HTTP/1.1 413 "));
  HttpClient whole(node);
  whole.send(HttpClient::request("POST", "/", head + "4\r\n", "body"));
  EXPECT_THAT(whole.peer->received, StartsWith("HTTP/1.1 200 "));
}

TEST(Connection, RefusesMalformedAndOversizedRequestsAndCounts) {
  TestNode node;
  HttpClient garbage(node);
  garbage.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(garbage.answer()->status, 400);
  EXPECT_TRUE(garbage.peer->server_ended);
  EXPECT_EQ(node.limit("malformed_http"), 1U);
  HttpClient large(node);
  large.send(HttpClient::get("/", "X: " + std::string(20'000, 'x') + "\r\n"));
  EXPECT_EQ(large.answer()->status, 431);
  EXPECT_EQ(node.limit("http_header_bytes"), 1U);
}

TEST(Connection, ClosesAPeerThatSaysNothingAfterTenSeconds) {
  TestNode node;
  HttpClient client(node);
  node.advance(milliseconds(9'999));
  EXPECT_FALSE(client.peer->gone);
  node.advance(milliseconds(1));
  EXPECT_TRUE(client.peer->server_ended);
  EXPECT_THAT(client.peer->received, IsEmpty());
}

TEST(Connection, GivesARequestTenSecondsHoweverItDribbles) {
  TestNode node;
  HttpClient client(node);
  node.advance(seconds(5));
  client.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 9; ++i) {
    node.advance(seconds(1));
    client.send("X: y\r\n");
  }
  EXPECT_FALSE(client.peer->gone);
  node.advance(seconds(1));
  EXPECT_EQ(client.answer()->status, 408);
  EXPECT_TRUE(client.peer->server_ended);
}

TEST(Connection, StaysIdleForAMinuteBetweenRequests) {
  TestNode node;
  HttpClient client(node);
  client.send(HttpClient::get("/"));
  node.advance(milliseconds(59'999));
  EXPECT_FALSE(client.peer->gone);
  node.advance(milliseconds(1));
  EXPECT_TRUE(client.peer->server_ended);
}

TEST(Connection, WaitsForTheApplicationWithoutADeadline) {
  TestNode node;
  node.application.hold_requests = true;
  HttpClient client(node);
  client.send(HttpClient::get("/"));
  node.advance(seconds(600));
  node.application.held[0]({.status = 200, .headers = {}, .body = "slow"});
  node.settle();
  EXPECT_EQ(client.body(), "slow");
}

// 16 KiB/s over a minute are 983,040 bytes.
TEST(Connection, LetsALongAnswerTakeItsTimeWhileItMoves) {
  TestNode node;
  node.application.body = std::string(10'000'000, 'x');
  HttpClient client(node);
  client.peer->room = 1'000'000;
  client.send(HttpClient::get("/"));
  for (int i = 0; i < 5; ++i) {
    node.advance(seconds(60));
    EXPECT_FALSE(client.peer->gone);
    client.peer->room = 1'000'000;
  }
  client.peer->room = std::string::npos;
  node.settle();
  EXPECT_EQ(client.body().size(), 10'000'000U);
}

TEST(Connection, EndsAPeerThatKeepsItsAnswerWaitingByTakingALittle) {
  TestNode node;
  node.application.body = std::string(10'000'000, 'x');
  HttpClient client(node);
  client.peer->room = 1'000'000;
  client.send(HttpClient::get("/"));
  node.advance(seconds(60));
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(client.peer->gone);
    client.peer->room = 160'000;
    node.advance(seconds(10));
  }
  EXPECT_TRUE(client.peer->reset);
  EXPECT_EQ(node.limit("idle_http_timeout"), 1U);
}

TEST(Connection, GivesNoMoreTimeToAPeerThatAsksAgainInsteadOfReading) {
  TestNode node;
  node.application.body = std::string(100'000, 'x');
  HttpClient client(node);
  client.peer->room = 99'000;
  client.send(HttpClient::get("/"));
  node.advance(seconds(50));
  client.send(HttpClient::get("/healthz"));
  EXPECT_THAT(node.application.requests, SizeIs(1));
  node.advance(seconds(10));
  EXPECT_TRUE(client.peer->reset);
}

TEST(Connection, SendsASharedBodyBehindTheRest) {
  TestNode node;
  node.application.shared_body = {share(", "), share("world")};
  HttpClient client(node);
  EXPECT_EQ(client.ask(HttpClient::get("/")), "hello, world");
  client.send(HttpClient::request("HEAD", "/", {}, {}));
  EXPECT_THAT(client.peer->received, HasSubstr("Content-Length: 12\r\n"));
  EXPECT_THAT(client.peer->received, EndsWith("\r\n\r\n"));
}

TEST(Connection, ClosesBehindARefusedUpgrade) {
  TestNode node;
  HttpClient client(node);
  client.send(HttpClient::get(with_sid(kWebSocket, "unknown"), kUpgradeHeaders) +
              WebSocketClient::frame("2probe"));
  const auto answer = client.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, "Session ID unknown");
  EXPECT_TRUE(client.peer->server_ended);
  EXPECT_THAT(client.peer->received, IsEmpty());
}

TEST(Connection, RefusesMoreThanItsNodeMayHold) {
  TestNode node({.connections = 2});
  HttpClient first(node);
  HttpClient second(node);
  HttpClient third(node);
  node.settle();
  EXPECT_TRUE(third.peer->reset);
  EXPECT_EQ(node.limit("connections"), 1U);
  first.peer->close();
  node.settle();
  EXPECT_EQ(HttpClient(node).ask(HttpClient::get("/")), "hello");
}

TEST(Connection, AnswersPingsButNotWithoutEnd) {
  TestNode node;
  WebSocketClient client(node);
  std::string ping;
  codec::websocket::append_masked_frame(
      ping, codec::websocket::Opcode::kPing, std::string(100, 'x'), {1, 2, 3, 4});
  client.peer->send(ping);
  node.settle();
  EXPECT_THAT(client.messages(), testing::Contains("(pong)"));
  client.peer->room = 0;
  for (int i = 0; i < 2'000; ++i) {
    client.peer->send(ping);
  }
  node.settle();
  client.peer->room = std::string::npos;
  node.settle();
  EXPECT_THAT(client.messages(), SizeIs(testing::Le(700U)));
}

TEST(Connection, TakesMessagesInAnyPieces) {
  TestNode node;
  WebSocketClient client(node);
  client.send("40");
  std::string bytes;
  const auto append = [&bytes](codec::websocket::Opcode opcode, std::string_view text, bool final) {
    codec::websocket::append_masked_frame(bytes, opcode, text, {1, 2, 3, 4}, final);
  };
  append(codec::websocket::Opcode::kText, R"(42["fragm)", false);
  append(codec::websocket::Opcode::kPing, "between", true);
  append(codec::websocket::Opcode::kContinuation, R"(ents"])", true);
  append(codec::websocket::Opcode::kText, R"(42["whole"])", true);
  for (const char byte : bytes) {
    client.peer->send(std::string(1, byte));
    node.settle();
  }
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    client.peer->send(bytes.substr(0, cut));
    node.settle();
    client.peer->send(bytes.substr(cut));
    node.settle();
  }
  EXPECT_THAT(node.application.events, SizeIs(2 * (bytes.size() + 2)));
  EXPECT_FALSE(client.peer->gone);
}

TEST(Connection, TakesLittleMemory) {
  static_assert(sizeof(Connection) <= 80);
}

TEST(Connection, WaitsForNothingBehindAControlFrameInPieces) {
  TestNode node({.ping_interval = seconds(300)});
  WebSocketClient client(node);
  client.send("40");
  std::string ping = WebSocketClient::frame("hello");
  ping[0] = '\x89';
  client.peer->send(ping.substr(0, 5));
  node.settle();
  client.peer->send(ping.substr(5));
  node.advance(seconds(61));
  EXPECT_FALSE(client.peer->gone);
  EXPECT_EQ(node.limit("slow_message"), 0U);
}

TEST(Connection, ClosesAMessageThatNeverEnds) {
  TestNode node({.ping_interval = seconds(300)});
  WebSocketClient client(node);
  client.send("40");
  const std::string frame = WebSocketClient::frame(R"(42["x"])");
  client.peer->send(frame.substr(0, 5));
  node.advance(milliseconds(59'900));
  client.peer->send(frame.substr(5, 1));
  EXPECT_FALSE(client.peer->gone);
  node.advance(milliseconds(100));
  client.messages();
  EXPECT_EQ(client.close_code, 1008);
  EXPECT_EQ(node.limit("slow_message"), 1U);
}

TEST(Connection, CountsTimeOfAMessageFromItsOwnStart) {
  TestNode node({.ping_interval = seconds(300)});
  WebSocketClient client(node);
  client.send("40");
  const std::string frame = WebSocketClient::frame(R"(42["x"])");
  const std::string rest_and_begin = frame.substr(5) + frame.substr(0, 5);
  client.peer->send(frame.substr(0, 5));
  for (int i = 0; i < 4; ++i) {
    node.advance(seconds(50));
    client.peer->send(rest_and_begin);
  }
  node.settle();
  EXPECT_FALSE(client.peer->gone);
  EXPECT_THAT(node.application.events, SizeIs(4));
}

}  // namespace
}  // namespace cloudsync::gateway
