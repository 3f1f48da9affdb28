// Peers that send many packets which cost little each: others are served between them.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kPerTurn = 256;
constexpr std::size_t kMany = 1'000;

std::string event(std::size_t number) {
  return "42[\"" + std::to_string(number) + "\"]";
}

/// Events `from` to `to`.
std::vector<std::string> events(std::size_t from, std::size_t to) {
  std::vector<std::string> all;
  for (std::size_t i = from; i <= to; ++i) {
    all.push_back(event(i));
  }
  return all;
}

/// The names of the events 1 to `last`.
std::vector<std::string> names(std::size_t last) {
  std::vector<std::string> all;
  for (std::size_t i = 1; i <= last; ++i) {
    all.push_back(std::to_string(i));
  }
  return all;
}

class PacketsPerTurnTest : public testing::Test {
 protected:
  std::size_t handled() const { return node.application.events.size(); }

  /// Turns until all were handled, none with more than its share. The first may have two: a fake
  /// loop runs what input puts off in the same turn.
  void expect_turns() {
    std::size_t share = 2 * kPerTurn;
    while (handled() < kMany) {
      const std::size_t before = handled();
      ASSERT_TRUE(node.loops[0]->turn());
      EXPECT_LE(handled() - before, share);
      share = kPerTurn;
    }
    node.settle();
    EXPECT_EQ(node.application.events, names(kMany));
  }

  TestNode node{{.requests_in_flight = 2}};
};

TEST_F(PacketsPerTurnTest, TakesAPostInTurnsAndInOrder) {
  const auto client = PollingClient::joined(node);
  client->post.peer->send(HttpClient::post(client->url, payload(events(1, kMany))));
  expect_turns();
  EXPECT_EQ(client->post.body(), "ok");
  EXPECT_EQ(node.limit("requests_in_flight"), 0U);
}

TEST_F(PacketsPerTurnTest, CountsTheEnginesOwnPackets) {
  const auto client = PollingClient::joined(node);
  std::vector<std::string> packets(2 * kPerTurn, "3");
  packets.push_back(event(1));
  client->post.peer->send(HttpClient::post(client->url, payload(packets)));
  node.loops[0]->turn();
  EXPECT_EQ(handled(), 0U);
  node.settle();
  EXPECT_EQ(handled(), 1U);
}

// Each POST is let in by the answer to the one before it, in the middle of a turn.
TEST_F(PacketsPerTurnTest, TakesPipelinedPostsInTurns) {
  const auto client = PollingClient::joined(node);
  std::string posts;
  for (std::size_t i = 1; i <= kMany; i += 250) {
    auto packets = events(i, i + 249);
    packets.insert(packets.end(), 10, "3");  // each is just more than one turn
    posts += HttpClient::post(client->url, payload(packets));
  }
  client->post.peer->send(posts);
  expect_turns();
}

TEST_F(PacketsPerTurnTest, TakesInTurnsWhatWaitedBehindRequests) {
  node.application.hold_events = true;
  const auto client = join_over_websocket(node);
  std::string frames;
  for (const std::string& packet : events(1, kMany)) {
    frames += WebSocketClient::frame(packet);
  }
  client->peer->send(frames);
  node.settle();
  EXPECT_EQ(handled(), 2U);
  node.application.hold_events = false;
  node.application.tickets.clear();
  expect_turns();
  client->send(event(kMany + 1));
  EXPECT_EQ(handled(), kMany + 1);
}

// Or what it sends would pile up behind the POST.
TEST_F(PacketsPerTurnTest, ReadsNoFurtherFromTheUpgradedTransportBeforeThePostIsTaken) {
  const auto client = PollingClient::joined(node);
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  client->post.peer->send(HttpClient::post(client->url, payload(events(1, kMany))));
  node.loops[0]->turn();
  upgraded.peer->send(WebSocketClient::frame("5") + WebSocketClient::frame(event(kMany + 1)));
  upgraded.peer->send(WebSocketClient::frame(event(kMany + 2)));
  node.loops[0]->turn();
  EXPECT_LT(handled(), kMany);
  EXPECT_THAT(upgraded.peer->inbox, SizeIs(1));
  node.settle();
  EXPECT_THAT(upgraded.peer->inbox, IsEmpty());
  EXPECT_EQ(node.application.events, names(kMany + 2));
  EXPECT_EQ(client->post.body(), "ok");
}

TEST_F(PacketsPerTurnTest, DropsTheRestOfAPostWhoseSessionIsClosed) {
  const auto client = PollingClient::joined(node);
  client->post.peer->send(HttpClient::post(client->url, payload(events(1, kMany))));
  node.loops[0]->turn();
  node.gateway().close_all();
  node.settle();
  EXPECT_LT(handled(), kMany);
  EXPECT_EQ(client->post.body(), "ok");
}

TEST_F(PacketsPerTurnTest, DropsTheRestOfAPostThatClosesItsSession) {
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say(payload({event(1), "4x", event(2)})), "ok");
  EXPECT_EQ(node.application.events, names(1));
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

// The farewell goes to the GET behind the POST that is at fault, from inside the close.
TEST(PacketsPerTurn, AFarewellMayBeTakenByTheRequestBehindThePost) {
  TestNode node;
  const auto client = PollingClient::joined(node);
  std::string body;
  for (std::size_t i = 0; i < 2 * kPerTurn; ++i) {
    body += R"(42["x"])";
    body += '\x1e';
  }
  body += "4nonsense";
  client->post.send(HttpClient::post(client->url, body) + HttpClient::get(client->url));
  EXPECT_EQ(client->post.body(), "ok");
  EXPECT_EQ(client->post.body(), "1");
  PollingClient ann(node);
  PollingClient ben(node);
  EXPECT_EQ(ann.say("40"), "ok");
  EXPECT_EQ(ben.say("40"), "ok");
}

}  // namespace
}  // namespace cloudsync::gateway
