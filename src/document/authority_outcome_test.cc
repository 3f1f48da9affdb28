// The outcomes of an append other than committed.

#include "document/authority_fixture.h"

namespace cloudsync::document {
namespace {

using Outcome = AuthorityTest;
using storage::AppendStatus;

TEST_F(Outcome, RefusedMeansNothingHappened) {
  open("text", R"("abc")");
  join(ann, "ann");
  join(bob, "bob");
  frames.clear();
  const Token sent = submit(ann, 0, 1, R"(["X"])");
  submit(bob, 0, 1, R"([3,"Y"])");
  answer_append(AppendStatus::kRefused);
  EXPECT_EQ(refusal(sent), ErrorCode::kUnavailable);
  EXPECT_TRUE(frames.empty());
  ASSERT_TRUE(append);  // what waited is tried, without what was refused
  EXPECT_EQ(append->updates[0].op, R"([3,"Y"])");
  commit();
  EXPECT_EQ(content(), R"("abcY")");

  const Token again = submit(ann, 0, 1, R"(["X"])");
  commit();
  EXPECT_EQ(acks.at(again).value(), Revision(2));
  EXPECT_EQ(content(), R"("XabcY")");
}

TEST_F(Outcome, AFullStoreIsOverloaded) {
  open("text", R"("")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["X"])");
  answer_append(AppendStatus::kRefused, ErrorCode::kOverloaded);
  EXPECT_EQ(refusal(sent), ErrorCode::kOverloaded);
}

TEST_F(Outcome, UnknownThatWasCommittedIsFoundInTheLog) {
  open("text", R"("abc")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["X"])");
  store_append();
  answer_append(AppendStatus::kUnknown);
  EXPECT_FALSE(acks.contains(sent));
  answer_reads();
  EXPECT_EQ(acks.at(sent).value(), Revision(1));
  EXPECT_EQ(order, (std::vector<std::string>{"joined", "ops", "ack"}));
  EXPECT_EQ(content(), R"("Xabc")");
  answer_reads();
  EXPECT_FALSE(append);
  EXPECT_EQ(acks.at(submit(ann, 0, 1, R"(["X"])")).value(), Revision(1));
}

TEST_F(Outcome, UnknownThatWasNotCommittedIsAppendedAgain) {
  open("text", R"("abc")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["X"])");
  answer_append(AppendStatus::kUnknown);
  answer_reads();
  EXPECT_FALSE(acks.contains(sent));
  ASSERT_TRUE(append);
  EXPECT_EQ(append->expected_head, Revision(0));
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(1));
  EXPECT_EQ(content(), R"("Xabc")");
}

TEST_F(Outcome, NobodyIsAnsweredWhileUnknown) {
  open("text", R"("")");
  join(ann, "ann");
  join(bob, "bob");
  const Token first = submit(ann, 0, 1, R"(["a"])");
  answer_append(AppendStatus::kUnknown);
  const Token resent = submit(ann, 0, 1, R"(["a"])");
  const Token other = submit(bob, 0, 1, R"(["b"])");
  fail_reads();
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].attempt, 1U);
  fail_reads();
  EXPECT_EQ(reads[0].attempt, 2U);
  EXPECT_TRUE(acks.empty());
  EXPECT_FALSE(append);
  answer_reads();
  commit();
  EXPECT_EQ(acks.at(first).value(), Revision(1));
  EXPECT_EQ(acks.at(resent).value(), Revision(1));
  EXPECT_EQ(acks.at(other).value(), Revision(2));
}

TEST_F(Outcome, AConflictRebasesTheOriginals) {
  open("text", R"("abc")");
  join(ann, "ann");
  join(bob, "bob");
  const Token first = submit(ann, 0, 1, R"([1,"X"])");
  submit(bob, 0, 1, R"([3,"Y"])");
  log.push_back(next_update("far", 4, R"(["12"])"));
  frames.clear();
  answer_append(AppendStatus::kConflict);
  answer_reads();
  ASSERT_EQ(frames.size(), 1U);  // the other node's operation
  EXPECT_NE(payload(0).find(R"("clientId":"far","seq":4)"), std::string::npos);
  answer_reads();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->expected_head, Revision(1));
  ASSERT_EQ(append->updates.size(), 2U);
  EXPECT_EQ(append->updates[0].op, R"([3,"X"])");
  EXPECT_EQ(append->updates[1].op, R"([6,"Y"])");
  commit();
  EXPECT_EQ(acks.at(first).value(), Revision(2));
  EXPECT_EQ(content(), R"("12aXbcY")");
}

TEST_F(Outcome, PartOfAnUnknownBatchIsImpossibleButALaterOneIsFound) {
  open("text", R"("")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  answer_append(AppendStatus::kUnknown);
  log.push_back(next_update("far", 1, R"(["f"])"));
  log.push_back(next_update("ann", 1, R"(["a"])"));  // by another node that ann had reached
  answer_reads();
  answer_reads();
  EXPECT_EQ(acks.at(sent).value(), Revision(2));
  EXPECT_FALSE(append);
  EXPECT_EQ(content(), R"("af")");
}

TEST_F(Outcome, ALaterSeqInTheLogMakesAnEarlierOneReused) {
  open("text", R"("")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  log.push_back(next_update("ann", 2, R"(["b"])"));
  answer_append(AppendStatus::kConflict);
  answer_reads();
  EXPECT_EQ(refusal(sent), ErrorCode::kSeqReused);
}

TEST_F(Outcome, ADamagedLogStopsTheDocument) {
  open("text", R"("")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  log.push_back(next_update("far", 1, R"(["f"])"));
  log.back().op = R"(["g"])";
  answer_append(AppendStatus::kConflict);
  answer_reads();
  EXPECT_EQ(refusal(sent), ErrorCode::kInternal);
  EXPECT_FALSE(broken.empty());
  EXPECT_EQ(refusal(submit(ann, 0, 2, R"(["b"])")), ErrorCode::kInternal);
}

TEST_F(Outcome, AbandoningAnswersEverybody) {
  open("text", R"("")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  answer_append(AppendStatus::kUnknown);
  authority->abandon();
  take();
  EXPECT_EQ(refusal(sent), ErrorCode::kUnavailable);
  EXPECT_TRUE(authority->is_quiet());
}

TEST(DocumentAuthorityOpen, RefusesADamagedDocument) {
  const Limits limits;
  storage::OpenedDocument opened;
  opened.info.type = "text";
  opened.snapshot.content = R"("abc")";
  EXPECT_TRUE(DocumentAuthority::open(opened, limits));

  auto damaged = opened;
  damaged.info.head = Revision(1);  // the log ends before the head
  EXPECT_EQ(DocumentAuthority::open(damaged, limits).error().code, ErrorCode::kInternal);

  damaged = opened;
  damaged.snapshot.content = "[1]";
  EXPECT_EQ(DocumentAuthority::open(damaged, limits).error().code, ErrorCode::kInternal);

  damaged = opened;
  damaged.info.type = "future";
  EXPECT_EQ(DocumentAuthority::open(damaged, limits).error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace cloudsync::document
