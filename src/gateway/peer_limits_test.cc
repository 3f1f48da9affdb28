// What one address may take, from the table to the answers on the wire; and that others don't
// notice.

#include "gateway/peer_limits.h"

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const runtime::Endpoint kAnn{"192.0.2.1", 1'000};
const runtime::Endpoint kBen{"192.0.2.2", 1'000};

std::string handshake(TestNode& node, const runtime::Endpoint& from) {
  node.peer_endpoint = from;
  HttpClient client(node);
  client.send(HttpClient::get(kPolling));
  return client.peer->received;
}

TEST(PeerKey, IsTheAddressOfIPv4AndThe64OfIPv6) {
  EXPECT_EQ(peer_key("192.0.2.1"), peer_key("192.0.2.1"));
  EXPECT_NE(peer_key("192.0.2.1"), peer_key("192.0.2.2"));
  EXPECT_EQ(peer_key("2001:db8:1:2::1"), peer_key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(peer_key("2001:db8:1:2::1"), peer_key("2001:db8:1:3::1"));
  EXPECT_FALSE(peer_key(""));
}

TEST(PeerLimits, RefusesConnectionsAboveTheNumberUntilOneEnds) {
  TestNode node({.connections_per_ip = 2});
  node.peer_endpoint = kAnn;
  const auto first = node.connect();
  const auto second = node.connect();
  const auto third = node.connect();
  node.settle();
  EXPECT_FALSE(second->gone);
  EXPECT_TRUE(third->reset);
  EXPECT_EQ(node.limit("connections_per_ip"), 1U);
  node.peer_endpoint = kBen;
  const auto other = node.connect();
  first->close();
  node.settle();
  EXPECT_FALSE(other->gone);
  node.peer_endpoint = kAnn;
  const auto fourth = node.connect();
  node.settle();
  EXPECT_FALSE(fourth->gone);
}

TEST(PeerLimits, AnswersTooManyHandshakesWith429BeforeASessionExists) {
  TestNode node({.rate_burst = seconds(3), .handshakes_per_second = 1});
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 200 "));
  }
  const std::string refused = handshake(node, kAnn);
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(refused, HasSubstr("retry-after: 1\r\n"));
  EXPECT_THAT(refused, HasSubstr(R"({"error":{"code":"rate_limited",)"));
  EXPECT_EQ(node.gateway().session_count(), 3U);
  EXPECT_EQ(node.limit("handshakes_per_second"), 1U);
  EXPECT_THAT(handshake(node, kBen), StartsWith("HTTP/1.1 200 "));
  node.advance(seconds(1));
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 200 "));
}

TEST(PeerLimits, AnswersAWebSocketHandshakeWith429Too) {
  TestNode node({.rate_burst = seconds(1), .handshakes_per_second = 1});
  handshake(node, kAnn);
  WebSocketClient client(node);
  EXPECT_THAT(client.peer->received, StartsWith("HTTP/1.1 429 "));
  EXPECT_EQ(node.gateway().session_count(), 1U);
}

TEST(PeerLimits, CountsTheSessionsThatJoinedNothing) {
  TestNode node({.unjoined_sessions_per_ip = 2});
  node.peer_endpoint = kAnn;
  const auto joined = join_over_websocket(node);
  const WebSocketClient first(node);
  const WebSocketClient second(node);
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 429 "));
  EXPECT_EQ(node.limit("unjoined_sessions_per_ip"), 1U);
  EXPECT_EQ(node.gateway().session_count(), 3U);
  EXPECT_THAT(handshake(node, kBen), StartsWith("HTTP/1.1 200 "));
  first.peer->close();
  node.settle();
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 200 "));
}

TEST(PeerLimits, CountsSessionsThatHaveNoConnection) {
  TestNode node({.connections_per_ip = 2});
  node.peer_endpoint = kAnn;
  for (int i = 0; i < 2; ++i) {
    const auto client = PollingClient::joined(node);
    client->get.peer->close();
    client->post.peer->close();
    node.settle();
  }
  EXPECT_EQ(node.gateway().session_count(), 2U);
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 429 "));
  EXPECT_EQ(node.limit("connections_per_ip"), 1U);
  EXPECT_THAT(handshake(node, kBen), StartsWith("HTTP/1.1 200 "));
  node.advance(node.limits.ping_interval + node.limits.ping_timeout + milliseconds(200));
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 200 "));
}

TEST(PeerLimits, ConnectTimeoutMakesRoomForSessions) {
  TestNode node({.unjoined_sessions_per_ip = 1});
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 429 "));
  node.advance(node.limits.connect_timeout + milliseconds(200));
  EXPECT_THAT(handshake(node, kAnn), StartsWith("HTTP/1.1 200 "));
}

TEST(PeerLimits, SpareLoopbackUnlessTold) {
  const runtime::Endpoint loopback{"127.0.0.9", 1};
  for (const bool limited : {false, true}) {
    TestNode node({.rate_burst = seconds(1),
                   .handshakes_per_second = 1,
                   .connections_per_ip = 1,
                   .limit_loopback = limited});
    HttpClient spared(node);
    node.peer_endpoint = loopback;
    const auto first = node.connect();
    const auto second = node.connect();
    node.settle();
    EXPECT_EQ(second->gone, limited);
    EXPECT_EQ(node.peer_limits.size(), limited ? 2U : 0U);
  }
}

TEST(PeerLimits, ZeroTurnsEachOff) {
  TestNode node(
      {.handshakes_per_second = 0, .connections_per_ip = 0, .unjoined_sessions_per_ip = 0});
  for (int i = 0; i < 5'000; ++i) {
    EXPECT_TRUE(node.peer_limits.handshake(kAnn.address, node.network.clock.now()));
  }
}

TEST(PeerLimits, ARequestThatMovesToAnotherLoopStaysOneConnection) {
  TestNode node({.connections_per_ip = 1}, 2);
  node.peer_endpoint = kAnn;
  HttpClient client(node, 0);
  const std::string sid = sid_of(client.ask(HttpClient::get(kPolling)));
  client.peer->close();
  node.settle();
  HttpClient mover(node, 1);
  EXPECT_EQ(mover.ask(HttpClient::post(with_sid(kPolling, sid), "40")), "ok");
  const auto refused = node.connect(0);
  node.settle();
  EXPECT_TRUE(refused->reset);
  mover.peer->close();
  node.settle();
  const auto accepted = node.connect(0);
  node.settle();
  EXPECT_FALSE(accepted->gone);
}

TEST(PeerLimits, CountASessionUntilEachOfItsHoldsEnds) {
  Metrics metrics;
  const Limits limits{.connections_per_ip = 2, .unjoined_sessions_per_ip = 1};
  PeerLimits peers(limits, metrics);
  const TimePoint now{seconds(1'000)};
  auto first = peers.handshake(kAnn.address, now);
  ASSERT_TRUE(first);
  EXPECT_FALSE(peers.handshake(kAnn.address, now));
  first->unjoined.reset();
  auto second = peers.handshake(kAnn.address, now);
  ASSERT_TRUE(second);
  second->unjoined = {};
  EXPECT_FALSE(peers.handshake(kAnn.address, now));
  EXPECT_EQ(metrics.limit("unjoined_sessions_per_ip").value(), 1U);
  EXPECT_EQ(metrics.limit("connections_per_ip").value(), 1U);
  const PeerLimits::SessionHold moved = std::move(first->session);
  first = PeerLimits::Arrival();
  EXPECT_FALSE(peers.handshake(kAnn.address, now));
  second->session.reset();
  EXPECT_TRUE(peers.handshake(kAnn.address, now));
}

TEST(PeerLimits, StayBoundedWhoeverComes) {
  Metrics metrics;
  const Limits limits{.rates_remembered = 100};
  PeerLimits peers(limits, metrics);
  const TimePoint now{seconds(1'000)};
  for (int i = 0; i < 10'000; ++i) {
    const std::string prefix = "2001:db8:" + std::to_string(i) + "::1";
    EXPECT_TRUE(peers.handshake(prefix, now));
    ASSERT_LE(peers.size(), 101U);
  }
  // A quiet minute later all of them are as good as new, and the next peer pays for their going.
  EXPECT_TRUE(peers.handshake(kAnn.address, now + seconds(60)));
  EXPECT_EQ(peers.size(), 1U);
}

}  // namespace
}  // namespace cloudsync::gateway
