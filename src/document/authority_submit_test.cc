#include "document/authority_fixture.h"

namespace cloudsync::document {
namespace {

using Submit = AuthorityTest;
using storage::AppendStatus;

TEST_F(Submit, IsAnsweredOnlyAfterTheCommit) {
  open("text", R"("abc")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"([1,"X"])");
  EXPECT_FALSE(acks.contains(sent));
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(content(), R"("abc")");

  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(1));
  EXPECT_EQ(content(), R"("aXbc")");
  EXPECT_EQ(order, (std::vector<std::string>{"joined", "ops", "ack"}));
}

TEST_F(Submit, AppendsWhatTheProtocolSays) {
  open("text", R"("abc")");
  join(ann, "ann");
  submit(ann, 0, 7, R"([1,"X"])");
  ASSERT_EQ(append->updates.size(), 1U);
  const storage::Update& update = append->updates[0];
  EXPECT_EQ(append->expected_head, Revision(0));
  EXPECT_EQ(update.revision, Revision(1));
  EXPECT_EQ(update.client, ClientId("ann"));
  EXPECT_EQ(update.seq, ClientSeq(7));
  EXPECT_EQ(update.user, UserId("u-ann"));
  EXPECT_EQ(update.op, R"([1,"X"])");
  EXPECT_EQ(update.created_at, Timestamp(1'000));
  EXPECT_TRUE(is_linked(update, Revision(1), storage::ChainHash{}));
  const storage::ClientRecord record{
      .client = ClientId("ann"),
      .last_seq = ClientSeq(7),
      .revision = Revision(1),
      .submission_hash = submission_hash(Revision(0), ClientSeq(7), R"([1,"X"])")};
  EXPECT_EQ(append->clients, std::vector<storage::ClientRecord>{record});
}

TEST_F(Submit, TimeNeverGoesBack) {
  open("text", R"("")");
  join(ann, "ann");
  submit(ann, 0, 1, R"(["a"])");
  commit();
  now = Timestamp(900);
  submit(ann, 1, 2, R"(["b"])");
  EXPECT_EQ(append->updates[0].created_at, Timestamp(1'000));
}

TEST_F(Submit, IsTransformedAsLeftOverTheTail) {
  open("text", R"("abc")", {R"(["1"])", R"(["2"])"});
  join(ann, "ann");
  submit(ann, 0, 1, R"(["X"])");
  EXPECT_EQ(append->updates[0].op, R"(["X"])");
  commit();
  EXPECT_EQ(content(), R"("X21abc")");
}

TEST_F(Submit, WhatWaitsFormsTheNextBatchTransformedOverEachOther) {
  open("text", R"("abc")");
  join(ann, "ann");
  join(bob, "bob");
  join(cid, "cid");
  frames.clear();
  submit(ann, 0, 1, R"([{"d":1}])");
  const Token second = submit(bob, 0, 1, R"([3,"B"])");
  const Token third = submit(cid, 0, 1, R"([3,"C"])");
  EXPECT_EQ(append->updates.size(), 1U);
  commit();
  ASSERT_EQ(append->updates.size(), 2U);
  EXPECT_EQ(append->expected_head, Revision(1));
  EXPECT_EQ(append->updates[0].op, R"([2,"B"])");
  EXPECT_EQ(append->updates[1].op, R"([2,"C"])");
  EXPECT_EQ(append->updates[1].prev_hash, append->updates[0].hash);
  commit();
  EXPECT_EQ(acks.at(second).value(), Revision(2));
  EXPECT_EQ(acks.at(third).value(), Revision(3));
  EXPECT_EQ(content(), R"("bcCB")");
}

TEST_F(Submit, OneFrameCarriesABatchToEachLoop) {
  open("text", R"("")");
  join(ann, "ann");
  join(cid, "cid");
  submit(ann, 0, 5, R"(["a"])");
  frames.clear();
  commit();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].loop, 0U);
  EXPECT_EQ(frames[1].loop, 1U);
  EXPECT_EQ(frames[0].frame.payload, frames[1].frame.payload);  // encoded once
  EXPECT_FALSE(frames[0].frame.only || frames[0].frame.except || frames[0].frame.presence_of);
  EXPECT_EQ(payload(0),
            R"({"documentId":"doc","revision":1,"hash":")" + short_hash(log[0].hash) +
                R"(","ops":[{"op":["a"],"userId":"u-ann","clientId":"ann","seq":5,)"
                R"("timestamp":1000}]})");
}

TEST_F(Submit, AResendGetsTheRevisionOfTheFirst) {
  open("text", R"("")");
  join(ann, "ann");
  submit(ann, 0, 1, R"(["a"])");
  const Token during = submit(ann, 0, 1, R"(["a"])");
  EXPECT_FALSE(acks.contains(during));
  commit();
  EXPECT_EQ(acks.at(during).value(), Revision(1));
  const Token after = submit(ann, 0, 1, R"(["a"])");
  EXPECT_EQ(acks.at(after).value(), Revision(1));
  EXPECT_FALSE(append);
}

TEST_F(Submit, AResendIsKnownFromTheStoreAfterARestart) {
  open("text", R"("")", {R"(["a"])"});
  start_join(ann, "old");
  answer_lookups(storage::ClientRecord{
      .client = ClientId("old"),
      .last_seq = ClientSeq(1),
      .revision = Revision(1),
      .submission_hash = submission_hash(Revision(0), ClientSeq(1), R"(["a"])")});
  EXPECT_EQ(acks.at(submit(ann, 0, 1, R"(["a"])")).value(), Revision(1));
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["b"])")), ErrorCode::kSeqReused);
}

TEST_F(Submit, AResendThatAnotherProcessCommittedIsAnsweredBehindItsFrame) {
  open("text", R"("")");
  log.push_back(next_update("ann", 1, R"(["a"])"));  // after the document was opened here
  start_join(ann, "ann");
  answer_lookups(storage::ClientRecord{
      .client = ClientId("ann"),
      .last_seq = ClientSeq(1),
      .revision = Revision(1),
      .submission_hash = submission_hash(Revision(0), ClientSeq(1), R"(["a"])")});
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  EXPECT_FALSE(acks.contains(sent));
  order.clear();
  answer_reads();
  EXPECT_EQ(order, (std::vector<std::string>{"ops", "ack"}));
  EXPECT_EQ(acks.at(sent).value(), Revision(1));
}

TEST_F(Submit, ASeqIsNeverUsedForTwo) {
  open("text", R"("")");
  join(ann, "ann");
  submit(ann, 0, 2, R"(["a"])");
  EXPECT_EQ(refusal(submit(ann, 0, 2, R"(["b"])")), ErrorCode::kSeqReused);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["a"])")), ErrorCode::kSeqReused);
  commit();
  EXPECT_EQ(refusal(submit(ann, 0, 2, R"(["b"])")), ErrorCode::kSeqReused);
  EXPECT_EQ(refusal(submit(ann, 1, 2, R"(["a"])")), ErrorCode::kSeqReused);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["a"])")), ErrorCode::kSeqReused);
}

TEST_F(Submit, AClientHasOneOperationInFlight) {
  open("text", R"("")");
  join(ann, "ann");
  submit(ann, 0, 1, R"(["a"])");
  const Token early = submit(ann, 0, 2, R"(["b"])");
  EXPECT_EQ(refusal(early), ErrorCode::kOverloaded);
  EXPECT_TRUE(acks.at(early).error().retry_after_ms);
  commit();
  submit(ann, 0, 2, R"(["b"])");
  commit();
  EXPECT_EQ(authority->head(), Revision(2));
}

TEST_F(Submit, AnInvalidOperationChangesNothingAndUsesUpItsSeq) {
  open("text", R"("abc")");
  join(ann, "ann");
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"([4,"X"])")), ErrorCode::kOpInvalid);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"([4,"X"])")), ErrorCode::kOpInvalid);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["X"])")), ErrorCode::kSeqReused);
  EXPECT_EQ(refusal(submit(ann, 0, 2, R"({"d":1})")), ErrorCode::kOpInvalid);
  EXPECT_FALSE(append);
  submit(ann, 0, 3, R"(["X"])");
  commit();
  EXPECT_EQ(content(), R"("Xabc")");
}

