#include "document/ledger.h"

#include <gtest/gtest.h>

namespace cloudsync::document {
namespace {

using Verdict = ClientLedger::Verdict;

const ClientId kAnn("ann");
constexpr Sha256 kOne{1};
constexpr Sha256 kTwo{2};

TEST(ClientLedger, EverySeqIsNewOfAClientThatHasSubmittedNothing) {
  ClientLedger ledger;
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(1), kOne).verdict, Verdict::kNew);
  ledger.load(kAnn, std::nullopt);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(1), kOne).verdict, Verdict::kNew);
}

TEST(ClientLedger, ForgetsTheSilentAlone) {
  ClientLedger ledger;
  ledger.load(kAnn, std::nullopt);
  EXPECT_TRUE(ledger.remembers(kAnn));
  ledger.forget_silent(kAnn);
  EXPECT_FALSE(ledger.remembers(kAnn));
  ledger.commit(kAnn, ClientSeq(1), Revision(1), kOne);
  ledger.forget_silent(kAnn);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(1), kOne).verdict, Verdict::kCommitted);
}

TEST(ClientLedger, TellsAResendFromAMisuse) {
  ClientLedger ledger;
  ledger.commit(kAnn, ClientSeq(3), Revision(9), kOne);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(3), kOne).verdict, Verdict::kCommitted);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(3), kOne).revision, Revision(9));
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(3), kTwo).verdict, Verdict::kReused);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(2), kOne).verdict, Verdict::kReused);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(4), kOne).verdict, Verdict::kNew);
}

TEST(ClientLedger, RemembersWhatWasInvalid) {
  ClientLedger ledger;
  ledger.refuse(kAnn, ClientSeq(1), kOne);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(1), kOne).verdict, Verdict::kInvalid);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(1), kTwo).verdict, Verdict::kReused);
}

TEST(ClientLedger, AnOldRecordOfTheStoreDoesNotReplaceANewerOne) {
  ClientLedger ledger;
  ledger.commit(kAnn, ClientSeq(3), Revision(9), kOne);
  ledger.load(kAnn,
              storage::ClientRecord{.client = kAnn,
                                    .last_seq = ClientSeq(2),
                                    .revision = Revision(4),
                                    .submission_hash = kTwo});
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(3), kOne).revision, Revision(9));
}

TEST(ClientLedger, WhatWasMetInTheLogIsUnknownUntilItsHashIs) {
  ClientLedger ledger;
  ledger.meet(kAnn, ClientSeq(3), Revision(9));
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(3), kTwo).verdict, Verdict::kMet);
  ledger.commit(kAnn, ClientSeq(3), Revision(9), kOne);
  EXPECT_EQ(ledger.check(kAnn, ClientSeq(3), kTwo).verdict, Verdict::kReused);
}

}  // namespace
}  // namespace cloudsync::document
