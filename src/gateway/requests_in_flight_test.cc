// Peers that ask faster than they are answered: what is worked on for them is bounded, the rest
// waits with them, in order.

#include "gateway/testing.h"

#include <thread>

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Limits kTwo{.requests_in_flight = 2};

std::string event(int number) {
  return "42[\"" + std::to_string(number) + "\"]";
}

/// Events `from` to `to`, in one write of the peer.
std::string events(int from, int to) {
  std::string bytes;
  for (int i = from; i <= to; ++i) {
    bytes += WebSocketClient::frame(event(i));
  }
  return bytes;
}

class RequestsInFlightTest : public testing::Test {
 protected:
  RequestsInFlightTest() { node.application.hold_events = true; }

  void finish_one() {
    node.application.tickets.pop_front();
    node.settle();
  }

  TestNode node{kTwo};
};

TEST_F(RequestsInFlightTest, TakesNoMoreThanAllowedAndGoesOnInOrder) {
  const auto client = join_over_websocket(node);
  client->peer->send(events(1, 5));
  node.settle();
  EXPECT_THAT(node.application.events, ElementsAre("1", "2"));
  finish_one();
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3"));
  finish_one();
  finish_one();
  finish_one();
  finish_one();
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(RequestsInFlightTest, ReadsNoMoreFromThePeerMeanwhile) {
  const auto client = join_over_websocket(node);
  client->peer->send(events(1, 3));
  node.settle();
  client->peer->send(events(4, 4));
  client->peer->send(events(5, 5));
  node.settle();
  EXPECT_THAT(client->peer->inbox, SizeIs(2));
  EXPECT_EQ(node.limit("requests_in_flight"), 1U);
  while (!node.application.tickets.empty()) {
    finish_one();
  }
  EXPECT_THAT(client->peer->inbox, IsEmpty());
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(RequestsInFlightTest, CountsThoseWithLargeAnswersAsSeveral) {
  const auto client = join_over_websocket(node);
  client->peer->send(WebSocketClient::frame(R"(42["heavy"])") + events(1, 2));
  node.settle();
  EXPECT_THAT(node.application.events, ElementsAre("heavy"));
  finish_one();
  EXPECT_THAT(node.application.events, ElementsAre("heavy", "1", "2"));
}

TEST_F(RequestsInFlightTest, HindersNobodyElse) {
  const auto busy = join_over_websocket(node);
  const auto other = join_over_websocket(node);
  busy->peer->send(events(1, 5));
  node.settle();
  other->send(event(6));
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "6"));
}

TEST_F(RequestsInFlightTest, DropsWhatWaitsForAPeerThatIsGone) {
  const auto client = join_over_websocket(node);
  client->peer->send(events(1, 5));
  node.settle();
  client->peer->ended = true;
  node.gateway().disconnect(node.application.connected[0]);
  node.settle();
  while (!node.application.tickets.empty()) {
    finish_one();
  }
  EXPECT_THAT(node.application.events, ElementsAre("1", "2"));
}

TEST_F(RequestsInFlightTest, SurvivesATicketThatOutlivesTheSession) {
  const auto client = join_over_websocket(node);
  client->peer->send(events(1, 3));
  node.settle();
  node.gateway().close_all();
  node.advance(seconds(10));
  finish_one();
  finish_one();
  EXPECT_THAT(node.application.events, ElementsAre("1", "2"));
}

TEST_F(RequestsInFlightTest, TakesThePongBehindTheRequestsForInTime) {
  const auto client = join_over_websocket(node);
  client->peer->send(events(1, 3));
  node.advance(seconds(200));
  EXPECT_FALSE(client->peer->gone);
  finish_one();
  finish_one();
  client->send("3");
  node.advance(seconds(30));
  EXPECT_FALSE(client->peer->gone);
  EXPECT_EQ(node.limit("ping_timeout"), 0U);
}

TEST_F(RequestsInFlightTest, StillEndsAPeerThatDoesNotPong) {
  const auto client = join_over_websocket(node);
  client->peer->send(events(1, 3));
  node.advance(seconds(200));
  while (!node.application.tickets.empty()) {
    finish_one();
  }
  node.advance(seconds(25 + 61));  // what it had asked for was a sign of life
  EXPECT_EQ(node.limit("ping_timeout"), 1U);
}

TEST_F(RequestsInFlightTest, AnswersAPostWhenItsLastEventIsTaken) {
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say(event(1) + "\x1e" + event(2) + "\x1e" + event(3) + "\x1e" + event(4)),
            "(none)");
  EXPECT_THAT(node.application.events, ElementsAre("1", "2"));
  finish_one();
  EXPECT_EQ(client->post.body(), "(none)");
  finish_one();
  EXPECT_EQ(client->post.body(), "ok");
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3", "4"));
}

