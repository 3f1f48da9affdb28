#include "document/authority_fixture.h"

namespace cloudsync::document {
namespace {

using Join = AuthorityTest;
using Presence = AuthorityTest;

TEST_F(Join, AFreshOneGetsTheContentAtTheHead) {
  open("text", R"("abc")", {R"(["1"])"});
  const Token token = join(ann, "ann");
  EXPECT_EQ(joins.at(token)->fields,
            R"("documentId":"doc","type":"text","title":"T","revision":1,"hash":")" +
                short_hash(log[0].hash) + R"(","role":"editor","members":[],"memberCount":1)");
  EXPECT_EQ(*joins.at(token)->snapshot, R"("1abc")");
}

TEST_F(Join, ANewClientIsNotLookedUp) {
  open("text", R"("abc")");
  const Token token = start_join(ann,
                                 {.document = DocumentId("doc"),
                                  .user = UserId("u-ann"),
                                  .client = ClientId("ann"),
                                  .name = "ann",
                                  .client_is_new = true,
                                  .revision = std::nullopt,
                                  .hash = {}});
  EXPECT_TRUE(lookups.empty());
  EXPECT_TRUE(joins.at(token).has_value());
  submit(ann, 0, 1, R"(["1"])");
  commit();
  authority->leave(ann, now);
  take();
  start_join(ann, "ann");
  EXPECT_EQ(lookups.size(), 1U);  // by now the store has something
}

TEST_F(Join, TheContentIsSharedByAllWhoJoinAtOneRevision) {
  open("text", R"("abc")");
  const Token first = join(ann, "ann");
  const Token second = join(bob, "bob");
  EXPECT_EQ(joins.at(first)->snapshot.get(), joins.at(second)->snapshot.get());
  submit(ann, 0, 1, R"(["1"])");
  commit();
  EXPECT_EQ(*joins.at(join(cid, "cid"))->snapshot, R"("1abc")");
  EXPECT_EQ(*joins.at(first)->snapshot, R"("abc")");
}

TEST_F(Join, ALargeContentIsLeftToAUrl) {
  limits.inline_snapshot_bytes = 4;
  open("text", R"("abc")");
  EXPECT_TRUE(
      joins.at(join(ann, "ann"))
          ->fields.ends_with(R"("snapshotUrl":"/api/v1/documents/doc/snapshot?revision=0")"));
}

TEST_F(Join, IsToldOfTheOthersAndTheyOfIt) {
  open("text", R"("")");
  join(ann, "ann");
  EXPECT_TRUE(frames.empty());
  const Token second = join(bob, "bob");
  EXPECT_NE(joins.at(second)->fields.find(
                R"("members":[{"clientId":"ann","userId":"u-ann","name":"ann"}],"memberCount":2)"),
            std::string::npos);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].frame.event, "user-joined");
  EXPECT_EQ(frames[0].frame.except, bob);
  EXPECT_EQ(payload(0),
            R"({"documentId":"doc","clientId":"bob","userId":"u-bob","name":"bob",)"
            R"("timestamp":1000,"memberCount":2})");
}

TEST_F(Join, NothingOfTheDocumentComesBeforeTheReply) {
  open("text", R"("")");
  join(ann, "ann");
  order.clear();
  start_join(bob, "bob");
  submit(ann, 0, 1, R"(["a"])");
  commit();
  answer_lookups();
  EXPECT_EQ(order, (std::vector<std::string>{"ops", "ack", "joined", "user-joined"}));
  EXPECT_EQ(*joins.at(last_token - 1)->snapshot, R"("a")");
}

TEST_F(Join, AResumeGetsWhatItMissed) {
  open("text", R"("")", {R"(["1"])", R"(["2"])"});
  const Token token = start_join(ann, "ann", 1, short_hash(log[0].hash));
  answer_lookups();
  EXPECT_TRUE(joins.at(token)->fields.ends_with(
      R"("ops":[{"op":["2"],"userId":"u-old","clientId":"old","seq":2,"timestamp":600}])"));
}

TEST_F(Join, AResumeAtTheHeadGetsAnEmptyList) {
  open("text", R"("")", {R"(["1"])"});
  const Token token = start_join(ann, "ann", 1, short_hash(log[0].hash));
  answer_lookups();
  EXPECT_TRUE(joins.at(token)->fields.ends_with(R"("ops":[])"));
}

TEST_F(Join, AnotherHashIsADivergedHistory) {
  limits.catch_up_ops = 1;
  open("text", R"("")", {R"(["1"])", R"(["2"])", R"(["3"])"});
  for (const std::uint64_t revision : {0, 1, 3}) {  // from the log, from the log, from memory
    const Token token = start_join(ann, "ann", revision, "0123456789abcdef");
    answer_lookups();
    answer_reads();
    EXPECT_EQ(joins.at(token).error().code, ErrorCode::kHistoryDiverged) << revision;
  }
  EXPECT_FALSE(authority->has_members());
}

