// What comes fast waits for company, and nothing else waits.

#include "document/authority_fixture.h"

namespace cloudsync::document {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

class Windows : public AuthorityTest {
 protected:
  void SetUp() override {
    limits.batch_window = milliseconds(50);  // 2 ms for two members, 3 for three
    limits.presence_window = milliseconds(250);
    open("text", R"("")", {R"(["abc"])"});
    join(ann, "ann");
    join(bob, "bob");
    order.clear();
    frames.clear();
  }

  /// The one window that is awaited.
  WindowEffect awaited() {
    EXPECT_EQ(windows.size(), 1U);
    return windows.empty() ? WindowEffect{} : windows.back();
  }

  void end_window() {
    const WindowEffect over = awaited();
    windows.clear();
    at += over.wait;
    authority->on_window(over.window, moment());
    take();
  }

  /// Another node's commit.
  storage::Update commit_elsewhere(std::uint64_t seq) {
    log.push_back(next_update("far", seq, R"(["f"])"));
    return log.back();
  }

  void publish(const storage::Update& update) {
    authority->on_publication({update}, moment());
    take();
  }

  void commit_one(std::uint64_t seq) {
    submit(ann, log.size(), seq, R"(["x"])");
    commit();
  }

  void show(MemberId who, int index) {
    present(
        who, log.size(), R"({"selection":{"index":)" + std::to_string(index) + R"(,"length":0}})");
  }
};

TEST_F(Windows, TheFirstBatchBeginsAtOnce) {
  submit(ann, 1, 1, R"(["x"])");
  EXPECT_TRUE(append);
  EXPECT_TRUE(windows.empty());
}

TEST_F(Windows, WhatComesSoonBehindItWaitsAndTravelsTogether) {
  commit_one(1);
  at += milliseconds(1);
  const Token one = submit(ann, 2, 2, R"(["y"])");
  const Token other = submit(bob, 2, 1, R"(["z"])");
  EXPECT_FALSE(append);
  EXPECT_EQ(awaited().wait, milliseconds(1));
  EXPECT_EQ(reached, Words{"batch_window"});
  order.clear();
  end_window();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->updates.size(), 2U);
  commit();
  EXPECT_EQ(order, (Words{"ops", "ack", "ack"}));
  EXPECT_EQ(acks.at(one).value(), Revision(3));
  EXPECT_EQ(acks.at(other).value(), Revision(4));
}

TEST_F(Windows, WhoIsSlowerThanThatDoesNotWait) {
  commit_one(1);
  at += milliseconds(2);
  commit_one(2);
  EXPECT_TRUE(windows.empty());
}

TEST_F(Windows, AloneNothingWaits) {
  authority->leave(bob, now);
  take();
  commit_one(1);
  commit_one(2);
  EXPECT_TRUE(windows.empty());
}

TEST_F(Windows, AWindowGrowsWithTheCompanyUpToItsLimit) {
  for (std::uint64_t i = 10; i < 300; ++i) {
    join(member(i), "client" + std::to_string(i));
  }
  commit_one(1);
  submit(ann, 2, 2, R"(["y"])");
  EXPECT_EQ(awaited().wait, milliseconds(50));
}

TEST_F(Windows, WhatCameDuringTheAppendWaitsForTheRestOfTheWindow) {
  submit(ann, 1, 1, R"(["x"])");
  submit(bob, 1, 1, R"(["y"])");
  at += milliseconds(1);
  commit();
  EXPECT_FALSE(append);
  EXPECT_EQ(awaited().wait, milliseconds(1));
  end_window();
  ASSERT_TRUE(append);
  commit();
  EXPECT_EQ(content(), R"("yxabc")");
}

// What lags would be out of the history's reach before long if others' commits went on meanwhile.
TEST_F(Windows, OthersCommitsAreFollowedWhenWhatWaitsWasMoved) {
  authority->share_as("here");
  submit(ann, 1, 1, R"(["x"])");
  const Token waiting = submit(bob, 1, 1, R"(["y"])");
  commit();
  publish(commit_elsewhere(1));
  publish(commit_elsewhere(2));
  EXPECT_EQ(authority->head(), Revision(2));
  end_window();
  EXPECT_FALSE(append) << "it would only meet another head";
  run_to_append();
  commit();
  EXPECT_EQ(acks.at(waiting).value(), Revision(5));
}

