// The invariants of the log: for each check the good run with one thing wrong.

#include "checker/testing.h"

namespace cloudsync::checker {
namespace {

using ::testing::IsEmpty;

TEST_F(CheckerTest, FindsNothingWrongInAGoodRunAndSaysWhatItChecked) {
  EXPECT_THAT(found(events_), IsEmpty());
  const Report report = check(events_);
  for (std::size_t i = 0; i < kInvariantNames.size(); ++i) {
    if (kInvariantNames[i] != "I15") {  // nothing was refused
      EXPECT_GT(report.checked[i], 0U) << kInvariantNames[i];
    }
  }
  EXPECT_THAT(report.unchecked, IsEmpty());
  EXPECT_EQ(report.revisions, 2U);
  EXPECT_EQ(report.acks, 2U);
}

TEST_F(CheckerTest, AHistoryMayComeInAnyOrderOfItsWriters) {
  std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return a.writer < b.writer;
  });
  EXPECT_THAT(found(events_), IsEmpty());
}

// --- I1 ---

TEST_F(CheckerTest, I1ContentAtTheEndIsTheReplay) {
  the(Kind::kFinal, "bob").state = state_of(1);
  EXPECT_TRUE(violates(events_, "I1"));
}

TEST_F(CheckerTest, I1ContentOnTheWayIsTheReplay) {
  the(Kind::kApply, "bob").state = state_of(2);
  EXPECT_TRUE(violates(events_, "I1"));
}

TEST_F(CheckerTest, I1ContentsAreComparedWithoutALog) {
  drop(Kind::kLog);
  drop(Kind::kBase);
  EXPECT_THAT(found(events_), IsEmpty());
  the(Kind::kFinal, "bob").state = state_of(1);
  EXPECT_TRUE(violates(events_, "I1"));
}

TEST_F(CheckerTest, I1HashesAgree) {
  the(Kind::kApply, "bob").hash = 5;
  EXPECT_TRUE(violates(events_, "I1"));
}

TEST_F(CheckerTest, I1TheHashIsTheLogs) {
  forget_hashes();
  the(Kind::kApply, "bob").hash = 5;
  EXPECT_TRUE(violates(events_, "I1"));
}

TEST_F(CheckerTest, I1EverybodyGetsToTheHead) {
  events_.erase(std::remove_if(events_.begin(),
                               events_.end(),
                               [](const Event& event) {
                                 return event.writer == "ada" && event.rev == 2 &&
                                        event.kind == Kind::kApply;
                               }),
                events_.end());
  Event& rest = the(Kind::kFinal, "ada");
  rest.rev = 1;
  rest.hash = hash_of(1);
  rest.state = state_of(1);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I1"));
}

TEST_F(CheckerTest, I1NobodyIsLeftUnsaved) {
  the(Kind::kFinal, "ada").on = false;
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I1"));
}

TEST_F(CheckerTest, I1NobodyShowsWhatIsBeyondTheLog) {
  the(Kind::kFinal, "bob").state.reset();
  Event& beyond = node(Kind::kFinal, 3);
  beyond.state = state_of(2);
  EXPECT_TRUE(violates(events_, "I1"));
}

// --- I2 ---

TEST_F(CheckerTest, I2WhatWasAcknowledgedIsInTheLog) {
  events_.pop_back();
  EXPECT_TRUE(violates(events_, "I2"));
}

TEST_F(CheckerTest, I2WhatWasAcknowledgedIsAtItsRevision) {
  the(Kind::kAck, "bob").rev = 1;
  EXPECT_TRUE(violates(events_, "I2"));
}

TEST_F(CheckerTest, I2TheLogHasNothingElseThere) {
  forget_hashes();
  replace_last_row([](storage::Update& update) { update.client = ClientId("eve"); });
  EXPECT_TRUE(violates(events_, "I2"));
}

