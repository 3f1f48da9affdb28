// Submissions with a long way to the head, or with many before them: they are moved in slices, and
// what happens meanwhile counts.

#include "document/authority_fixture.h"

#include <string>
#include <vector>

namespace cloudsync::document {
namespace {

constexpr std::uint64_t kBehind = 200;

/// Inserts "x" behind each of the first 100 characters: with kBehind operations to move over, more
/// than two slices.
std::string long_operation() {
  std::string json = "[";
  for (int i = 0; i < 100; ++i) {
    json += R"(1,"x",)";
  }
  json.back() = ']';
  return json;
}

class Slices : public AuthorityTest {
 protected:
  void SetUp() override {
    open("text", '"' + std::string(100, 'a') + '"', std::vector<std::string>(kBehind, R"(["b"])"));
    join(ann, "ann");
    join(bob, "bob");
    order.clear();
  }

  std::string expected(const std::string& in_front) const {
    std::string text = in_front + std::string(kBehind, 'b');
    for (int i = 0; i < 100; ++i) {
      text += "ax";
    }
    return '"' + text + '"';
  }
};

TEST_F(Slices, ALongWayTakesMoreThanOneTurn) {
  const Token sent = submit(ann, 0, 1, long_operation());
  int turns = 1;
  for (; continues > 0; ++turns) {
    EXPECT_FALSE(append);
    EXPECT_FALSE(authority->is_quiet());
    go_on();
  }
  EXPECT_GE(turns, 3);
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(kBehind + 1));
  EXPECT_EQ(content(), expected(""));
}

TEST_F(Slices, OthersCommitMeanwhile) {
  const Token sent = submit(ann, 0, 1, long_operation());
  const Token other = submit(bob, kBehind, 1, R"(["c"])");
  commit();
  EXPECT_EQ(acks.at(other).value(), Revision(kBehind + 1));
  while (continues > 0) {
    go_on();
  }
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(kBehind + 2));
  EXPECT_EQ(content(), expected("c"));
}

TEST_F(Slices, TheClientIsKnownToHaveOneUnderWay) {
  const Token sent = submit(ann, 0, 1, long_operation());
  const Token resent = submit(ann, 0, 1, long_operation());
  EXPECT_EQ(refusal(submit(ann, kBehind, 2, R"(["y"])")), ErrorCode::kOverloaded);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["other"])")), ErrorCode::kSeqReused);
  while (continues > 0) {
    go_on();
  }
  commit();
  EXPECT_EQ(acks.at(sent).value(), acks.at(resent).value());
  EXPECT_EQ(log.size(), kBehind + 1);
}

TEST_F(Slices, WhatIsReadOfTheLogIsWalkedInSlicesToo) {
  limits.catch_up_ops = 50;
  log.clear();
  open("text", '"' + std::string(100, 'a') + '"');
  for (std::uint64_t i = 0; i < kBehind; ++i) {
    join(bob, "bob");
    submit(bob, i, i + 1, R"(["b"])");
    commit();
  }
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, long_operation());
  EXPECT_GE(run_to_append(), 2U);
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(kBehind + 1));
  EXPECT_EQ(content(), expected(""));
}

TEST_F(Slices, AreGivenUpWithTheDocument) {
  const Token sent = submit(ann, 0, 1, long_operation());
  authority->abandon();
  take();
  EXPECT_EQ(refusal(sent), ErrorCode::kUnavailable);
  go_on();
  EXPECT_FALSE(append);
  EXPECT_TRUE(authority->is_quiet());
}

TEST_F(Slices, CountAsWaiting) {
  limits.document_queue_ops = 1;
  submit(ann, 0, 1, long_operation());
  EXPECT_EQ(refusal(submit(bob, kBehind, 1, R"(["c"])")), ErrorCode::kOverloaded);
}

TEST_F(Slices, TheWholeWayIsLimited) {
  limits.rebase_components = kBehind * 200 - 1;
  EXPECT_EQ(refusal(submit(ann, 0, 1, long_operation())), ErrorCode::kRevisionTooOld);
  EXPECT_EQ(reached, std::vector<std::string>{"rebase_components"});
  submit(ann, 1, 1, long_operation());
  EXPECT_EQ(continues, 1U);
}

// --- Many that wait ---

constexpr std::uint64_t kWaiting = 300;

class WaitingSlices : public AuthorityTest {
 protected:
  void SetUp() override {
    open("text", R"("|")");
    for (std::uint64_t i = 0; i < kWaiting; ++i) {
      join(member(i), client(i));
    }
  }

  static std::string client(std::uint64_t i) { return "client" + std::to_string(i); }