TEST_F(Join, ALongCatchUpIsCut) {
  limits.catch_up_ops = 2;
  open("text", R"("")", {R"(["1"])", R"(["2"])", R"(["3"])", R"(["4"])"});
  const Token from_start = start_join(ann, "ann", 0, "0000000000000000");
  answer_lookups();
  answer_reads();
  const std::string& fields = joins.at(from_start)->fields;
  EXPECT_NE(fields.find(R"("seq":3,)"), std::string::npos);  // the budget has one for the hash
  EXPECT_TRUE(fields.ends_with(R"(],"next":4)"));

  const Token from_one = start_join(bob, "bob", 1, short_hash(log[0].hash));
  answer_lookups();
  answer_reads();
  EXPECT_TRUE(joins.at(from_one)->fields.ends_with(R"(],"next":4)"));
}

TEST_F(Join, OperationsCommittedDuringTheReadAreLeftToFetch) {
  limits.catch_up_ops = 1;
  open("text", R"("")", {R"(["1"])", R"(["2"])"});
  join(bob, "bob");
  const Token token = start_join(ann, "ann", 0);
  answer_lookups();
  submit(bob, 2, 1, R"(["3"])");
  log.push_back(append->updates[0]);
  answer_append(storage::AppendStatus::kCommitted);
  answer_reads();
  const std::string& fields = joins.at(token)->fields;
  EXPECT_NE(fields.find(R"("revision":3)"), std::string::npos);
  EXPECT_TRUE(fields.ends_with(R"("next":3)"));
}

TEST_F(Join, RefusesRevisionsOutOfReach) {
  limits.rebase_ops = 1;
  open("text", R"("")", {R"(["1"])", R"(["2"])"});
  const Token future = start_join(ann, "ann", 3);
  answer_lookups();
  EXPECT_EQ(joins.at(future).error().code, ErrorCode::kRevisionUnknown);
  const Token old = start_join(ann, "ann", 0);
  answer_lookups();
  EXPECT_EQ(joins.at(old).error().code, ErrorCode::kRevisionTooOld);
}

TEST_F(Join, ASecondOneOnTheSameConnectionIsAnsweredLikeTheFirst) {
  open("text", R"("")");
  const Token first = join(ann, "ann");
  const Token second = join(ann, "ann");
  EXPECT_EQ(joins.at(second)->fields, joins.at(first)->fields);
  EXPECT_TRUE(frames.empty());
}

TEST_F(Join, ANewerConnectionTakesTheClientOver) {
  open("text", R"("")");
  join(ann, "ann");
  join(cid, "cid");
  frames.clear();
  const Token second = join(bob, "ann");
  EXPECT_EQ(superseded, std::vector<MemberId>{ann});
  EXPECT_TRUE(frames.empty());  // for the others the client never left
  EXPECT_NE(joins.at(second)->fields.find(R"("memberCount":2)"), std::string::npos);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["a"])")), ErrorCode::kNotJoined);
  EXPECT_FALSE(authority->leave(ann, now));
}

TEST_F(Join, WhoLeavesBeforeItsReplyIsNoMember) {
  open("text", R"("")");
  const Token token = start_join(ann, "ann");
  EXPECT_TRUE(authority->leave(ann, now));
  take();
  EXPECT_EQ(joins.at(token).error().code, ErrorCode::kNotJoined);
  answer_lookups();
  EXPECT_FALSE(authority->has_members());
  EXPECT_TRUE(authority->is_quiet());
}

TEST_F(Join, OneLookUpServesAllJoinsOfAClient) {
  open("text", R"("")");
  start_join(ann, "ann");
  start_join(bob, "ann");
  EXPECT_EQ(lookups.size(), 1U);
  answer_lookups();
  EXPECT_EQ(joins.size(), 2U);
  EXPECT_EQ(superseded, std::vector<MemberId>{ann});
}

TEST_F(Join, FailsWhenTheClientCantBeLookedUp) {
  open("text", R"("")");
  const Token token = start_join(ann, "ann");
  authority->on_client(ClientId("ann"), fail(ErrorCode::kUnavailable, "down"), now);
  take();
  EXPECT_EQ(joins.at(token).error().code, ErrorCode::kUnavailable);
}

TEST_F(Join, LeavingIsTold) {
  open("text", R"("")");
  join(ann, "ann");
  join(bob, "bob");
  frames.clear();
  EXPECT_TRUE(authority->leave(bob, now));
  take();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(payload(0),
            R"({"documentId":"doc","clientId":"bob","userId":"u-bob","timestamp":1000,)"
            R"("memberCount":1})");
  EXPECT_FALSE(authority->leave(bob, now));
}

