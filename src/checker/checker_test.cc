// The invariants of clients and of time: for each check the good run with one thing wrong.

#include "checker/testing.h"

namespace cloudsync::checker {
namespace {

using ::testing::IsEmpty;

// --- I9 ---

TEST_F(CheckerTest, I9NothingIsAcknowledgedBeforeItIsDurable) {
  the(Kind::kCommit, "", 1).t = the(Kind::kAck, "bob").t + 1;
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I9"));
}

TEST_F(CheckerTest, I9NothingIsPublishedBeforeItIsDurable) {
  the(Kind::kPublish, "", 1).t = the(Kind::kCommit, "", 1).t - 1;
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I9"));
}

TEST_F(CheckerTest, I9WhatNobodyCommittedIsNotShown) {
  Event& second = the(Kind::kCommit, "", 1);
  second.kind = Kind::kAppend;
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I9"));
  // A node that died before it could say so: the next one reads it from the log.
  second.kind = Kind::kLoad;
  EXPECT_THAT(found(events_), IsEmpty());
}

// --- I11 ---

TEST_F(CheckerTest, I11WhoAsksAfterAnAckSeesIt) {
  the(Kind::kRead).rev = 1;
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I11"));
  the(Kind::kRead).after = the(Kind::kAck, "bob").t - 1;  // asked for before
  EXPECT_THAT(found(events_), IsEmpty());
}

// --- I13 ---

TEST_F(CheckerTest, I13MembersAgree) {
  the(Kind::kMembers, "ada").ids = {"ada"};
  EXPECT_TRUE(violates(events_, "I13"));
}

TEST_F(CheckerTest, I13NoGhostsRemain) {
  for (const char* name : {"ada", "bob"}) {
    the(Kind::kMembers, name).ids.emplace_back("eve");
  }
  EXPECT_THAT(found(events_), IsEmpty()) << "eve may be there without writing a history";
  add(Kind::kConn, "eve", "").on = false;
  EXPECT_TRUE(violates(events_, "I13"));
}

TEST_F(CheckerTest, I13SelectionsAgree) {
  the(Kind::kCursor, "bob").text.clear();
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I13"));
}

// --- I15 ---

TEST_F(CheckerTest, I15WhatWasRefusedIsNotLostSilently) {
  const std::vector<Event> log(events_.end() - 3, events_.end());
  events_.resize(events_.size() - 3);
  submit("ada", 2, 2, R"(["x"])");
  reject("ada", 2, "op_invalid");
  final("ada", 2);
  events_.insert(events_.end(), log.begin(), log.end());
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I15"));
  Event copy = the(Kind::kLight, "ada");
  copy.kind = Kind::kCopy;
  const auto end = std::find_if(events_.begin(), events_.end(), [](const Event& event) {
    return event.kind == Kind::kReject;
  });
  events_.insert(end + 1, copy);
  EXPECT_THAT(found(events_), IsEmpty());
}

TEST_F(CheckerTest, I15WhatWasRefusedIsNotInTheLog) {
  reject("bob", 1, "op_invalid");
  add(Kind::kCopy, "bob");
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I15"));
}

TEST_F(CheckerTest, I15WhatAnotherNodeMayHaveIsRefusedForOneNodeOnly) {
  const auto sent = std::find_if(events_.begin(), events_.end(), [](const Event& event) {
    return event.kind == Kind::kSent && event.writer == "bob";
  });
  events_.insert(sent, Event(*sent));
  reject("bob", 1, "revision_too_old");
  add(Kind::kCopy, "bob");
  EXPECT_THAT(found(events_), IsEmpty());
}

TEST_F(CheckerTest, I15WhatIsToBeSentAgainIsNoRefusal) {
  reject("bob", 1, "unavailable");
  EXPECT_THAT(found(events_), IsEmpty());
}

// --- I19 ---

TEST_F(CheckerTest, I19AClientDoesNotGoBack) {
  Event& event = add(Kind::kOpen, "ada");
  event.rev = 1;
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I19"));
}

TEST_F(CheckerTest, I19NothingIsAppliedAgain) {
  apply("ada", 2);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I19"));
}

TEST_F(CheckerTest, I19AReloadedPageMayStartFromItsJournal) {
  add(Kind::kReload, "ada", "");
  add(Kind::kResume, "ada").rev = 1;
  apply("ada", 2);
  EXPECT_THAT(found(events_), IsEmpty());
}

TEST_F(CheckerTest, I19SavedIsShownOnlyIfEverythingIsAcknowledged) {
  submit("ada", 2, 2, R"(["x"])");
  light("ada", false);
  EXPECT_THAT(found(events_), IsEmpty());
  light("ada", true);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I19"));
}

}  // namespace
}  // namespace cloudsync::checker
