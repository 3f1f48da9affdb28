#include "document/chain.h"

#include <gtest/gtest.h>

namespace cloudsync::document {
namespace {

storage::Update example() {
  storage::Update update{.revision = Revision(1),
                         .client = ClientId("ann"),
                         .seq = ClientSeq(2),
                         .user = UserId("u"),
                         .op = R"(["a"])",
                         .salt = {},
                         .created_at = Timestamp(3)};
  link(update, {});
  return update;
}

// The expected values were computed with Python's hashlib from docs/protocol.md section 2:
//   digest = sha256(bytes(16) + b'["a"]')
//   f = lambda b: len(b).to_bytes(8, "little") + b
//   n = lambda i: f(i.to_bytes(8, "little"))
//   sha256(f(bytes(32)) + n(1) + f(b"ann") + n(2) + f(b"u") + n(3) + f(digest))
TEST(Chain, IsWhatTheProtocolSays) {
  const storage::Update update = example();
  EXPECT_EQ(hex(update.op_digest),
            "6ad53a9271346de12bb8caa80e73c4aaf0cbcbc77bf58f9557b3a80011b0cdfb");
  EXPECT_EQ(hex(update.hash), "bc388e78e79fc922e9c8c21f4df863f5c2ea745626e3ba19e36996866004c8e4");
  EXPECT_EQ(short_hash(update.hash), "bc388e78e79fc922");
}

TEST(Chain, IsAllZeroAtTheStart) {
  EXPECT_EQ(short_hash({}), "0000000000000000");
}

TEST(Chain, NoticesEveryChange) {
  const storage::Update good = example();
  ASSERT_TRUE(is_linked(good, Revision(1), {}));
  EXPECT_FALSE(is_linked(good, Revision(2), {}));
  EXPECT_FALSE(is_linked(good, Revision(1), good.hash));
  storage::Update bad = good;
  bad.op = R"(["b"])";
  EXPECT_FALSE(is_linked(bad, Revision(1), {}));
  bad = good;
  bad.user = UserId("v");
  EXPECT_FALSE(is_linked(bad, Revision(1), {}));
  bad = good;
  bad.created_at = Timestamp(4);
  EXPECT_FALSE(is_linked(bad, Revision(1), {}));
}

TEST(Chain, SubmissionsDifferByBaseSeqAndOperation) {
  const Sha256 one = submission_hash(Revision(1), ClientSeq(2), "[]");
  EXPECT_EQ(one, submission_hash(Revision(1), ClientSeq(2), "[]"));
  EXPECT_NE(one, submission_hash(Revision(2), ClientSeq(2), "[]"));
  EXPECT_NE(one, submission_hash(Revision(1), ClientSeq(1), "[]"));
  EXPECT_NE(one, submission_hash(Revision(1), ClientSeq(2), "[1]"));
}

}  // namespace
}  // namespace cloudsync::document