TEST_F(Submit, OneInvalidOperationDoesNotHarmItsBatch) {
  open("text", R"("abc")");
  join(ann, "ann");
  join(bob, "bob");
  join(cid, "cid");
  submit(ann, 0, 1, R"(["1"])");
  const Token bad = submit(bob, 0, 1, R"([9,"X"])");
  submit(cid, 0, 1, R"([3,"3"])");
  commit();
  EXPECT_EQ(refusal(bad), ErrorCode::kOpInvalid);
  commit();
  EXPECT_EQ(content(), R"("1abc3")");
}

TEST_F(Submit, AnOperationThatComesToNothingGetsARevision) {
  open("text", R"("abc")", {R"([{"d":1}])"});
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"([{"d":1}])");
  EXPECT_EQ(append->updates[0].op, "[]");
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(2));
}

TEST_F(Submit, IsRefusedFromTheFutureAndFromTooFarBehind) {
  limits.rebase_ops = 2;
  open("text", R"("")", {R"(["1"])", R"(["2"])", R"(["3"])"});
  join(ann, "ann");
  EXPECT_EQ(refusal(submit(ann, 4, 1, R"(["X"])")), ErrorCode::kRevisionUnknown);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["X"])")), ErrorCode::kRevisionTooOld);
  submit(ann, 1, 1, R"(["X"])");
  EXPECT_TRUE(append);
}

TEST_F(Submit, IsRefusedWithoutAJoin) {
  open("text", R"("")");
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["X"])")), ErrorCode::kNotJoined);
  join(ann, "ann");
  EXPECT_EQ(refusal(submit(ann, 0, 0, R"(["X"])")), ErrorCode::kBadRequest);
}

