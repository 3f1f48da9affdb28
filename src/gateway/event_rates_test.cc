#include "gateway/event_rates.h"

#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1'000)};

struct Caller {
  SessionId session;
  UserId user;
};

const Caller kAnn{{1}, UserId("ann")};
const Caller kBen{{2}, UserId("ben")};

/// 10 events a second, of them 2 edits; a second's worth at once; a user may twice as much.
EventRatesOptions small(std::size_t user_factor = 2) {
  return {.kinds = {{"", 10, "all"}, {"edit", 2, "edits"}},
          .burst = seconds(1),
          .user_factor = user_factor,
          .remembered = 10,
          .flood_time = seconds(10)};
}

class EventRatesTest : public testing::Test {
 protected:
  /// How many of so many events at once are taken.
  std::size_t take(const Caller& caller,
                   std::string_view event,
                   std::size_t times,
                   TimePoint now = kStart) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < times; ++i) {
      taken += rates.take(caller.session, caller.user, event, now) ? 0 : 1;
    }
    return taken;
  }

  /// Sends one, whose outcome does not matter. True if the caller floods.
  bool send(const Caller& caller, std::string_view event, TimePoint now) {
    const auto refusal = rates.take(caller.session, caller.user, event, now);
    return refusal && refusal->floods;
  }

  std::uint64_t limit(std::string_view name) { return metrics.limit(name).value(); }

  Metrics metrics;
  EventRates rates{small(), metrics};
};

TEST_F(EventRatesTest, LimitsAKindAndAllTogether) {
  EXPECT_EQ(take(kAnn, "edit", 5), 2U);
  EXPECT_EQ(limit("edits"), 3U);
  EXPECT_EQ(take(kAnn, "other", 10), 8U);  // the two edits are of the ten, refused ones are not
  EXPECT_EQ(limit("all"), 2U);
  EXPECT_EQ(take(kAnn, "edit", 5, kStart + milliseconds(500)), 1U);
  EXPECT_EQ(take(kAnn, "other", 10, kStart + milliseconds(500)), 4U);
}

TEST_F(EventRatesTest, TellsWhenToComeBack) {
  take(kAnn, "edit", 2);
  const auto refusal = rates.take(kAnn.session, kAnn.user, "edit", kStart);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->error.code, ErrorCode::kRateLimited);
  EXPECT_EQ(refusal->error.retry_after_ms, 1'000U);
  EXPECT_EQ(take(kAnn, "edit", 1, kStart + milliseconds(1'000)), 1U);
}

TEST_F(EventRatesTest, LeavesOtherCallersAlone) {
  take(kAnn, "edit", 100);
  EXPECT_EQ(take(kBen, "edit", 2), 2U);
}

TEST_F(EventRatesTest, LimitsAUserOverAllConnections) {
  const Caller second{{11}, kAnn.user};
  const Caller third{{12}, kAnn.user};
  EXPECT_EQ(take(kAnn, "edit", 2) + take(second, "edit", 2), 4U);
  EXPECT_EQ(take(third, "edit", 2), 0U);
  EXPECT_EQ(limit("user_rate_factor"), 2U);
  EXPECT_EQ(limit("edits"), 0U);
}

TEST_F(EventRatesTest, ConnectingAgainWinsNothingOfTheUsers) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(take({{20 + i}, kAnn.user}, "edit", 2), i < 2 ? 2U : 0U);
  }
}

TEST_F(EventRatesTest, AFactorOfZeroLimitsConnectionsOnly) {
  EventRates free(small(0), metrics);
  for (std::uint64_t i = 0; i < 5; ++i) {
    EXPECT_FALSE(free.take({20 + i}, kAnn.user, "edit", kStart));
  }
}

TEST_F(EventRatesTest, RemembersWhoIsBusyHoweverManyCome) {
  EXPECT_EQ(take(kAnn, "edit", 2), 2U);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    EXPECT_EQ(take({{100 + i}, UserId("user " + std::to_string(i))}, "edit", 1), 1U);
    ASSERT_EQ(take(kAnn, "edit", 1), 0U) << i;
  }
}

TEST_F(EventRatesTest, FloodsWhoIsRefusedMoreThanTakenForTheTime) {
  for (int tick = 0; tick < 1'000; ++tick) {  // 100 a second for 10 s
    ASSERT_FALSE(send(kAnn, "other", kStart + tick * milliseconds(10))) << tick;
  }
  bool floods = false;
  for (int tick = 1'000; tick < 1'200; ++tick) {
    floods = send(kAnn, "other", kStart + tick * milliseconds(10)) || floods;
  }
  EXPECT_TRUE(floods);
}

TEST_F(EventRatesTest, FloodsWhoIsRefusedForItsUserAlone) {
  const Caller other{{11}, kAnn.user};
  bool floods = false;
  for (int second = 0; second < 13; ++second) {
    for (int tick = 0; tick < 30; ++tick) {  // what the user may is the other's
      const TimePoint now = kStart + seconds(second) + tick * milliseconds(30);
      take(other, "other", 1, now);
      take({{20 + static_cast<std::uint64_t>(second)}, kAnn.user}, "other", 1, now);
    }
    for (int i = 0; i < 3; ++i) {
      floods = send(kAnn, "edit", kStart + seconds(second) + milliseconds(900)) || floods;
    }
  }
  EXPECT_TRUE(floods);
}

TEST_F(EventRatesTest, NoFloodIsWhoIsMostlyWithinTheRate) {
  for (int tick = 0; tick < 1'800; ++tick) {  // 18 a second for 100 s, with 10 allowed
    ASSERT_FALSE(send(kAnn, "other", kStart + tick * seconds(100) / 1'800)) << tick;
  }
  EXPECT_GT(limit("all"), 700U);
}

TEST_F(EventRatesTest, NoFloodIsWhoPausesWhenTold) {
  for (int second = 0; second < 100; second += 2) {
    for (int i = 0; i < 100; ++i) {
      ASSERT_FALSE(send(kAnn, "other", kStart + seconds(second))) << second;
    }
  }
}

}  // namespace
}  // namespace cloudsync::gateway
