#include "runtime/timer_queue.h"

#include <gtest/gtest.h>

namespace cloudsync::runtime {
namespace {

TimePoint at(int ms) {
  return TimePoint(std::chrono::milliseconds(ms));
}

TEST(TimerQueue, RunsByDeadlineThenByOrderOfAdding) {
  TimerQueue timers;
  std::string order;
  timers.add(at(20), [&] { order += 'c'; });
  timers.add(at(10), [&] { order += 'a'; });
  timers.add(at(10), [&] { order += 'b'; });
  timers.add(at(30), [&] { order += 'd'; });
  timers.run_due(at(20));
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(timers.next_deadline(), at(30));
}

TEST(TimerQueue, CancelledTimerNeitherRunsNorHoldsTheDeadline) {
  TimerQueue timers;
  bool ran = false;
  const TimerId timer = timers.add(at(10), [&] { ran = true; });
  timers.add(at(20), [] {});
  EXPECT_TRUE(timers.cancel(timer));
  EXPECT_FALSE(timers.cancel(timer));
  EXPECT_EQ(timers.next_deadline(), at(20));
  timers.run_due(at(15));
  EXPECT_FALSE(ran);
}

TEST(TimerQueue, TimerAddedByATimerWaitsForTheNextCall) {
  TimerQueue timers;
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    timers.add(at(5), again);
  };
  timers.add(at(5), again);
  timers.run_due(at(10));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(timers.next_deadline(), at(5));
  timers.run_due(at(10));
  EXPECT_EQ(runs, 2);
}

TEST(TimerQueue, TimerMayCancelAnotherThatIsDue) {
  TimerQueue timers;
  bool ran = false;
  TimerId second;
  timers.add(at(1), [&] { EXPECT_TRUE(timers.cancel(second)); });
  second = timers.add(at(2), [&] { ran = true; });
  timers.run_due(at(3));
  EXPECT_FALSE(ran);
}

TEST(TimerQueue, FollowsTheModelOfASortedList) {
  TimerQueue timers;
  std::vector<std::pair<int, int>> expected;  // deadline, name
  std::vector<int> ran;
  for (int i = 0; i < 1'000; ++i) {
    const int deadline = (i * 7'919) % 101;
    const TimerId timer = timers.add(at(deadline), [&ran, i] { ran.push_back(i); });
    if (i % 3 == 0) {
      timers.cancel(timer);
    } else {
      expected.emplace_back(deadline, i);
    }
  }
  std::stable_sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  timers.run_due(at(200));
  ASSERT_EQ(ran.size(), expected.size());
  for (std::size_t i = 0; i < ran.size(); ++i) {
    EXPECT_EQ(ran[i], expected[i].second);
  }
  EXPECT_EQ(timers.size(), 0U);
}

}  // namespace
}  // namespace cloudsync::runtime