TEST_F(CheckerTest, I2WhatWasJoinedAtIsInTheLog) {
  events_.pop_back();
  const auto is_of_last = [](const Event& event) {
    return event.rev == 2 && event.kind != Kind::kFinal && event.kind != Kind::kLog;
  };
  events_.erase(std::remove_if(events_.begin(), events_.end(), is_of_last), events_.end());
  for (const char* name : {"ada", "bob"}) {  // joined again, at a revision that nobody told of
    Event& final = the(Kind::kFinal, name);
    final.kind = Kind::kOpen;
  }
  EXPECT_TRUE(violates(events_, "I2"));
}

// --- I3 ---

TEST_F(CheckerTest, I3NothingIsInTheLogTwice) {
  commit("bob", 1, R"(["!"])");
  export_row(log_.back());
  EXPECT_TRUE(violates(events_, "I3"));
}

TEST_F(CheckerTest, I3NothingIsAppliedTwice) {
  commit("bob", 1, R"(["!"])");
  apply("bob", 3);
  drop(Kind::kLog);
  drop(Kind::kBase);
  EXPECT_TRUE(violates(events_, "I3"));
}

TEST_F(CheckerTest, I3ANumberStandsForOneOperation) {
  submit("ada", 1, 0, R"(["Ho"])");
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I3"));
}

TEST_F(CheckerTest, I3AResendIsNoSecondSubmission) {
  submit("ada", 1, 0, R"(["Hi"])");
  EXPECT_THAT(found(events_), IsEmpty());
}

TEST_F(CheckerTest, I3NumbersRise) {
  submit("ada", 3, 2, R"(["x"])");
  submit("ada", 2, 2, R"(["y"])");
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I3"));
}

TEST_F(CheckerTest, I3TheLogHoldsWhatWasSubmitted) {
  the(Kind::kSubmit, "bob").seq = 7;
  EXPECT_TRUE(violates(events_, "I3"));
}

// --- I4 ---

TEST_F(CheckerTest, I4TheLogHasNoGap) {
  const Event last = events_.back();
  events_.pop_back();
  events_.pop_back();
  events_.push_back(last);
  EXPECT_TRUE(violates(events_, "I4"));
}

TEST_F(CheckerTest, I4TheChainHolds) {
  Event& last = events_.back();
  LogRow row = *last.row;
  row.update.user = UserId("another");
  last.row = std::make_shared<const LogRow>(row);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I4"));
}

TEST_F(CheckerTest, I4TheChainHoldsAsFarAsShortHashesTell) {
  for (Event& event : events_) {
    if (event.kind == Kind::kLog) {
      LogRow row = *event.row;
      row.is_whole = false;
      event.row = std::make_shared<const LogRow>(row);
    }
  }
  EXPECT_THAT(found(events_), IsEmpty());
  LogRow row = *events_.back().row;
  row.update.prev_hash[0] ^= 1;
  events_.back().row = std::make_shared<const LogRow>(row);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I4"));
}

TEST_F(CheckerTest, I4ClientsApplyWithoutAGap) {
  Event& first = the(Kind::kApply, "bob");
  first.kind = Kind::kSent;
  EXPECT_TRUE(violates(events_, "I4"));
}

TEST_F(CheckerTest, I4ClientsApplyToACopy) {
  drop(Kind::kOpen, "bob");
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I4"));
}

TEST_F(CheckerTest, I4AClientResumesFromWhereItGot) {
  const auto second = std::find_if(events_.begin(), events_.end(), [](const Event& event) {
    return event.kind == Kind::kApply && event.writer == "ada" && event.rev == 2;
  });
  second->kind = Kind::kResume;
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I4"));
}

TEST_F(CheckerTest, I4WhatWasAppliedIsInTheLog) {
  commit("eve", 1, R"(["!"])");  // which is not exported
  forget_hashes();
  const std::vector<Event> log(events_.end() - 3, events_.end());
  events_.resize(events_.size() - 3);
  apply("ada", 3);
  events_.back().hash.reset();
  events_.insert(events_.end(), log.begin(), log.end());
  drop(Kind::kCommit);
  drop(Kind::kLoad);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I4"));
}

