// Plans as text, and made small.

#include "plan.h"

#include "shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cloudsync::simulation {
namespace {

TEST(Plan, ItsTextGivesItAgain) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Plan plan = Plan::draw(seed);
    const auto again = Plan::parse(plan.text());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->events, plan.events);
    EXPECT_EQ(again->text(), plan.text());
  }
}

TEST(Plan, RefusesALineThatIsNone) {
  EXPECT_TRUE(Plan::parse("# a comment\n\nseed 3\nedit 100 0 1\n"));
  for (const char* line :
       {"seed", "seed x", "seed 1 2", "edit 100 0", "sneeze 1", "edit 1 2 3 4"}) {
    EXPECT_FALSE(Plan::parse(std::string(line) + "\n")) << line;
  }
}

TEST(Shrink, LeavesWhatIsNeeded) {
  const Plan plan = Plan::draw(5);
  const Event first = plan.events[plan.events.size() / 3];
  const Event second = plan.events[plan.events.size() - 2];
  const auto has = [](const Plan& candidate, const Event& event) {
    return std::count(candidate.events.begin(), candidate.events.end(), event) > 0;
  };
  const Plan small = shrink(plan, [&](const Plan& candidate) {
    return has(candidate, first) && has(candidate, second) && candidate.clients >= 2;
  });
  EXPECT_EQ(small.events, (std::vector<Event>{first, second}));
  EXPECT_EQ(small.clients, 2);
  EXPECT_EQ(small.nodes, 1);
  EXPECT_EQ(small.delay_ms_max, 0);
}

}  // namespace
}  // namespace cloudsync::simulation
