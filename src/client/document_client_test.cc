#include "client/document_client.h"

#include <gtest/gtest.h>

namespace cloudsync::client {
namespace {

const ClientId kAnn("ann");
const ClientId kBob("bob");

ot::Operation text_op(std::string_view json) {
  return ot::parse_operation(ot::Type::kText, parse_json(json).value()).value();
}

std::string json_of(const ot::Operation& op) {
  return to_json(ot::to_json(op));
}

OpsBatch ops(std::uint64_t first, std::vector<CommittedOp> list, std::string hash = "h") {
  return {.first = Revision(first), .ops = std::move(list), .hash = std::move(hash)};
}

CommittedOp by(const ClientId& client, std::uint64_t seq, std::string_view op) {
  return {.client = client, .seq = ClientSeq(seq), .op = text_op(op)};
}

/// Ann's client on a text document.
class TextClient : public testing::Test {
 protected:
  void join(std::uint64_t revision, std::string_view text) {
    ASSERT_TRUE(client.on_join_snapshot(Revision(revision), "h0", JsonValue(text)));
  }

  void edit(std::string_view op) { ASSERT_TRUE(client.edit(text_op(op))); }

  std::string text() const { return std::get<ot::TextDocument>(client.document()).text(); }

  DocumentClient client{ot::Type::kText, kAnn};
};

TEST_F(TextClient, ShowsALocalEditAtOnce) {
  join(3, "abc");
  edit(R"([1,"X"])");
  EXPECT_EQ(text(), "aXbc");
  EXPECT_FALSE(client.saved());
}

TEST_F(TextClient, RefusesAnEditThatDoesNotFit) {
  join(3, "abc");
  EXPECT_EQ(client.edit(text_op(R"([4,"X"])")).error().code, ErrorCode::kOpInvalid);
  EXPECT_EQ(text(), "abc");
  EXPECT_TRUE(client.saved());
}

TEST_F(TextClient, TakesOverWhatAnotherCopyMadeOfABatch) {
  join(3, "abc");
  DocumentClient twin{ot::Type::kText, kBob};
  twin.on_join_document(Revision(3), "h0", client.document());
  const OpsBatch batch = ops(4, {by(kBob, 1, R"(["X"])"), by(kBob, 2, R"([1,"Y"])")}, "h2");
  ASSERT_TRUE(client.on_ops(batch));
  DocumentClient late{ot::Type::kText, ClientId("cyd")};
  late.on_join_document(Revision(3), "h0", twin.document());
  late.on_applied_ops(batch, client.document());
  EXPECT_EQ(late.document(), client.document());
  EXPECT_EQ(late.revision(), client.revision());
  EXPECT_EQ(late.resume_hash(), "h2");
  EXPECT_FALSE(late.gap().has_value());
  edit(R"(["Z"])");
  EXPECT_NE(late.document(), client.document());
}

TEST_F(TextClient, RefusesAnEditBeforeTheFirstSnapshot) {
  EXPECT_EQ(client.edit(text_op(R"(["X"])")).error().code, ErrorCode::kUnavailable);
}

TEST_F(TextClient, SendsOneOperationAndComposesWhatFollows) {
  join(3, "abc");
  edit(R"(["X"])");
  const auto first = client.take_submission();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->revision, Revision(3));
  EXPECT_EQ(first->seq, ClientSeq(1));
  EXPECT_EQ(json_of(first->op), R"(["X"])");

  edit(R"([1,"Y"])");
  edit(R"([2,"Z"])");
  EXPECT_FALSE(client.take_submission());

  ASSERT_TRUE(client.on_ops(ops(4, {by(kAnn, 1, R"(["X"])")})));
  const auto second = client.take_submission();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->revision, Revision(4));
  EXPECT_EQ(second->seq, ClientSeq(2));
  EXPECT_EQ(json_of(second->op), R"([1,"YZ"])");
}