// What waits is the body alone, read as far as it was taken.
TEST_F(RequestsInFlightTest, ReadsAPostNoFurtherThanItTakesIt) {
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say(payload({event(1), event(2), event(3), "x"})), "(none)");
  EXPECT_THAT(node.application.disconnected, IsEmpty());
  finish_one();
  EXPECT_EQ(client->post.body(), R"({"code":3,"message":"Bad request"})");
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3"));
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST_F(RequestsInFlightTest, KeepsTheAttachmentsOfAPostThatWaits) {
  const auto client = PollingClient::joined(node);
  client->say(payload(
      {event(1), event(2), R"(451-["3",{"_placeholder":true,"num":0}])", "bAQID", event(4)}));
  finish_one();
  finish_one();
  EXPECT_EQ(client->post.body(), "ok");
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3", "4"));
}

TEST_F(RequestsInFlightTest, TakesThePongOfAPostMeanwhile) {
  const auto client = PollingClient::joined(node);
  EXPECT_EQ(client->say(payload({event(1), event(2)})), "ok");
  node.advance(seconds(25));
  EXPECT_EQ(client->poll(), "2");
  EXPECT_EQ(client->say("3"), "ok");
  EXPECT_EQ(node.limit("requests_in_flight"), 0U);
}

TEST_F(RequestsInFlightTest, TakesTheCloseOfAPostBehindItsEvents) {
  const auto client = PollingClient::joined(node);
  client->say(payload({event(1), event(2), event(3), "1", event(4)}));
  EXPECT_THAT(node.application.disconnected, IsEmpty());
  finish_one();
  EXPECT_EQ(client->post.body(), "ok");
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3"));
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST_F(RequestsInFlightTest, TakesTheNextPostBehindAnAnsweredOne) {
  const auto client = PollingClient::joined(node);
  client->post.send(HttpClient::post(client->url, payload({event(1), event(2), event(3)})) +
                    HttpClient::post(client->url, payload({event(4), event(5)})));
  EXPECT_EQ(client->post.body(), "(none)");
  finish_one();
  EXPECT_EQ(client->post.body(), "ok");
  EXPECT_EQ(client->post.body(), "(none)");
  while (!node.application.tickets.empty()) {
    finish_one();
  }
  EXPECT_EQ(client->post.body(), "ok");
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(RequestsInFlightTest, ClosesASessionWithASecondPostMeanwhile) {
  const auto client = PollingClient::joined(node);
  client->say(event(1) + "\x1e" + event(2) + "\x1e" + event(3));
  HttpClient second(node);
  EXPECT_EQ(second.ask(HttpClient::post(client->url, event(4))),
            R"({"code":3,"message":"Bad request"})");
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
  EXPECT_EQ(client->post.body(), "ok");
}

TEST_F(RequestsInFlightTest, ClosesASessionWhosePostingConnectionBreaks) {
  const auto client = PollingClient::joined(node);
  client->say(event(1) + "\x1e" + event(2) + "\x1e" + event(3));
  client->post.peer->ended = true;
  node.settle();
  EXPECT_THAT(node.application.disconnected, SizeIs(1));
}

TEST_F(RequestsInFlightTest, KeepsTheOrderOverAnUpgrade) {
  const auto client = PollingClient::joined(node);
  client->say(event(1) + "\x1e" + event(2) + "\x1e" + event(3));
  WebSocketClient upgraded(node, client->sid);
  upgraded.send("2probe");
  upgraded.send("5");
  upgraded.peer->send(events(4, 5));
  node.settle();
  EXPECT_THAT(node.application.events, ElementsAre("1", "2"));
  while (!node.application.tickets.empty()) {
    finish_one();
  }
  EXPECT_THAT(node.application.events, ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(client->post.body(), "ok");
}

// The race of a last request that finishes while the loop starts to wait for it: a lost wake-up
// would hang here.
TEST(RequestsInFlight, WakesWhoeverWaitsFromAnyThread) {
  std::atomic<int> wakes = 0;
  const auto requests = std::make_shared<RequestsInFlight>(1, [&] { ++wakes; });
  int waits = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::thread finisher;
    RequestTicket ticket = RequestsInFlight::begin(requests, 1);
    if (i % 100 == 0) {
      finisher = std::thread([moved = std::move(ticket)]() mutable { moved.reset(); });
    }
    if (i % 100 == 0 && requests->wait_if_full()) {
      ++waits;
      while (wakes < waits) {
        std::this_thread::yield();
      }
    }
    if (finisher.joinable()) {
      finisher.join();
    }
    ticket.reset();
    EXPECT_FALSE(requests->wait_if_full());
  }
  EXPECT_EQ(wakes, waits);
}

}  // namespace
}  // namespace cloudsync::gateway