  /// Everybody inserts a letter, every other one behind the bar, which the others push on. The
  /// first is appended at once.
  void submit_all() {
    for (std::uint64_t i = 0; i < kWaiting; ++i) {
      sent.push_back(submit(member(i), 0, 1, letter(i)));
    }
  }

  static std::string letter(std::uint64_t i) {
    return std::string(i % 2 == 0 ? "[\"" : "[1,\"") + static_cast<char>('a' + i % 26) + "\"]";
  }

  /// Slices until an append is asked for.
  std::size_t turns_to_append() {
    std::size_t turns = 0;
    for (; continues > 0 && !append; ++turns) {
      EXPECT_EQ(continues, 1U);
      go_on();
    }
    return turns;
  }

  /// Later inserts at one place come before earlier ones (docs/ot.md). `found` was committed first,
  /// by another.
  static std::string expected(const std::string& found = "") {
    std::string before;
    std::string behind;
    for (std::uint64_t i = kWaiting; i-- > 1;) {
      (i % 2 == 0 ? before : behind) += static_cast<char>('a' + i % 26);
    }
    return '"' + before + found + "a|" + behind + '"';
  }

  std::vector<Token> sent;
};

// 45,000 pairs.
TEST_F(WaitingSlices, ABatchIsMadeInMoreThanOneTurn) {
  submit_all();
  commit();
  EXPECT_FALSE(append);
  EXPECT_FALSE(authority->is_quiet());
  EXPECT_GE(turns_to_append(), 10U);
  EXPECT_EQ(append->updates.size(), kWaiting - 1);
  commit();
  EXPECT_EQ(content(), expected());
  for (std::uint64_t i = 0; i < kWaiting; ++i) {
    EXPECT_EQ(acks.at(sent[i]).value(), Revision(i + 1));
  }
  EXPECT_EQ(continues, 0U);
}

TEST_F(WaitingSlices, WhatWaitsIsMovedOverABatchInSlices) {
  limits.commit_batch_ops = 100;
  submit_all();
  commit();
  turns_to_append();
  EXPECT_EQ(append->updates.size(), 100U);
  commit();  // 199 are to be moved over 100
  EXPECT_GE(turns_to_append(), 7U);
  while (append) {
    commit();
    turns_to_append();
  }
  EXPECT_EQ(content(), expected());
  EXPECT_EQ(acks.at(sent.back()).value(), Revision(kWaiting));
}

TEST_F(WaitingSlices, ABatchIsNoLongerThanTheHistory) {
  limits.catch_up_ops = 100;
  log.clear();
  SetUp();
  submit_all();
  while (append) {
    EXPECT_LE(append->updates.size(), 100U);
    commit();
    turns_to_append();
  }
  EXPECT_TRUE(reads.empty());
  EXPECT_EQ(content(), expected());
}

TEST_F(WaitingSlices, OneThatComesMeanwhileIsBehindThem) {
  submit_all();
  commit();
  join(ann, "ann");
  const Token late = submit(ann, 1, 1, R"(["!"])");
  while (continues > 0 || append) {
    turns_to_append();
    commit();
  }
  EXPECT_EQ(acks.at(late).value(), Revision(kWaiting + 1));
}

TEST_F(WaitingSlices, ARefusedOneLeavesNoGap) {
  for (std::uint64_t i = 0; i < kWaiting; ++i) {
    sent.push_back(submit(member(i), 0, 1, i % 2 == 1 ? R"([999,"x"])" : letter(i)));
  }
  while (continues > 0 || append) {
    turns_to_append();
    if (append) {
      commit();
    }
  }
  EXPECT_EQ(authority->head(), Revision(kWaiting / 2));
  EXPECT_EQ(refusal(sent[1]), ErrorCode::kOpInvalid);
  EXPECT_TRUE(authority->is_quiet());
}

// Another process has committed what was to be appended here, and more.
TEST_F(WaitingSlices, AreMovedOverWhatIsFoundInTheLog) {
  limits.catch_up_ops = 100;
  log.clear();
  SetUp();
  submit_all();
  store_append();  // of the first
  for (std::uint64_t i = 0; i < 250; ++i) {
    log.push_back(next_update("foreign", i + 1, R"(["-"])"));
  }
  answer_append(storage::AppendStatus::kUnknown);
  EXPECT_GE(run_to_append(), 25U);
  EXPECT_EQ(acks.at(sent.front()).value(), Revision(1));
  while (append) {
    commit();
    turns_to_append();
  }
  EXPECT_EQ(authority->head(), Revision(kWaiting + 250));
  EXPECT_EQ(content(), expected(std::string(250, '-')));
}

