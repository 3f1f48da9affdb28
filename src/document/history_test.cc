#include "document/history.h"

#include <gtest/gtest.h>

namespace cloudsync::document {
namespace {

Committed op(std::uint64_t revision, std::size_t bytes) {
  Committed committed;
  committed.update.revision = Revision(revision);
  committed.update.op = std::string(bytes, 'x');
  committed.update.prev_hash[0] = static_cast<std::uint8_t>(revision - 1);
  committed.update.hash[0] = static_cast<std::uint8_t>(revision);
  return committed;
}

TEST(History, ForgetsTheOldestBeyondItsBounds) {
  History history({.ops = 2, .bytes = 100}, Revision(5), {});
  EXPECT_TRUE(history.reaches(Revision(5)));
  EXPECT_FALSE(history.reaches(Revision(4)));
  for (const std::uint64_t revision : {6U, 7U, 8U}) {
    history.push(op(revision, 1));
  }
  EXPECT_TRUE(history.reaches(Revision(6)));
  EXPECT_FALSE(history.reaches(Revision(5)));
  EXPECT_EQ(history.at(Revision(7)).update.revision, Revision(7));

  history.push(op(9, 200));  // the newest stays, whatever its size
  EXPECT_EQ(history.size(), 1U);
  EXPECT_TRUE(history.reaches(Revision(8)));
}

TEST(History, KnowsTheHashOfEveryRevisionItReaches) {
  History history({.ops = 2, .bytes = 100}, Revision(0), {});
  EXPECT_EQ(history.hash_at(Revision(0)), storage::ChainHash{});
  for (const std::uint64_t revision : {1U, 2U, 3U}) {
    history.push(op(revision, 1));
  }
  EXPECT_FALSE(history.hash_at(Revision(0)));
  EXPECT_EQ((*history.hash_at(Revision(1)))[0], 1);
  EXPECT_EQ((*history.hash_at(Revision(3)))[0], 3);
  EXPECT_FALSE(history.hash_at(Revision(4)));
}

}  // namespace
}  // namespace cloudsync::document
