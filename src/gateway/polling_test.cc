// The HTTP contract of long-polling.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const char* const kUnknown = R"({"code":1,"message":"Session ID unknown"})";
const char* const kBadRequest = R"({"code":3,"message":"Bad request"})";

TEST(Polling, HoldsAGetUntilThereIsAPacket) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->poll(), "(none)");
  node.gateway().emit(node.application.connected[0], EncodedPacket::event("x", "1"));
  node.gateway().emit(node.application.connected[0], EncodedPacket::event("y", "2"));
  node.settle();
  EXPECT_EQ(client->get.body(),
            "42[\"x\",1]\x1e"
            "42[\"y\",2]");
}

TEST(Polling, KeepsPacketsForTheNextGet) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  node.gateway().emit(node.application.connected[0], EncodedPacket::event("x", "1"));
  node.settle();
  EXPECT_EQ(client->poll(), R"(42["x",1])");
  EXPECT_EQ(client->poll(), "(none)");
}

TEST(Polling, HandlesThePacketsOfAPostInOrder) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say("42[\"a\"]\x1e"
                        "42[\"b\"]"),
            "ok");
  EXPECT_THAT(node.application.events, ElementsAre("a", "b"));
}

TEST(Polling, HandlesWhatIsInFrontOfABadPacketAndEndsTheSession) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say("42[\"a\"]\x1e"
                        "x"),
            kBadRequest);
  EXPECT_THAT(node.application.events, ElementsAre("a"));
  EXPECT_EQ(client->poll(), kUnknown);
}

TEST(Polling, StopsAtThePacketThatClosesTheSession) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say("42[]\x1e"
                        "42[\"b\"]"),
            "ok");
  EXPECT_THAT(node.application.events, IsEmpty());
  EXPECT_EQ(client->poll(), "1");
  EXPECT_EQ(client->poll(), kUnknown);
}

TEST(Polling, TakesBinaryAsBase64) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say("451-[\"x\",{\"_placeholder\":true,\"num\":0}]\x1e"
                        "bAQID"),
            "ok");
  EXPECT_THAT(node.application.events, ElementsAre("x"));
}

TEST(Polling, AnswersAnOctetStreamAndEndsTheSession) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->post.ask(
                HttpClient::post(client->url, "4", "Content-Type: application/octet-stream\r\n")),
            kBadRequest);
  EXPECT_EQ(client->poll(), kUnknown);
}

TEST(Polling, RefusesABodyOverTheLimitAndKeepsTheSession) {
  TestNode node({.payload_bytes = 100});
  const auto client = PollingClient::joined(node);
  client->post.send(HttpClient::post(client->url, std::string(101, 'x')));
  EXPECT_EQ(client->post.answer()->status, 413);
  EXPECT_EQ(client->poll(), "(none)");
  EXPECT_EQ(node.gateway().session_count(), 1U);
}

TEST(Polling, ForgetsThePostThatIsRefusedWhenItsBodyIsHere) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  HttpClient other(node);
  const std::string post =
      HttpClient::post("/socket.io/?EIO=3&transport=polling&sid=" + client->sid, "3");
  other.send(post.substr(0, post.size() - 1));
  EXPECT_EQ(other.ask("3"), kBadRequest);
  EXPECT_EQ(client->say("3"), "ok");
  // The connection is another session's next, and is gone when the first one ends.
  other.send(HttpClient::get(with_sid(kPolling, sid_of(other.ask(HttpClient::get(kPolling))))));
  other.peer->close();
  node.settle();
  EXPECT_EQ(client->say("1"), "ok");
  EXPECT_EQ(node.gateway().session_count(), 0U);
}

TEST(Polling, DiesOfTwoGetsAtOnce) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->poll(), "(none)");
  HttpClient second(node);
  EXPECT_EQ(second.ask(HttpClient::get(client->url)), kBadRequest);
  EXPECT_EQ(client->get.body(), "1");
  EXPECT_EQ(client->poll(), kUnknown);
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST(Polling, EndsWhenTheClientAbortsItsHeldGet) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->poll(), "(none)");
  client->get.peer->close();
  node.settle();
  EXPECT_EQ(client->say("3"), kUnknown);
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST(Polling, SurvivesAConnectionThatEndsBetweenPolls) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  client->get.peer->close();
  node.settle();
  EXPECT_EQ(client->say(R"(42["x"])"), "ok");
}

TEST(Polling, FreesTheHeldGetWhenTheClientCloses) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->poll(), "(none)");
  EXPECT_EQ(client->say("1"), "ok");
  EXPECT_EQ(client->get.body(), "6");
  EXPECT_EQ(client->poll(), kUnknown);
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST(Polling, RefusesOtherMethodsAndVersions) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->get.ask(HttpClient::request("PUT", client->url, {}, {})),
            R"({"code":2,"message":"Bad handshake method"})");
  EXPECT_EQ(client->get.ask(
                HttpClient::get(with_sid("/socket.io/?EIO=3&transport=polling", client->sid))),
            kBadRequest);
  EXPECT_EQ(client->get.ask(HttpClient::get(with_sid(kWebSocket, client->sid))), kBadRequest);
  EXPECT_EQ(node.gateway().session_count(), 1U);
}

// The answer that ends a session lets the connection go on: with requests that were sent behind.
TEST(Polling, OpensSessionsThatWaitBehindHeldGetsWhileASweepClosesThem) {
  TestNode node({.ping_interval = milliseconds(300), .ping_timeout = milliseconds(200)});
  std::vector<std::unique_ptr<PollingClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(PollingClient::joined(node));
  }
  node.advance(milliseconds(300));
  for (const auto& client : clients) {
    EXPECT_EQ(client->poll(), "2");
    client->get.send(HttpClient::get(client->url) + HttpClient::get(kPolling));
  }
  node.advance(milliseconds(200));
  for (const auto& client : clients) {
    EXPECT_EQ(client->get.body(), "1");
    EXPECT_THAT(client->get.body(), StartsWith("0{"));
  }
  EXPECT_EQ(node.gateway().session_count(), 20U);
}

}  // namespace
}  // namespace cloudsync::gateway