TEST_F(WaitingSlices, WhatAnotherNodeCommitsMeanwhileIsReadBeforeTheAppend) {
  submit_all();
  commit();
  authority->share_as("here");
  log.push_back(next_update("far", 1, R"(["-"])"));
  authority->on_publication({log.back()}, moment());
  take();
  while (reads.empty()) {
    ASSERT_EQ(continues, 1U);
    go_on();
  }
  EXPECT_FALSE(append);
  run_to_append();
  commit();
  EXPECT_EQ(acks.at(sent.back()).value(), Revision(kWaiting + 1));
  EXPECT_EQ(content(), expected("-"));
}

TEST_F(WaitingSlices, AreMovedOverTheirOwnBatchBeforeMoreIsRead) {
  submit_all();
  store_append();
  authority->share_as("here");
  log.push_back(next_update("far", 1, R"(["-"])"));
  authority->on_publication({log.back()}, moment());
  take();
  answer_append(storage::AppendStatus::kCommitted);
  EXPECT_EQ(continues + reads.size(), 1U);
  run_to_append();
  commit();
  EXPECT_EQ(content(), expected("-"));
}

TEST_F(WaitingSlices, AreGivenUpWithTheDocument) {
  limits.commit_batch_ops = 100;
  submit_all();
  commit();
  turns_to_append();
  commit();
  EXPECT_FALSE(append);
  authority->abandon();
  take();
  EXPECT_EQ(refusal(sent.back()), ErrorCode::kUnavailable);
  go_on();
  EXPECT_FALSE(append);
  EXPECT_TRUE(authority->is_quiet());
}

// --- A single step of json, the product of both lengths ---

constexpr int kLong = 400;

/// Inserts `value` at `index`, kLong times.
std::string long_json_operation(int index, int value) {
  std::string json = "[";
  for (int i = 0; i < kLong; ++i) {
    json += R"({"p":["l",)" + std::to_string(index) + R"(],"li":)" + std::to_string(value) + "},";
  }
  json.back() = ']';
  return json;
}

class JsonSlices : public AuthorityTest {
 protected:
  void SetUp() override {
    open("json", R"({"l":[0]})", {long_json_operation(0, 1)});
    join(ann, "ann");
    join(bob, "bob");
  }

  /// `in_front` and `behind` of the old element, kLong of them.
  static std::string expected(int in_front, int behind) {
    std::string list;
    for (int i = 0; i < kLong; ++i) {
      list += std::to_string(in_front) + ',';
    }
    list += '0';
    for (int i = 0; i < kLong; ++i) {
      list += ',' + std::to_string(behind);
    }
    return R"({"l":[)" + list + "]}";
  }
};

TEST_F(JsonSlices, OneStepTakesMoreThanOneTurn) {
  const Token sent = submit(ann, 0, 1, long_json_operation(1, 2));
  int turns = 1;
  for (; continues > 0; ++turns) {
    go_on();
  }
  EXPECT_GE(turns, kLong * kLong / 10'000);
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(2));
  EXPECT_EQ(content(), expected(1, 2));
}

TEST_F(JsonSlices, OneStepGoesOnWhenItsOperationLeavesTheMemory) {
  limits.catch_up_ops = 2;
  log.clear();
  SetUp();
  submit(ann, 0, 1, long_json_operation(1, 2));
  ASSERT_GE(continues, 1U);
  for (std::uint64_t i = 0; i < 2; ++i) {
    submit(bob, 1 + i, 1 + i, R"([{"p":["x)" + std::string(i, 'x') + R"("],"oi":1}])");
    commit();
  }
  run_to_append();
  commit();
  EXPECT_EQ(content(), expected(1, 2).insert(expected(1, 2).size() - 1, R"(,"x":1,"xx":1)"));
}

TEST_F(JsonSlices, OneStepOverABatchMateTakesMoreThanOneTurn) {
  submit(bob, 1, 1, R"([{"p":["x"],"oi":1}])");
  join(cid, "cid");
  submit(cid, 1, 1, long_json_operation(0, 3));
  const Token sent = submit(ann, 1, 1, long_json_operation(kLong + 1, 2));
  commit();
  EXPECT_FALSE(append);
  std::size_t turns = 0;
  for (; continues > 0 && !append; ++turns) {
    go_on();
  }
  EXPECT_GE(turns, 10U);
  EXPECT_EQ(append->updates.size(), 2U);
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(4));
  std::string both = expected(1, 2);
  for (int i = 0; i < kLong; ++i) {
    both.insert(std::string(R"({"l":[)").size(), "3,");
  }
  both.insert(both.size() - 1, R"(,"x":1)");
  EXPECT_EQ(content(), both);
}

}  // namespace
}  // namespace cloudsync::document
