#include "loadtest/reconnect_backoff.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using namespace std::chrono_literals;

constexpr double kMost = 1.0;

TEST(ReconnectBackoff, DoublesUpToACapAndIsSlowAfterHalfAMinute) {
  ReconnectBackoff backoff;
  const TimePoint lost{};
  EXPECT_EQ(backoff.next(lost, kMost, 0ms), 100ms);
  EXPECT_EQ(backoff.next(lost, kMost, 0ms), 200ms);
  EXPECT_EQ(backoff.next(lost, kMost / 4, 0ms), 100ms);
  EXPECT_EQ(backoff.next(lost, kMost, 0ms), 800ms);
  EXPECT_EQ(backoff.next(lost + 29s, kMost, 0ms), 800ms);
  EXPECT_EQ(backoff.next(lost + 30s, kMost, 0ms), 5s);
}

TEST(ReconnectBackoff, BeginsAnewWhenItWasOfUse) {
  ReconnectBackoff backoff;
  const TimePoint lost{};
  for (int i = 0; i < 40; ++i) {
    EXPECT_LE(backoff.next(lost, kMost, 0ms), 800ms);
  }
  backoff.reset();
  EXPECT_EQ(backoff.next(lost + 1h, kMost, 0ms), 100ms);
}

TEST(ReconnectBackoff, PatienceGrowsWithWhatHadNoAnswer) {
  ReconnectBackoff backoff;
  EXPECT_EQ(backoff.patience(), 5s);
  backoff.note_timeout();
  EXPECT_EQ(backoff.patience(), 10s);
  for (int i = 0; i < 40; ++i) {
    backoff.note_timeout();
  }
  EXPECT_EQ(backoff.patience(), 20s);
  backoff.reset();
  EXPECT_EQ(backoff.patience(), 5s);
}

TEST(ReconnectBackoff, AFixedDelayIsTheLeast) {
  ReconnectBackoff backoff;
  EXPECT_EQ(backoff.next({}, 0, 50ms), 50ms);
  EXPECT_EQ(backoff.next({}, kMost, 50ms), 150ms);
}

}  // namespace
}  // namespace cloudsync::loadtest
