// Submissions with a long way to the head: it is walked in slices, and what happens meanwhile
// counts.

#include "document/authority_fixture.h"

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
  int slices = 0;
  while (!append) {
    answer_reads();
    slices += static_cast<int>(continues);
    go_on();
  }
  EXPECT_GE(slices, 2);
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

}  // namespace
}  // namespace cloudsync::document
