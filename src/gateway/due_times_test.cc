#include "gateway/due_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DueTimesTest : public ::testing::Test {
 protected:
  std::vector<std::uint32_t> seen_at(int second, TimePoint next = kNever) {
    std::vector<std::uint32_t> seen;
    due.sweep(start + seconds(second), 100, [&](std::uint32_t slot) {
      seen.push_back(slot);
      return next;
    });
    return seen;
  }

  const TimePoint start{};
  DueTimes due;
};

TEST_F(DueTimesTest, LooksOnceAtWhatIsDueSoon) {
  due.soon(1);
  due.soon(3);
  EXPECT_THAT(seen_at(0), ElementsAre(1, 3));
  EXPECT_THAT(seen_at(1), IsEmpty());
}

TEST_F(DueTimesTest, LooksAgainWhenItWasTold) {
  due.soon(0);
  EXPECT_THAT(seen_at(0, start + seconds(25)), ElementsAre(0));
  EXPECT_THAT(seen_at(24), IsEmpty());
  EXPECT_THAT(seen_at(25), ElementsAre(0));
}

TEST_F(DueTimesTest, SoonComesBeforeWhatWasTold) {
  due.soon(0);
  seen_at(0, start + seconds(25));
  due.soon(0);
  EXPECT_THAT(seen_at(1), ElementsAre(0));
}

TEST_F(DueTimesTest, ATimeReplacesWhatWasToldBefore) {
  due.soon(0);
  due.at(0, start + seconds(5));
  EXPECT_THAT(seen_at(4), IsEmpty());
  EXPECT_THAT(seen_at(5, start + seconds(25)), ElementsAre(0));
  due.at(0, start + seconds(30));
  EXPECT_THAT(seen_at(29), IsEmpty());
  EXPECT_THAT(seen_at(30), ElementsAre(0));
}

TEST_F(DueTimesTest, WhatALookMakesDueIsNotForgotten) {
  due.soon(0);
  due.sweep(start, 100, [&](std::uint32_t slot) {
    due.soon(slot);
    due.soon(9);  // the array grows under the sweep
    return start + seconds(25);
  });
  EXPECT_THAT(seen_at(1), ElementsAre(0, 9));
}

TEST_F(DueTimesTest, GoesOnWhereALimitedSweepStopped) {
  for (const std::uint32_t slot : {0U, 1U, 3U, 4U}) {
    due.soon(slot);
  }
  std::vector<std::uint32_t> seen;
  const auto sweep = [&] {
    return due.sweep(start, 2, [&](std::uint32_t slot) {
      seen.push_back(slot);
      return start + seconds(25);
    });
  };
  EXPECT_FALSE(sweep());
  EXPECT_THAT(seen, ElementsAre(0, 1));
  due.soon(0);  // the next sweep's: this one is behind it
  due.soon(5);
  EXPECT_FALSE(sweep());
  EXPECT_THAT(seen, ElementsAre(0, 1, 3, 4));
  EXPECT_TRUE(sweep());
  EXPECT_THAT(seen, ElementsAre(0, 1, 3, 4, 5));
  EXPECT_THAT(seen_at(1, start + seconds(30)), ElementsAre(0));
  EXPECT_EQ(due.earliest(), start + seconds(25));
  EXPECT_THAT(seen_at(24), IsEmpty());
  EXPECT_THAT(seen_at(25), ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(due.earliest(), start + seconds(30));
}

}  // namespace
}  // namespace cloudsync::gateway
