#include "gateway/token_bucket.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace cloudsync::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1'000)};

bool try_take(TokenBucket& bucket, TimePoint now, const Rate& rate) {
  if (bucket.wait(now, rate) > Duration::zero()) {
    return false;
  }
  bucket.take(now, rate);
  return true;
}

int take_all(TokenBucket& bucket, TimePoint now, const Rate& rate) {
  int taken = 0;
  while (taken < 1'000'000 && try_take(bucket, now, rate)) {
    ++taken;
  }
  return taken;
}

TEST(TokenBucket, AllowsItsBurstAtOnceAndNoMore) {
  TokenBucket bucket;
  EXPECT_EQ(take_all(bucket, kStart, Rate::per_second(5, seconds(10))), 50);
}

TEST(TokenBucket, GivesTheRateFromThenOn) {
  const Rate rate = Rate::per_second(5, seconds(10));
  TokenBucket bucket;
  take_all(bucket, kStart, rate);
  EXPECT_EQ(bucket.wait(kStart, rate), milliseconds(200));
  EXPECT_EQ(take_all(bucket, kStart + milliseconds(200) - nanoseconds(1), rate), 0);
  EXPECT_EQ(take_all(bucket, kStart + milliseconds(200), rate), 1);
  EXPECT_EQ(take_all(bucket, kStart + seconds(3), rate), 14);
}

TEST(TokenBucket, SavesNoMoreThanItsBurst) {
  const Rate rate = Rate::per_second(5, seconds(10));
  TokenBucket bucket;
  take_all(bucket, kStart, rate);
  EXPECT_FALSE(bucket.full(kStart + seconds(10) - nanoseconds(1)));
  EXPECT_TRUE(bucket.full(kStart + seconds(10)));
  EXPECT_EQ(take_all(bucket, kStart + seconds(1'000), rate), 50);
}

TEST(TokenBucket, HoldsOneHoweverShortTheBurst) {
  const Rate rate = Rate::per_second(5, milliseconds(1));
  TokenBucket bucket;
  EXPECT_EQ(take_all(bucket, kStart, rate), 1);
  EXPECT_EQ(take_all(bucket, kStart + milliseconds(200), rate), 1);
}

TEST(TokenBucket, IsNotEmptiedByWhatItRefuses) {
  const Rate rate = Rate::per_second(5, milliseconds(1));
  TokenBucket bucket;
  take_all(bucket, kStart, rate);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(try_take(bucket, kStart + milliseconds(100), rate));
  }
  EXPECT_TRUE(try_take(bucket, kStart + milliseconds(200), rate));
}

TEST(TokenBucket, WithoutARateAllowsAnyNumber) {
  TokenBucket bucket;
  EXPECT_EQ(take_all(bucket, kStart, Rate::per_second(0, seconds(10))), 1'000'000);
  EXPECT_EQ(take_all(bucket, kStart, Rate::per_second(5, seconds(10), 0)), 1'000'000);
  EXPECT_TRUE(bucket.full(kStart));
}

TEST(TokenBucket, RatesMultiplyAndSaturate) {
  EXPECT_EQ(Rate::per_second(5, seconds(1), 4).interval, milliseconds(50));
  EXPECT_EQ(Rate::per_second(SIZE_MAX, seconds(1), SIZE_MAX).interval, nanoseconds(1));
}

TEST(TokenBucket, HintsAreWholeMillisecondsRoundedUp) {
  EXPECT_EQ(retry_hint_ms(nanoseconds(1)), 1U);
  EXPECT_EQ(retry_hint_ms(milliseconds(7)), 7U);
  EXPECT_EQ(retry_hint_ms(std::chrono::hours(24 * 365)), UINT32_MAX);
}

// The promise itself, at random times: in no span of time more than the burst and what its rate
// gives; and nothing is refused that would have kept the promise.
TEST(TokenBucket, KeepsItsPromiseInEverySpanOfTime) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const Rate rate{.interval = nanoseconds(1 + random() % 50),
                    .burst = nanoseconds(random() % 300)};
    TokenBucket bucket;
    std::deque<TimePoint> taken;
    TimePoint now = kStart;
    const auto keeps = [&](std::size_t first, TimePoint last) {
      const auto count = static_cast<std::int64_t>(taken.size() - first) + 1;
      const Duration window = std::max(rate.burst, rate.interval) + (last - taken[first]);
      return count * rate.interval <= window;
    };
    for (int i = 0; i < 300; ++i) {
      now += nanoseconds(random() % (2 * static_cast<unsigned>(rate.interval.count())));
      bool allowed = true;
      for (std::size_t first = 0; first < taken.size(); ++first) {
        allowed = allowed && keeps(first, now);
      }
      ASSERT_EQ(try_take(bucket, now, rate), allowed) << "seed " << seed << " event " << i;
      if (allowed) {
        taken.push_back(now);
      }
    }
  }
}

}  // namespace
}  // namespace cloudsync::gateway
