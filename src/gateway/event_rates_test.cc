#include "gateway/event_rates.h"

#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1'000)};

/// 10 events a second, of them 2 edits; a second's worth at once; a user may twice as much.
EventRatesOptions small(std::size_t user_factor = 2) {
  return {.kinds = {{"", 10, "all"}, {"edit", 2, "edits"}},
          .burst = seconds(1),
          .user_factor = user_factor,
          .users_remembered = 10,
          .flood_time = seconds(10)};
}

class EventRatesTest : public testing::Test {
 protected:
  std::size_t take(EventRates::Caller& caller,
                   std::string_view event,
                   std::size_t times,
                   TimePoint now = kStart) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < times; ++i) {
      taken += rates.take(caller, event, now) ? 0 : 1;
    }
    return taken;
  }

  std::uint64_t limit(std::string_view name) { return metrics.limit(name).value(); }

  Metrics metrics;
  EventRates rates{small(), metrics};
};

TEST_F(EventRatesTest, LimitsAKindAndAllTogether) {
  auto caller = rates.caller(UserId("ann"), kStart);
  EXPECT_EQ(take(caller, "edit", 5), 2U);
  EXPECT_EQ(limit("edits"), 3U);
  EXPECT_EQ(take(caller, "other", 10), 8U);  // the two edits are of the ten, refused ones are not
  EXPECT_EQ(limit("all"), 2U);
  EXPECT_EQ(take(caller, "edit", 5, kStart + milliseconds(500)), 1U);
  EXPECT_EQ(take(caller, "other", 10, kStart + milliseconds(500)), 4U);
}

TEST_F(EventRatesTest, TellsWhenToComeBack) {
  auto caller = rates.caller(UserId("ann"), kStart);
  take(caller, "edit", 2);
  const auto refusal = rates.take(caller, "edit", kStart);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, ErrorCode::kRateLimited);
  EXPECT_EQ(refusal->retry_after_ms, 1'000U);
  EXPECT_EQ(take(caller, "edit", 1, kStart + milliseconds(1'000)), 1U);
}

TEST_F(EventRatesTest, LeavesOtherCallersAlone) {
  auto caller = rates.caller(UserId("ann"), kStart);
  auto other = rates.caller(UserId("ben"), kStart);
  take(caller, "edit", 100);
  EXPECT_EQ(take(other, "edit", 2), 2U);
}

TEST_F(EventRatesTest, LimitsAUserOverAllConnections) {
  auto first = rates.caller(UserId("ann"), kStart);
  auto second = rates.caller(UserId("ann"), kStart);
  auto third = rates.caller(UserId("ann"), kStart);
  EXPECT_EQ(take(first, "edit", 2) + take(second, "edit", 2), 4U);
  EXPECT_EQ(take(third, "edit", 2), 0U);
  EXPECT_EQ(limit("user_rate_factor"), 2U);
  EXPECT_EQ(limit("edits"), 0U);
}

TEST_F(EventRatesTest, ConnectingAgainWinsNothingOfTheUsers) {
  for (int i = 0; i < 5; ++i) {
    auto caller = rates.caller(UserId("ann"), kStart);
    EXPECT_EQ(take(caller, "edit", 2), i < 2 ? 2U : 0U);
  }
}

TEST_F(EventRatesTest, AFactorOfZeroLimitsConnectionsOnly) {
  EventRates free(small(0), metrics);
  for (int i = 0; i < 5; ++i) {
    auto caller = free.caller(UserId("ann"), kStart);
    EXPECT_FALSE(free.take(caller, "edit", kStart));
  }
}

TEST_F(EventRatesTest, FloodsWhoIsRefusedMoreThanTakenForTheTime) {
  auto caller = rates.caller(UserId("ann"), kStart);
  for (int tick = 0; tick < 1'000; ++tick) {  // 100 a second for 10 s
    rates.take(caller, "other", kStart + tick * milliseconds(10));
    ASSERT_FALSE(rates.floods(caller)) << tick;
  }
  for (int tick = 1'000; tick < 1'200; ++tick) {
    rates.take(caller, "other", kStart + tick * milliseconds(10));
  }
  EXPECT_TRUE(rates.floods(caller));
}

TEST_F(EventRatesTest, NoFloodIsWhoIsMostlyWithinTheRate) {
  auto caller = rates.caller(UserId("ann"), kStart);
  for (int tick = 0; tick < 1'800; ++tick) {  // 18 a second for 100 s, with 10 allowed
    rates.take(caller, "other", kStart + tick * seconds(100) / 1'800);
    ASSERT_FALSE(rates.floods(caller)) << tick;
  }
  EXPECT_GT(limit("all"), 700U);
}

TEST_F(EventRatesTest, NoFloodIsWhoPausesWhenTold) {
  auto caller = rates.caller(UserId("ann"), kStart);
  for (int second = 0; second < 100; second += 2) {
    take(caller, "other", 100, kStart + seconds(second));
    ASSERT_FALSE(rates.floods(caller)) << second;
  }
}

}  // namespace
}  // namespace cloudsync::gateway
