// What other nodes commit: publications in any order, gaps, checks of the head, and resends that
// reach another node than the first time.

#include "document/authority_fixture.h"

namespace cloudsync::document {
namespace {

using storage::AppendStatus;

class Follow : public AuthorityTest {
 protected:
  void open_shared(const std::vector<std::string>& ops = {}) {
    open("text", R"("")", ops);
    authority->share_as("here");
  }

  Token join_shared(MemberId who, const std::string& client) {
    const Token joined = join(who, client);
    answer_reads();
    return joined;
  }

  /// Another node commits; nothing is said of it.
  storage::Update commit_elsewhere(const std::string& client, std::uint64_t seq, std::string op) {
    log.push_back(next_update(client, seq, std::move(op)));
    return log.back();
  }

  void publish(std::vector<storage::Update> updates) {
    authority->on_publication(std::move(updates), moment());
    take();
  }

  void check_head() {
    authority->check_head();
    take();
  }

  Token refresh() {
    authority->refresh(++last_token);
    take();
    return last_token;
  }
};

TEST_F(Follow, TheNextPublicationIsDeliveredAtOnce) {
  open_shared();
  join_shared(ann, "ann");
  publish({commit_elsewhere("far", 1, R"(["f"])")});
  EXPECT_EQ(authority->head(), Revision(1));
  EXPECT_EQ(content(), R"("f")");
  EXPECT_EQ(order, (std::vector<std::string>{"joined", "ops"}));
  EXPECT_TRUE(reads.empty());
}

TEST_F(Follow, OnlyWhatIsNewOfAPublicationIsTaken) {
  open_shared({R"(["a"])"});
  join_shared(ann, "ann");
  const storage::Update known = log.back();
  publish({known, commit_elsewhere("far", 1, R"(["f"])")});
  publish({known, log.back()});
  EXPECT_EQ(content(), R"("fa")");
  EXPECT_EQ(frames.size(), 1U);
}

TEST_F(Follow, AGapIsReadFromTheLog) {
  open_shared();
  join_shared(ann, "ann");
  commit_elsewhere("far", 1, R"(["1"])");  // its publication is lost
  publish({commit_elsewhere("far", 2, R"([1,"2"])")});
  EXPECT_EQ(authority->head(), Revision(0));
  answer_reads();
  EXPECT_EQ(content(), R"("12")");
}

TEST_F(Follow, APublicationOfAnotherHistoryIsNotBelieved) {
  open_shared({R"(["a"])"});
  join_shared(ann, "ann");
  storage::Update forged = next_update("far", 1, R"(["f"])");
  link(forged, storage::ChainHash{1});
  publish({forged});
  EXPECT_EQ(authority->head(), Revision(1));
  ASSERT_EQ(reads.size(), 1U);
  answer_reads();
  EXPECT_EQ(content(), R"("a")");
  EXPECT_TRUE(broken.empty());
  const Token sent = submit(ann, 1, 1, R"(["b"])");  // and work goes on
  commit();
  EXPECT_TRUE(acks.at(sent));
}

TEST_F(Follow, WhatIsHeardDuringAnAppendIsReadBehindIt) {
  open_shared();
  join_shared(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  store_append();
  publish({commit_elsewhere("far", 1, R"(["f"])")});
  EXPECT_TRUE(reads.empty());
  answer_append(AppendStatus::kCommitted);
  EXPECT_EQ(acks.at(sent).value(), Revision(1));
  answer_reads();
  EXPECT_EQ(content(), R"("fa")");
}

TEST_F(Follow, ACheckOfTheHeadFindsWhatNobodySaid) {
  open_shared();
  join_shared(ann, "ann");
  commit_elsewhere("far", 1, R"(["f"])");
  check_head();
  check_head();  // one at a time
  ASSERT_EQ(reads.size(), 1U);
  answer_reads();
  EXPECT_EQ(content(), R"("f")");
  EXPECT_EQ(missed, 1U);
  EXPECT_TRUE(authority->is_quiet());
}

TEST_F(Follow, ACheckGoesOnToTheEndOfALongLog) {
  limits.catch_up_ops = 2;
  open_shared();
  join_shared(ann, "ann");
  for (std::uint64_t seq = 1; seq <= 5; ++seq) {
    commit_elsewhere("far", seq, R"(["f"])");
  }
  check_head();
  answer_reads();
  answer_reads();
  answer_reads();
  EXPECT_EQ(authority->head(), Revision(5));
  EXPECT_TRUE(reads.empty());
}

TEST_F(Follow, NothingIsCheckedAlone) {
  open("text", R"("")");
  join(ann, "ann");
  check_head();
  EXPECT_TRUE(reads.empty());
  submit(ann, 0, 1, R"(["a"])");
  commit();
  EXPECT_TRUE(published.empty());
}

TEST_F(Follow, AJoinerFindsWhatWasAcknowledgedElsewhere) {
  open_shared();
  const Token joined = join(ann, "ann");
  commit_elsewhere("far", 1, R"(["f"])");
  EXPECT_FALSE(joins.contains(joined));
  answer_reads();
  EXPECT_NE(joins.at(joined).value().fields.find(R"("revision":1)"), std::string::npos);
}

TEST_F(Follow, WhoComesDuringACheckWaitsForTheNext) {
  open_shared();
  const Token first = join(ann, "ann");
  const Token second = refresh();  // the read of the first may be older than what it wants to see
  answer_reads();
  EXPECT_TRUE(joins.contains(first));
  EXPECT_FALSE(refreshed.contains(second));
  commit_elsewhere("far", 1, R"(["f"])");
  answer_reads();
  EXPECT_TRUE(refreshed.at(second));
  EXPECT_EQ(authority->head(), Revision(1));
}

TEST_F(Follow, ACheckWaitsForTheAppendThatItMet) {
  open_shared();
  join_shared(ann, "ann");
  const Token asked = refresh();
  submit(ann, 0, 1, R"(["a"])");
  commit_elsewhere("far", 1, R"(["f"])");
  answer_reads();  // the check's: it can't be taken over the batch in flight
  EXPECT_FALSE(refreshed.contains(asked));
  answer_append(AppendStatus::kConflict);
  answer_reads();
  answer_reads();
  commit();
  answer_reads();
  EXPECT_TRUE(refreshed.at(asked));
  EXPECT_EQ(content(), R"("af")");
}

TEST_F(Follow, AFailedCheckAnswersWhoWaits) {
  open_shared();
  const Token joined = join(ann, "ann");
  const Token asked = refresh();
  fail_reads();
  EXPECT_EQ(joins.at(joined).error().code, ErrorCode::kUnavailable);
  fail_reads();
  EXPECT_EQ(refreshed.at(asked).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(authority->is_quiet());
}

TEST_F(Follow, ADamagedLogAnswersWhoWaits) {
  open_shared();
  const Token joined = join(ann, "ann");
  const Token asked = refresh();
  commit_elsewhere("far", 1, R"(["f"])");
  log.back().op = R"(["g"])";
  answer_reads();
  EXPECT_EQ(joins.at(joined).error().code, ErrorCode::kInternal);
  EXPECT_EQ(refreshed.at(asked).error().code, ErrorCode::kInternal);
  EXPECT_EQ(joins.size() + refreshed.size(), 2U);
}

TEST_F(Follow, ACommitIsPublishedAsItIsInTheLog) {
  open_shared();
  join_shared(ann, "ann");
  submit(ann, 0, 1, R"(["a"])");
  EXPECT_TRUE(published.empty());
  commit();
  ASSERT_EQ(published.size(), 1U);
  EXPECT_EQ(published[0], log);
}

TEST_F(Follow, AResendThatAnotherNodeCommittedIsComparedWithTheStore) {
  open_shared();
  join_shared(ann, "ann");
  const auto op = parse_json(R"(["a"])").value();
  const storage::ClientRecord record{
      .client = ClientId("ann"),
      .last_seq = ClientSeq(1),
      .revision = Revision(1),
      .submission_hash = submission_hash(Revision(0), ClientSeq(1), to_canonical_json(op))};
  publish({commit_elsewhere("ann", 1, R"(["a"])")});

  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["other"])")), ErrorCode::kUnavailable);
  answer_lookups(record);
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["other"])")), ErrorCode::kSeqReused);
  EXPECT_EQ(acks.at(submit(ann, 0, 1, R"(["a"])")).value(), Revision(1));
}

TEST_F(Follow, ASeqThatAnotherNodeCommittedIsUsedUpForASilentMember) {
  open_shared();
  join_shared(ann, "ann");
  publish({commit_elsewhere("ann", 1, R"(["a"])")});

  EXPECT_EQ(refusal(submit(ann, 1, 1, R"(["other"])")), ErrorCode::kUnavailable);
  answer_lookups(storage::ClientRecord{.client = ClientId("ann"),
                                       .last_seq = ClientSeq(1),
                                       .revision = Revision(1),
                                       .submission_hash = {}});
  EXPECT_EQ(refusal(submit(ann, 1, 1, R"(["other"])")), ErrorCode::kSeqReused);
}

TEST_F(Follow, ASubmissionThatIsFoundInTheLogIsComparedWithTheStore) {
  open_shared();
  join_shared(ann, "ann");
  const Token sent = submit(ann, 0, 1, R"(["a"])");
  commit_elsewhere("ann", 1, R"(["else"])");
  answer_append(AppendStatus::kConflict);
  answer_reads();
  EXPECT_EQ(refusal(sent), ErrorCode::kUnavailable);
  answer_lookups(storage::ClientRecord{.client = ClientId("ann"),
                                       .last_seq = ClientSeq(1),
                                       .revision = Revision(1),
                                       .submission_hash = {}});
  EXPECT_EQ(refusal(submit(ann, 0, 1, R"(["a"])")), ErrorCode::kSeqReused);
  EXPECT_EQ(content(), R"("else")");
}

}  // namespace
}  // namespace cloudsync::document
