// A peer that ends its side of the stream, and one that is gone.

#include "gateway/connection.h"
#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::SizeIs;

TEST(ConnectionEnd, AnswersAPeerThatEndsItsSideBehindItsRequests) {
  TestNode node;
  node.application.hold_requests = true;
  HttpClient client(node);
  client.send(HttpClient::get("/a") + HttpClient::get("/b"));
  client.peer->close();
  node.settle();
  EXPECT_FALSE(client.peer->gone);
  node.application.held[0]({.status = 200, .headers = {}, .body = "one"});
  node.settle();
  EXPECT_FALSE(client.peer->gone);
  node.application.held[1]({.status = 200, .headers = {}, .body = "two"});
  node.settle();
  EXPECT_EQ(client.body(), "one");
  EXPECT_EQ(client.body(), "two");
  EXPECT_TRUE(client.peer->server_ended);
}

TEST(ConnectionEnd, AnswersMoreRequestsThanItsQueueHoldsToAPeerThatEndsItsSide) {
  TestNode node;
  node.application.body = std::string(100'000, 'x');
  HttpClient client(node);
  client.peer->room = 0;
  client.send(HttpClient::gets(50) + "GET / HT");
  client.peer->close();
  node.settle();
  client.peer->room = std::string::npos;
  node.settle();
  EXPECT_THAT(node.application.requests, SizeIs(50));
  EXPECT_TRUE(client.peer->server_ended);
}

TEST(ConnectionEnd, GivesAPeerThatEndsItsSideTheTimeForItsAnswer) {
  TestNode node;
  node.application.body = std::string(1'000'000, 'x');
  HttpClient client(node);
  client.peer->room = 0;
  client.send(HttpClient::get("/"));
  client.peer->close();
  for (int second = 0; second < 30; ++second) {
    node.advance(seconds(1));
  }
  EXPECT_FALSE(client.peer->gone);
  client.peer->room = std::string::npos;
  node.settle();
  EXPECT_EQ(client.body().size(), 1'000'000U);
  EXPECT_TRUE(client.peer->server_ended);

  HttpClient sleeper(node);
  sleeper.peer->room = 0;
  sleeper.send(HttpClient::get("/"));
  sleeper.peer->close();
  node.advance(seconds(61));
  EXPECT_TRUE(sleeper.peer->gone);
  EXPECT_EQ(node.limit("idle_http_timeout"), 1U);
}

TEST(ConnectionEnd, AnswersAPeerThatEndsItsSideBehindASessionsRequest) {
  TestNode node;
  const auto polling = PollingClient::joined(node);
  node.application.hold_requests = true;
  HttpClient client(node);
  client.send(HttpClient::post(polling->url, "42[\"x\"]") + HttpClient::get("/late"));
  client.peer->close();
  node.settle();
  EXPECT_FALSE(client.peer->gone);
  node.application.held[0]({.status = 200, .headers = {}, .body = "late"});
  node.settle();
  EXPECT_EQ(client.body(), "ok");
  EXPECT_EQ(client.body(), "late");
}

TEST(ConnectionEnd, EndsAHeldPollWithItsPeersSide) {
  TestNode node;
  const auto polling = PollingClient::joined(node);
  EXPECT_EQ(polling->poll(), "(none)");
  polling->get.peer->close();
  node.settle();
  EXPECT_TRUE(polling->get.peer->gone);
}

TEST(ConnectionEnd, EndsAPollThatBeginsBehindItsPeersSide) {
  TestNode node;
  const auto polling = PollingClient::joined(node);
  node.application.hold_requests = true;
  HttpClient client(node);
  client.send(HttpClient::get("/slow") + HttpClient::get(polling->url));
  client.peer->close();
  node.settle();
  node.application.held[0]({.status = 200, .headers = {}, .body = "late"});
  node.settle();
  EXPECT_EQ(client.body(), "late");
  EXPECT_TRUE(client.peer->gone);
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST(ConnectionEnd, GivesTheTimeAlsoBehindHalfARequest) {
  TestNode node;
  node.application.body = std::string(50'000, 'x');
  HttpClient client(node);
  client.peer->room = 0;
  client.send(HttpClient::get("/") + "GET / HT");
  client.peer->close();
  node.advance(seconds(30));
  EXPECT_FALSE(client.peer->gone);
  client.peer->room = std::string::npos;
  node.settle();
  EXPECT_EQ(client.body().size(), 50'000U);
  EXPECT_TRUE(client.peer->server_ended);
}

TEST(ConnectionEnd, DropsTheAnswerForAPeerThatIsGone) {
  TestNode node;
  node.application.hold_requests = true;
  for (int i = 0; i < 20; ++i) {
    HttpClient gone(node);
    gone.send(HttpClient::get("/"));
    gone.peer->vanish();
    node.settle();
  }
  auto late = std::exchange(node.application.held, {});
  // Some of these live at the address of one that is gone, and are on their first request, too.
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<HttpClient>(node));
    clients.back()->send(HttpClient::get("/"));
  }
  for (auto& respond : late) {
    respond({.status = 200, .headers = {}, .body = "for somebody else"});
  }
  node.settle();
  for (const auto& client : clients) {
    EXPECT_EQ(client->body(), "(none)");
  }
}

}  // namespace
}  // namespace cloudsync::gateway