TEST_F(TextClient, TakesItsOwnCommittedOperationAsTheAcknowledgement) {
  join(3, "abc");
  edit(R"(["X"])");
  ASSERT_TRUE(client.take_submission());
  client.on_ack(ClientSeq(1), Revision(4));
  EXPECT_FALSE(client.saved());
  ASSERT_TRUE(client.on_ops(ops(4, {by(kAnn, 1, R"(["X"])")}, "h4")));
  EXPECT_TRUE(client.saved());
  EXPECT_EQ(text(), "Xabc");
  EXPECT_EQ(client.revision(), Revision(4));
  EXPECT_EQ(client.resume_hash(), "h4");
}

TEST_F(TextClient, AnotherClientsSameSeqIsNoAcknowledgement) {
  join(3, "abc");
  edit(R"(["X"])");
  ASSERT_TRUE(client.take_submission());
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 1, R"(["B"])")})));
  EXPECT_FALSE(client.saved());
  EXPECT_EQ(text(), "XBabc");  // left of the committed one: the server decides the same
}

TEST_F(TextClient, RebasesInFlightAndPendingOverCommittedOperations) {
  join(3, "abc");
  edit(R"([1,"X"])");
  ASSERT_TRUE(client.take_submission());
  edit(R"([4,"Y"])");
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 7, R"(["12",{"d":1}])")})));
  EXPECT_EQ(text(), "12XbcY");
  ASSERT_TRUE(client.on_ops(ops(5, {by(kAnn, 1, R"([2,"X"])")})));
  const auto second = client.take_submission();
  ASSERT_TRUE(second);
  EXPECT_EQ(json_of(second->op), R"([5,"Y"])");
}

TEST_F(TextClient, ResendsExactlyWhatItFirstSent) {
  join(3, "abc");
  edit(R"([1,"X"])");
  ASSERT_TRUE(client.take_submission());
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 7, R"(["12"])")})));
  client.on_disconnect();
  EXPECT_FALSE(client.take_submission());
  ASSERT_TRUE(client.on_join_ops(ops(5, {by(kBob, 8, R"(["3"])")}), Revision(5), "h5"));

  const auto again = client.take_submission();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->revision, Revision(3));
  EXPECT_EQ(again->seq, ClientSeq(1));
  EXPECT_EQ(json_of(again->op), R"([1,"X"])");
  EXPECT_EQ(text(), "312aXbc");
  EXPECT_FALSE(client.take_submission());
}

TEST_F(TextClient, FindsALostAcknowledgementInTheCatchUp) {
  join(3, "abc");
  edit(R"(["X"])");
  ASSERT_TRUE(client.take_submission());
  client.on_disconnect();
  edit(R"([1,"Y"])");
  ASSERT_TRUE(client.on_join_ops(ops(4, {by(kAnn, 1, R"(["X"])")}), Revision(4), "h4"));
  const auto following = client.take_submission();
  ASSERT_TRUE(following);
  EXPECT_EQ(following->seq, ClientSeq(2));
  EXPECT_EQ(following->revision, Revision(4));
  EXPECT_EQ(text(), "XYabc");
}

TEST_F(TextClient, IgnoresOperationsThatItKnows) {
  join(3, "abc");
  const auto batch = ops(4, {by(kBob, 1, R"(["1"])"), by(kBob, 2, R"(["2"])")});
  ASSERT_TRUE(client.on_ops(batch));
  ASSERT_TRUE(client.on_ops(batch));
  EXPECT_EQ(text(), "21abc");
  ASSERT_TRUE(client.on_ops(ops(5, {by(kBob, 2, R"(["2"])"), by(kBob, 3, R"(["3"])")})));
  EXPECT_EQ(text(), "321abc");
  EXPECT_EQ(client.revision(), Revision(6));
}

TEST_F(TextClient, BuffersEarlyOperationsAndAsksForTheGap) {
  join(3, "abc");
  ASSERT_TRUE(client.on_ops(ops(6, {by(kBob, 3, R"(["3"])")}, "h6")));
  EXPECT_EQ(text(), "abc");
  EXPECT_EQ(client.gap(), (FetchRange{.from = Revision(4), .to = Revision(5)}));
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 1, R"(["1"])"), by(kBob, 2, R"(["2"])")}, "h5")));
  EXPECT_EQ(text(), "321abc");
  EXPECT_EQ(client.resume_hash(), "h6");
  EXPECT_FALSE(client.gap());
}