TEST_F(Submit, ReadsTheOlderPartOfTheTailFromTheLog) {
  limits.catch_up_ops = 2;
  open("text", R"("abc")", {R"(["1"])", R"(["2"])", R"(["3"])", R"(["4"])", R"(["5"])"});
  join(ann, "ann");
  submit(ann, 0, 1, R"([3,"X"])");
  EXPECT_FALSE(append);
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].from, Revision(1));
  answer_reads();  // 1 and 2, the budget; the rest but 3 is in memory
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].from, Revision(3));
  answer_reads();
  EXPECT_EQ(append->updates[0].op, R"([8,"X"])");
}

TEST_F(Submit, IsUnavailableWhenTheOlderTailCantBeRead) {
  limits.catch_up_ops = 1;
  open("text", R"("")", {R"(["1"])", R"(["2"])"});
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["X"])");
  fail_reads();
  EXPECT_EQ(refusal(sent), ErrorCode::kUnavailable);
  submit(ann, 0, 1, R"(["X"])");
  answer_reads();
  EXPECT_TRUE(append);
}

TEST_F(Submit, LimitsTheSizeOfAnOperation) {
  limits.op_bytes = 8;
  limits.op_components = 2;
  open("text", R"("abc")");
  join(ann, "ann");
  const Token long_one = submit(ann, 0, 1, R"(["12345"])");
  EXPECT_EQ(refusal(long_one), ErrorCode::kTooLarge);
  EXPECT_EQ(acks.at(long_one).error().message,
            "an operation of 9 bytes of JSON, at most 8 are allowed");
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"([1,1,1])")), ErrorCode::kTooLarge);
  EXPECT_EQ(reached, (std::vector<std::string>{"op_bytes", "op_components"}));
  submit(ann, 0, 1, R"(["1234"])");
  EXPECT_TRUE(append);
}

TEST_F(Submit, LimitsTheSizeOfADocumentButNotItsShortening) {
  limits.document_bytes = 20;
  open("text", R"("12345678901234567")");
  join(ann, "ann");
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["67"])")), ErrorCode::kTooLarge);
  EXPECT_EQ(reached, std::vector<std::string>{"document_bytes"});
  submit(ann, 0, 2, R"([{"d":5}])");
  commit();
  submit(ann, 1, 3, R"(["6"])");
  EXPECT_TRUE(append);
}

TEST_F(Submit, LimitsWhatWaits) {
  limits.document_queue_ops = 1;
  open("text", R"("")");
  join(ann, "ann");
  join(bob, "bob");
  join(cid, "cid");
  submit(ann, 0, 1, R"(["1"])");
  submit(bob, 0, 1, R"(["2"])");
  EXPECT_EQ(refusal(submit(cid, 0, 1, R"(["3"])")), ErrorCode::kOverloaded);
  EXPECT_EQ(reached, std::vector<std::string>{"document_queue_ops"});
  commit();
  submit(cid, 0, 1, R"(["3"])");  // the same again
  commit();
  commit();
  EXPECT_EQ(authority->head(), Revision(3));
}

TEST_F(Submit, CommitsForAClientThatLeftMeanwhile) {
  open("text", R"("")");
  join(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  EXPECT_TRUE(authority->leave(ann, now));
  start_join(bob, "ann");  // known still: no look-up that could miss the commit under way
  EXPECT_TRUE(lookups.empty());
  const Token again = submit(bob, 0, 1, R"(["a"])");
  commit();
  EXPECT_EQ(acks.at(sent).value(), Revision(1));
  EXPECT_EQ(acks.at(again).value(), Revision(1));
}

TEST_F(Submit, RichTextIsAcceptedInBothForms) {
  open("rich-text", R"([{"insert":"\n"}])");
  join(ann, "ann");
  submit(ann, 0, 1, R"({"ops":[{"insert":"a","attributes":{"bold":true}}]})");
  commit();
  EXPECT_EQ(content(), R"([{"insert":"a","attributes":{"bold":true}},{"insert":"\n"}])");
}

TEST_F(Submit, WritesASnapshotWhenOneIsDue) {
  limits.snapshot_ops = 2;
  open("text", R"("")");
  join(ann, "ann");
  submit(ann, 0, 1, R"(["a"])");
  commit();
  EXPECT_TRUE(snapshots.empty());
  submit(ann, 1, 2, R"(["b"])");
  commit();
  ASSERT_EQ(snapshots.size(), 1U);
  EXPECT_EQ(snapshots[0].revision, Revision(2));
  EXPECT_EQ(snapshots[0].content, R"("ba")");
  EXPECT_EQ(snapshots[0].hash, log[1].hash);
}

TEST_F(Submit, AnOperationAboveTheDocumentsLimitIsTooLargeNotOverloaded) {
  limits.document_bytes = 10;
  open("text", R"("")");
  join(ann, "ann");
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["longer than ten bytes"])")), ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace cloudsync::document
