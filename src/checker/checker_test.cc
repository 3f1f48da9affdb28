// One small run that keeps every invariant, and for each check the same run with one thing wrong.

#include "checker/checker.h"

#include "document/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace cloudsync::checker {
namespace {

using ::testing::IsEmpty;

std::vector<std::string> found(const std::vector<Event>& events) {
  std::vector<std::string> names;
  for (const Violation& violation : check(events).violations) {
    names.emplace_back(invariant_name(violation.invariant));
  }
  return names;
}

/// True if the run violates the invariant that is named, whatever else it then violates.
bool violates(const std::vector<Event>& events, std::string_view name) {
  const auto names = found(events);
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Ada and Bob type "Hi" and " you" into one document, on a node; time is the number of the event.
class CheckerTest : public ::testing::Test {
 protected:
  CheckerTest() {
    commit("ada", 1, R"(["Hi"])");
    commit("bob", 1, R"([2," you"])");
    open("ada");
    open("bob");
    node(Kind::kLoad, 0);
    submit("ada", 1, 0, R"(["Hi"])");
    committed(1);
    apply("ada", 1);
    apply("bob", 1);
    ack("ada", 1, 1);
    submit("bob", 1, 1, R"([2," you"])");
    committed(2);
    apply("bob", 2);
    ack("bob", 1, 2);
    apply("ada", 2);
    Event& read = node(Kind::kRead, 2);
    read.after = read.t - 1;
    node(Kind::kSnapshot, 2).state = state_of(2);
    for (const char* name : {"ada", "bob"}) {
      light(name, true);
      members(name, {"ada", "bob"});
      cursor(name, "ada", R"({"index":2,"length":0})");
      final(name, 2);
    }
    Event& rest = node(Kind::kFinal, 2);
    rest.hash = hash_of(2);
    rest.state = state_of(2);
    export_log();
  }

  // --- making the run ---

  Event& add(Kind kind, std::string writer, std::string doc = "doc") {
    Event event;
    event.kind = kind;
    event.t = static_cast<std::int64_t>(events_.size());
    event.writer = std::move(writer);
    event.doc = std::move(doc);
    return events_.emplace_back(std::move(event));
  }

  Event& node(Kind kind, std::uint64_t rev) {
    Event& event = add(kind, "node-1");
    event.by_node = true;
    event.rev = rev;
    return event;
  }

  /// Puts a row into the log that is exported at the end.
  void commit(const std::string& client, std::uint64_t seq, std::string op) {
    LogRow row;
    row.update.revision = Revision(log_.size() + 1);
    row.update.client = ClientId(client);
    row.update.seq = ClientSeq(seq);
    row.update.user = UserId("user");
    row.update.created_at = Timestamp(5);
    row.update.op = std::move(op);
    document::link(row.update, log_.empty() ? Sha256{} : log_.back().update.hash);
    log_.push_back(std::move(row));
  }

  ShortHash hash_of(std::uint64_t rev) const {
    return rev == 0 ? 0 : short_hash(log_.at(rev - 1).update.hash);
  }

  ShortHash state_of(std::uint64_t rev) const {
    ot::Document document = ot::make_document(ot::Type::kText);
    for (std::uint64_t i = 0; i < rev; ++i) {
      const auto op =
          ot::parse_committed(ot::Type::kText, parse_json(log_.at(i).update.op).value());
      EXPECT_TRUE(ot::apply(document, *op));
    }
    return state_hash(document);
  }

  void open(const std::string& client) {
    Event& event = add(Kind::kOpen, client);
    event.type = ot::Type::kText;
    event.hash = 0;
    event.state = state_of(0);
  }

  void submit(const std::string& client, std::uint64_t seq, std::uint64_t rev, const char* op) {
    Event& event = add(Kind::kSubmit, client);
    event.seq = seq;
    event.rev = rev;
    event.digest = submission_digest(rev, parse_json(op).value());
    add(Kind::kSent, client).seq = seq;
  }

  void committed(std::uint64_t rev) {
    node(Kind::kAppend, rev).from = rev;
    Event& event = node(Kind::kCommit, rev);
    event.author = log_.at(rev - 1).update.client.value();
    event.seq = log_.at(rev - 1).update.seq.value();
    event.hash = hash_of(rev);
    node(Kind::kPublish, rev).from = rev;
    Event& answer = node(Kind::kAnswer, rev);
    answer.author = log_.at(rev - 1).update.client.value();
    answer.seq = log_.at(rev - 1).update.seq.value();
  }

  void apply(const std::string& client, std::uint64_t rev) {
    Event& event = add(Kind::kApply, client);
    event.rev = rev;
    event.author = log_.at(rev - 1).update.client.value();
    event.seq = log_.at(rev - 1).update.seq.value();
    event.hash = hash_of(rev);
  }

  void ack(const std::string& client, std::uint64_t seq, std::uint64_t rev) {
    Event& event = add(Kind::kAck, client);
    event.seq = seq;
    event.rev = rev;
  }

  void reject(const std::string& client, std::uint64_t seq, std::string code) {
    Event& event = add(Kind::kReject, client);
    event.seq = seq;
    event.text = std::move(code);
  }

  void light(const std::string& client, bool saved) { add(Kind::kLight, client).on = saved; }

  void members(const std::string& client, std::vector<std::string> ids) {
    add(Kind::kMembers, client).ids = std::move(ids);
  }

  void cursor(const std::string& client, const std::string& of, std::string range) {
    Event& event = add(Kind::kCursor, client);
    event.author = of;
    event.rev = 2;
    event.text = std::move(range);
  }

  void final(const std::string& client, std::uint64_t rev) {
    Event& event = add(Kind::kFinal, client);
    event.rev = rev;
    event.hash = hash_of(rev);
    event.state = state_of(rev);
    event.on = true;
  }

  void export_log() {
    Event& base = add(Kind::kBase, "");
    base.type = ot::Type::kText;
    base.hash = 0;
    for (const LogRow& row : log_) {
      export_row(row);
    }
  }

  void export_row(const LogRow& row) {
    Event& event = add(Kind::kLog, "");
    event.rev = row.update.revision.value();
    event.row = std::make_shared<const LogRow>(row);
  }

  // --- breaking it ---

  /// The `number`th event of the kind, from 0, that `writer` wrote.
  Event& the(Kind kind, const std::string& writer = "", std::size_t number = 0) {
    for (Event& event : events_) {
      if (event.kind == kind && (writer.empty() || event.writer == writer) && number-- == 0) {
        return event;
      }
    }
    ADD_FAILURE() << "no such event";
    return events_.front();
  }

  void drop(Kind kind, const std::string& writer = "") {
    const auto is_dropped = [&](const Event& event) {
      return event.kind == kind && (writer.empty() || event.writer == writer);
    };
    events_.erase(std::remove_if(events_.begin(), events_.end(), is_dropped), events_.end());
  }

  /// Changes the last row of the log as somebody would who has the hashes made anew.
  void replace_last_row(const std::function<void(storage::Update&)>& change) {
    Event& last = the(Kind::kLog, "", 1);
    LogRow row = *last.row;
    change(row.update);
    document::link(row.update, row.update.prev_hash);
    last.row = std::make_shared<const LogRow>(row);
  }

  /// So that the log stays the only witness of what it holds.
  void forget_hashes() {
    for (Event& event : events_) {
      if (event.kind != Kind::kBase) {
        event.hash.reset();
      }
    }
  }

  std::vector<LogRow> log_;
  std::vector<Event> events_;
};

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