TEST_F(TextClient, AsksForTheRestOfACutCatchUp) {
  join(3, "abc");
  client.on_disconnect();
  ASSERT_TRUE(client.on_join_ops(ops(4, {by(kBob, 1, R"(["1"])")}, ""), Revision(9), "h9"));
  EXPECT_EQ(client.gap(), (FetchRange{.from = Revision(5), .to = Revision(9)}));
  EXPECT_EQ(client.resume_hash(), "");
}

TEST_F(TextClient, BoundsWhatItBuffers) {
  join(0, "");
  for (std::uint64_t r = 2; r < kEarlyOpsMax + 10; ++r) {
    ASSERT_TRUE(client.on_ops(ops(r, {by(kBob, r, R"(["x"])")})));
  }
  ASSERT_TRUE(client.on_ops(ops(1, {by(kBob, 1, R"(["x"])")})));
  EXPECT_EQ(client.revision(), Revision(kEarlyOpsMax + 1));
  EXPECT_EQ(client.gap()->from, Revision(kEarlyOpsMax + 2));
}

TEST_F(TextClient, SendsTheSameAgainAfterARetryableRefusal) {
  join(3, "abc");
  edit(R"(["X"])");
  ASSERT_TRUE(client.take_submission());
  client.on_refused(ClientSeq(1), {.code = ErrorCode::kOverloaded, .message = ""});
  EXPECT_EQ(client.take_submission()->seq, ClientSeq(1));
}

TEST_F(TextClient, StopsAfterAFinalRefusalAndKeepsTheText) {
  join(3, "abc");
  edit(R"(["X"])");
  ASSERT_TRUE(client.take_submission());
  client.on_refused(ClientSeq(1), {.code = ErrorCode::kOpInvalid, .message = "no"});
  EXPECT_EQ(client.status(), Status::kStopped);
  EXPECT_FALSE(client.take_submission());
  EXPECT_FALSE(client.can_resume());
  EXPECT_FALSE(client.saved());
  EXPECT_EQ(text(), "Xabc");

  join(8, "new");
  edit(R"(["Y"])");
  EXPECT_EQ(client.take_submission()->seq, ClientSeq(2));
}

TEST_F(TextClient, IgnoresARefusalOfAnEarlierSubmission) {
  join(3, "abc");
  edit(R"(["X"])");
  ASSERT_TRUE(client.take_submission());
  client.on_refused(ClientSeq(0), {.code = ErrorCode::kSeqReused, .message = ""});
  EXPECT_EQ(client.status(), Status::kLive);
}

TEST_F(TextClient, StopsWhenACommittedOperationDoesNotFit) {
  join(3, "abc");
  EXPECT_EQ(client.on_ops(ops(4, {by(kBob, 1, R"([9,"1"])")})).error().code, ErrorCode::kInternal);
  EXPECT_EQ(client.status(), Status::kStopped);
}

TEST_F(TextClient, DropsAPendingOperationThatCameToNothing) {
  join(3, "abc");
  edit(R"([{"d":1}])");
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 1, R"([{"d":1}])")})));
  EXPECT_EQ(text(), "bc");
  EXPECT_TRUE(client.saved());
  EXPECT_FALSE(client.take_submission());
}

TEST_F(TextClient, MovesItsSelectionAndOffersItWhenSaved) {
  join(3, "abc");
  client.select({.index = 1, .length = 0});
  edit(R"([1,"X"])");
  EXPECT_FALSE(client.take_presence());
  ASSERT_TRUE(client.take_submission());
  ASSERT_TRUE(client.on_ops(ops(4, {by(kAnn, 1, R"([1,"X"])")})));
  EXPECT_EQ(client.take_presence(), (ot::Range{.index = 2, .length = 0}));
  EXPECT_FALSE(client.take_presence());
}

TEST_F(TextClient, HoldsAPresenceUntilItsRevision) {
  join(3, "abc");
  client.on_presence(kBob, Revision(4), ot::Range{.index = 1, .length = 1});
  EXPECT_TRUE(client.selections().empty());
  edit(R"(["X"])");
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 1, R"([3,"B"])")})));
  EXPECT_EQ(client.selections().at(kBob), (ot::Range{.index = 2, .length = 1}));
}