TEST_F(Windows, OthersCommitsMoveWhatWaitsAtTheHead) {
  authority->share_as("here");
  commit_one(1);
  const Token waiting = submit(bob, 2, 1, R"([1,"y"])");
  publish(commit_elsewhere(1));
  EXPECT_EQ(authority->head(), Revision(3));
  publish(commit_elsewhere(2));
  EXPECT_EQ(authority->head(), Revision(3)) << "what waits lags and comes first";
  end_window();
  run_to_append();
  commit();
  EXPECT_EQ(acks.at(waiting).value(), Revision(5));
}

TEST_F(Windows, OthersCommitsBeyondTheHistoryWaitForWhatWaits) {
  limits.catch_up_bytes = 20;
  log.clear();
  SetUp();
  authority->share_as("here");
  commit_one(1);
  const Token waiting = submit(bob, 2, 1, R"([1,"y"])");
  for (std::uint64_t seq = 1; seq <= 6; ++seq) {
    commit_elsewhere(seq);
  }
  authority->on_publication({log.begin() + 2, log.end()}, moment());
  take();
  EXPECT_EQ(authority->head(), Revision(2));
  authority->check_head();
  take();
  answer_reads();
  EXPECT_EQ(authority->head(), Revision(2));
  end_window();
  run_to_append();
  commit();
  EXPECT_EQ(acks.at(waiting).value(), Revision(9));
}

TEST_F(Windows, AWindowThatIsOverDuringAnAppendHoldsNothingBack) {
  commit_one(1);
  submit(ann, 2, 2, R"(["y"])");
  const WindowEffect over = awaited();
  end_window();
  ASSERT_TRUE(append);
  submit(bob, 2, 1, R"(["z"])");
  authority->on_window(over.window, moment());  // a second time
  take();
  commit();
  EXPECT_TRUE(append);
}

TEST_F(Windows, CursorsThatMoveSoonAreShownOnceInOneTurn) {
  join(cid, "cid");
  frames.clear();
  show(ann, 0);
  EXPECT_EQ(frames.size(), 2U) << "one for each loop, at once";
  at += milliseconds(5);
  show(ann, 1);
  show(bob, 2);
  show(ann, 3);
  EXPECT_EQ(frames.size(), 2U);
  EXPECT_EQ(awaited().window, Window::kPresence);
  EXPECT_EQ(awaited().wait, milliseconds(10)) << "of 15 ms for three members";
  end_window();
  ASSERT_EQ(frames.size(), 6U);
  EXPECT_NE(payload(2).find(R"("index":3)"), std::string::npos);
  EXPECT_NE(payload(4).find(R"("index":2)"), std::string::npos);
  EXPECT_TRUE(windows.empty());
}

TEST_F(Windows, CursorsLeaveWithOperationsThatAreSooner) {
  show(ann, 1);
  at += milliseconds(1);
  show(ann, 2);
  order.clear();
  commit_one(1);
  EXPECT_EQ(order, (Words{"presence", "ops", "ack"}));
  EXPECT_NE(payload(frames.size() - 2).find(R"("revision":1)"), std::string::npos);
  end_window();
  EXPECT_EQ(order.size(), 3U) << "there is nothing left to show";
}

TEST_F(Windows, AWithdrawnCursorIsNotShownLater) {
  show(ann, 1);
  at += milliseconds(1);
  show(ann, 2);
  present(ann, 1, "null");
  order.clear();
  end_window();
  EXPECT_TRUE(order.empty());
}

TEST_F(Windows, WhoLeftIsNotShownLater) {
  show(ann, 1);
  at += milliseconds(1);
  show(ann, 2);
  authority->leave(ann, now);
  take();
  order.clear();
  end_window();
  EXPECT_TRUE(order.empty());
}

}  // namespace
}  // namespace cloudsync::document
