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
    due.sweep(start + seconds(second), [&](std::uint32_t slot) {
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
  due.sweep(start, [&](std::uint32_t slot) {
    due.soon(slot);
    due.soon(9);  // the array grows under the sweep
    return start + seconds(25);
  });
  EXPECT_THAT(seen_at(1), ElementsAre(0, 9));
}

}  // namespace
}  // namespace cloudsync::gateway