TEST_F(TextClient, AnAuthorsOwnInsertMovesItsCursor) {
  join(3, "abc");
  client.on_presence(kBob, Revision(3), ot::Range{.index = 1, .length = 0});
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 1, R"([1,"B"])")})));
  EXPECT_EQ(client.selections().at(kBob), (ot::Range{.index = 2, .length = 0}));
}

TEST(OpsMessage, IsReadFromTheWire) {
  const JsonValue json =
      parse_json(R"({"documentId":"d","revision":7,"hash":"00ff","ops":[{"op":["x"],"userId":"u",)"
                 R"("clientId":"bob","seq":3,"timestamp":1}]})")
          .value();
  const auto batch = parse_ops(ot::Type::kText, json.as_object());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->first, Revision(7));
  EXPECT_EQ(batch->last(), Revision(7));
  EXPECT_EQ(batch->hash, "00ff");
  EXPECT_EQ(batch->ops.at(0).client, kBob);
  EXPECT_EQ(batch->ops.at(0).seq, ClientSeq(3));
  EXPECT_EQ(json_of(batch->ops.at(0).op), R"(["x"])");
}

TEST(OpsMessage, MissingMembersAreRefused) {
  for (const char* text : {R"({"ops":[]})",
                           R"({"revision":0,"ops":[]})",
                           R"({"revision":1,"ops":{}})",
                           R"({"revision":1,"ops":[1]})",
                           R"({"revision":1,"ops":[{"op":["x"],"seq":1}]})"}) {
    const JsonValue json = parse_json(text).value();
    EXPECT_EQ(parse_ops(ot::Type::kText, json.as_object()).error().code, ErrorCode::kBadRequest)
        << text;
  }
}

// --- the journal ---

class JournalTest : public TextClient {
 protected:
  /// The page is loaded anew, and goes on from what was kept.
  void reload() { client = DocumentClient(kAnn, kept.value()); }

  void keep() { kept = client.journal(); }

  void resume(const OpsBatch& batch, std::uint64_t head) {
    ASSERT_TRUE(client.can_resume());
    ASSERT_TRUE(client.on_join_ops(batch, Revision(head), "h9"));
  }

  std::optional<Journal> kept;
};

TEST_F(JournalTest, ThereIsNoneBeforeTheFirstContent) {
  keep();
  EXPECT_FALSE(kept);
}

TEST_F(JournalTest, WhatWasInFlightIsSentAgainAsItWas) {
  join(3, "abc");
  edit(R"(["X"])");
  const auto sent = client.take_submission();
  edit(R"([4,"Y"])");
  ASSERT_TRUE(client.on_ops(ops(4, {by(kBob, 1, R"([1,"b"])")})));
  keep();
  reload();
  EXPECT_EQ(client.status(), Status::kOffline);
  EXPECT_EQ(text(), "XabbcY");
  EXPECT_FALSE(client.saved());
  EXPECT_EQ(client.resume_revision(), Revision(4));
  resume(ops(5, {}), 4);
  const auto again = client.take_submission();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->seq, sent->seq);
  EXPECT_EQ(again->revision, sent->revision);
  EXPECT_EQ(json_of(again->op), json_of(sent->op));
}

TEST_F(JournalTest, WhatWasCommittedMeanwhileCountsOnce) {
  join(3, "abc");
  edit(R"(["X"])");
  client.take_submission();
  edit(R"([4,"Y"])");
  keep();
  reload();
  resume(ops(4, {by(kAnn, 1, R"(["X"])"), by(kBob, 1, R"(["b"])")}), 5);
  EXPECT_EQ(text(), "bXabcY");
  const auto sent = client.take_submission();
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->seq, ClientSeq(2));
  EXPECT_EQ(json_of(sent->op), R"([5,"Y"])");
}

TEST_F(JournalTest, AnOlderJournalHasWhatWasTypedUntilThen) {
  join(3, "abc");
  edit(R"(["X"])");
  keep();
  edit(R"(["lost"])");
  reload();
  EXPECT_EQ(text(), "Xabc");
  resume(ops(4, {}), 3);
  EXPECT_EQ(client.take_submission()->seq, ClientSeq(1));
}

}  // namespace
}  // namespace cloudsync::client
