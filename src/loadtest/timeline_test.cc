#include "loadtest/timeline.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

Second second_of(std::uint64_t rung, std::uint64_t deliveries) {
  Second second{.rung = rung, .joined = 0, .errors = {}, .connect = {}, .delivery = {}, .ack = {}};
  for (std::uint64_t i = 0; i < deliveries; ++i) {
    second.delivery.record(std::chrono::milliseconds(rung));
  }
  return second;
}

TEST(Ladder, CountsSecondsThatAreOfOneRungInAllProcesses) {
  Ladder ladder;
  for (const Second& second : {second_of(0, 9),
                               second_of(1, 9),
                               second_of(1, 9),
                               second_of(1, 2),
                               second_of(1, 3),
                               second_of(2, 9),
                               second_of(2, 9),
                               second_of(2, 4),
                               second_of(0, 9)}) {
    ladder.add(second);
  }
  ASSERT_EQ(ladder.rungs().size(), 2U);
  EXPECT_EQ(ladder.rungs()[0].seconds, 2U);
  EXPECT_EQ(ladder.rungs()[0].delivery.count(), 5U);
  EXPECT_EQ(ladder.rungs()[1].seconds, 1U);
  EXPECT_EQ(ladder.rungs()[1].delivery.count(), 4U);
}

TEST(Ladder, ASecondOfSeveralProcessesIsOfTheHighestRung) {
  Second all = second_of(0, 0);
  merge_second(all, second_of(2, 1));
  merge_second(all, second_of(1, 1));
  EXPECT_EQ(all.rung, 2U);
  all.start_next();
  EXPECT_EQ(all.rung, 0U);
}

}  // namespace
}  // namespace cloudsync::loadtest