TEST_F(CheckerTest, I4ACompactedLogIsLinkedToItsBase) {
  drop(Kind::kLog);
  Event& base = the(Kind::kBase);
  base.rev = 1;
  base.hash = 7;
  base.content = std::make_shared<const JsonValue>("Hi");
  forget_hashes();
  export_row(log_.back());
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I4"));
}

TEST_F(CheckerTest, I4NothingIsBeforeTheBase) {
  Event& base = the(Kind::kBase);
  base.rev = 1;
  base.hash = hash_of(1);
  base.content = std::make_shared<const JsonValue>("Hi");
  EXPECT_TRUE(violates(events_, "I4"));
}

TEST_F(CheckerTest, I4ClientsApplyWhatTheLogHas) {
  forget_hashes();
  the(Kind::kApply, "bob").author = "eve";
  the(Kind::kApply, "ada").author = "eve";
  drop(Kind::kCommit);
  drop(Kind::kAnswer);
  drop(Kind::kAck);
  EXPECT_TRUE(violates(events_, "I4"));
}

// --- I5 ---

TEST_F(CheckerTest, I5NoRevisionIsCommittedTwice) {
  Event& event = node(Kind::kCommit, 2);
  event.writer = "node-2";
  event.author = "eve";
  event.seq = 1;
  EXPECT_TRUE(violates(events_, "I5"));
}

TEST_F(CheckerTest, I5NoRevisionIsInTheLogTwice) {
  LogRow row = log_.back();
  row.update.client = ClientId("eve");
  export_row(row);
  EXPECT_TRUE(violates(events_, "I5"));
}

// --- I6 ---

TEST_F(CheckerTest, I6EveryOperationFits) {
  forget_hashes();
  replace_last_row([](storage::Update& update) { update.op = R"([9,"you"])"; });
  EXPECT_TRUE(violates(events_, "I6"));
}

TEST_F(CheckerTest, I6NoSurrogatePairIsCut) {
  forget_hashes();
  replace_last_row([](storage::Update& update) { update.op = R"([2,"\ud83d"])"; });
  EXPECT_TRUE(violates(events_, "I6"));
}

TEST_F(CheckerTest, I6TheBaseIsContent) {
  the(Kind::kBase).content = std::make_shared<const JsonValue>(5);
  EXPECT_TRUE(violates(events_, "I6"));
}

// --- I8 ---

TEST_F(CheckerTest, I8ASnapshotIsTheReplay) {
  the(Kind::kSnapshot).state = state_of(1);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I8"));
}

TEST_F(CheckerTest, I8ASnapshotIsNotBeyondTheLog) {
  node(Kind::kSnapshot, 3).state = state_of(2);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I8"));
}

TEST_F(CheckerTest, I8ABaseHasTheContentThatItSays) {
  the(Kind::kBase).state = state_of(1);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I8"));
}

TEST_F(CheckerTest, I8ALogHasOneBase) {
  Event base = the(Kind::kBase);
  base.rev = 1;
  events_.push_back(base);
  EXPECT_THAT(found(events_), ::testing::ElementsAre("I8"));
}

TEST_F(CheckerTest, I8ALogMayStartFromACompactedBase) {
  drop(Kind::kLog);
  Event& base = the(Kind::kBase);
  base.rev = 1;
  base.hash = hash_of(1);
  base.state = state_of(1);
  base.content = std::make_shared<const JsonValue>("Hi");
  export_row(log_.back());
  EXPECT_THAT(found(events_), IsEmpty());
  the(Kind::kBase).content = std::make_shared<const JsonValue>("Ho");
  EXPECT_TRUE(violates(events_, "I8"));
}

}  // namespace
}  // namespace cloudsync::checker
