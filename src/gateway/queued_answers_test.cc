// Peers that ask for much and take little of it: what waits for all of them together is bounded.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::StartsWith;

/// Two answers of 100,000 bytes and no third.
const Limits kTwoAnswers{.http_answer_bytes = 250'000};

class QueuedAnswersTest : public testing::Test {
 protected:
  QueuedAnswersTest() { node.application.body = std::string(100'000, 'x'); }

  /// A peer that asks and takes nothing of the answer yet.
  std::unique_ptr<HttpClient> ask_and_wait(std::size_t loop = 0) {
    auto client = std::make_unique<HttpClient>(node, loop);
    client->peer->room = 0;
    client->send(HttpClient::get("/"));
    return client;
  }

  /// The status that a peer gets which reads.
  int status() {
    HttpClient client(node);
    client.send(HttpClient::get("/"));
    const auto answer = client.answer();
    return answer ? answer->status : 0;
  }

  std::int64_t queued() { return node.metrics.gauge("cloudsync_http_answer_bytes", "").value(); }

  TestNode node{kTwoAnswers, 2};
};

TEST_F(QueuedAnswersTest, RefusesFurtherLargeAnswersForNow) {
  const auto first = ask_and_wait();
  const auto second = ask_and_wait();
  HttpClient third(node);
  third.send(HttpClient::get("/"));
  const auto answer = third.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(*answer->find("retry-after"), "1");
  EXPECT_THAT(answer->body, StartsWith(R"({"error":{"code":"overloaded")"));
  EXPECT_EQ(node.limit("http_answer_bytes"), 1U);
  EXPECT_EQ(queued(), 200'000);
}

TEST_F(QueuedAnswersTest, StillGivesSmallAnswersAndFilesOfTheNode) {
  const auto first = ask_and_wait();
  const auto second = ask_and_wait();
  node.application.body = "small";
  EXPECT_EQ(status(), 200);
  node.application.shared_body = {share(std::string(100'000, 'x'))};
  EXPECT_EQ(status(), 503);
  node.application.resident = true;
  EXPECT_EQ(status(), 200);
}

TEST_F(QueuedAnswersTest, CountsAnAnswerUntilItIsTaken) {
  const auto first = ask_and_wait();
  const auto second = ask_and_wait();
  first->peer->room = 99'000;
  node.settle();
  EXPECT_EQ(status(), 503);
  first->peer->room = std::string::npos;
  node.settle();
  EXPECT_EQ(queued(), 100'000);
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(queued(), 100'000);
}

TEST_F(QueuedAnswersTest, ForgetsAPeerThatIsGone) {
  const auto first = ask_and_wait();
  const auto second = ask_and_wait();
  node.advance(seconds(61));  // they are too slow
  EXPECT_TRUE(first->peer->gone);
  EXPECT_EQ(queued(), 0);
  EXPECT_EQ(status(), 200);
}

TEST_F(QueuedAnswersTest, CountsForTheWholeNode) {
  const auto first = ask_and_wait(0);
  const auto second = ask_and_wait(1);
  EXPECT_EQ(status(), 503);
}

TEST_F(QueuedAnswersTest, CountsASharedBodyOnce) {
  node.application.body = {};
  node.application.shared_body = {share(std::string(200'000, 'x')), share("}")};
  std::vector<std::unique_ptr<HttpClient>> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(ask_and_wait());
  }
  EXPECT_EQ(queued(), 200'001);
  node.application.shared_body = {share(std::string(200'000, 'y'))};
  EXPECT_EQ(status(), 503);
  while (readers.size() > 1) {
    readers.back()->peer->room = std::string::npos;
    node.settle();
    EXPECT_EQ(readers.back()->body().size(), 200'001U);
    readers.pop_back();
  }
  EXPECT_EQ(queued(), 200'001);
  readers.back()->peer->room = std::string::npos;
  node.settle();
  EXPECT_EQ(queued(), 0);
  EXPECT_EQ(status(), 200);
}

TEST_F(QueuedAnswersTest, GivesOneAnswerHoweverLarge) {
  node.application.body = std::string(1'000'000, 'x');
  EXPECT_EQ(status(), 200);
}

}  // namespace
}  // namespace cloudsync::gateway