TEST_F(Join, MembersBeyondTheListedAreCountedOnly) {
  limits.members_listed = 2;
  open("text", R"("")");
  join(ann, "ann");
  join(bob, "bob");
  frames.clear();
  const Token third = join(cid, "cid");
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(reached, std::vector<std::string>{"members_listed"});
  EXPECT_NE(joins.at(third)->fields.find(R"("memberCount":3)"), std::string::npos);
  present(cid, 0, R"({"selection":{"index":0,"length":0}})");
  EXPECT_TRUE(frames.empty());

  authority->leave(ann, now);
  take();
  frames.clear();
  order.clear();
  present(cid, 0, R"({"selection":{"index":0,"length":0}})");  // there is room now
  EXPECT_EQ(order, (std::vector<std::string>{"user-joined", "presence"}));
}

TEST_F(Join, HistoryIsFetchedInPieces) {
  limits.catch_up_ops = 2;
  open("text", R"("")", {R"(["1"])", R"(["2"])", R"(["3"])", R"(["4"])"});
  join(ann, "ann");
  const Token old = fetch(ann, 1, 4);
  answer_reads();
  EXPECT_TRUE(fetched.at(old)->fields.starts_with(R"("documentId":"doc","revision":1,"hash":")" +
                                                  short_hash(log[1].hash) + R"(","ops":[)"));
  EXPECT_TRUE(fetched.at(old)->fields.ends_with(R"("next":3)"));
  const Token held = fetch(ann, 3, 4);
  EXPECT_TRUE(reads.empty());
  EXPECT_TRUE(fetched.at(held)->fields.ends_with(R"("seq":4,"timestamp":600}])"));
}

TEST_F(Join, RefusesToFetchWhatIsNotThere) {
  open("text", R"("")", {R"(["1"])"});
  EXPECT_EQ(fetched.at(fetch(ann, 1, 1)).error().code, ErrorCode::kNotJoined);
  join(ann, "ann");
  EXPECT_EQ(fetched.at(fetch(ann, 1, 2)).error().code, ErrorCode::kRevisionUnknown);
  EXPECT_EQ(fetched.at(fetch(ann, 0, 1)).error().code, ErrorCode::kBadRequest);
  EXPECT_EQ(fetched.at(fetch(ann, 2, 1)).error().code, ErrorCode::kBadRequest);
}

TEST_F(Presence, IsMovedToTheHead) {
  open("text", R"("abc")", {R"(["12"])"});
  join(ann, "ann");
  join(bob, "bob");
  frames.clear();
  present(bob, 0, R"({"selection":{"index":1,"length":2},"color":"red"})");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].frame.except, bob);
  EXPECT_EQ(frames[0].frame.presence_of, ClientId("bob"));
  EXPECT_EQ(payload(0),
            R"({"documentId":"doc","revision":1,"clientId":"bob","userId":"u-bob",)"
            R"("state":{"selection":{"index":3,"length":2},"color":"red"}})");
}

TEST_F(Presence, FollowsItsValueInAJsonDocument) {
  open("json", R"({"list":["ab"]})", {R"([{"p":["list",0],"li":0},{"p":["list",1,0],"si":"x"}])"});
  join(ann, "ann");
  join(bob, "bob");
  frames.clear();
  present(bob, 0, R"({"selection":{"path":["list",0],"index":1,"length":1}})");
  present(bob, 1, R"({"selection":{"path":["list",0],"index":1,"length":0}})");  // a number
  present(bob, 1, R"({"selection":{"index":0,"length":0}})");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(payload(0),
            R"({"documentId":"doc","revision":1,"clientId":"bob","userId":"u-bob",)"
            R"("state":{"selection":{"path":["list",1],"index":2,"length":1}}})");
}

TEST_F(Presence, IsDroppedWhenItMakesNoSense) {
  limits.presence_bytes = 60;
  open("text", R"("abc")");
  join(ann, "ann");
  join(bob, "bob");
  frames.clear();
  for (const char* state :
       {R"([1])",
        R"({"selection":{"index":4,"length":0}})",
        R"({"selection":{"index":9007199254740991,"length":9007199254740991}})",
        R"({"selection":{"index":-1,"length":0}})",
        R"({"selection":5})",
        R"({"x":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})"}) {
    present(bob, 0, state);
  }
  present(bob, 1, R"({"selection":{"index":0,"length":0}})");
  EXPECT_TRUE(frames.empty());
}

TEST_F(Presence, IsWithdrawnOnLeave) {
  open("text", R"("abc")");
  join(ann, "ann");
  join(bob, "bob");
  present(bob, 0, R"({"selection":{"index":0,"length":0}})");
  frames.clear();
  authority->leave(bob, now);
  take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(payload(0),
            R"({"documentId":"doc","revision":0,"clientId":"bob","userId":"u-bob","state":null})");
  EXPECT_EQ(frames[1].frame.event, "user-left");
}

}  // namespace
}  // namespace cloudsync::document
