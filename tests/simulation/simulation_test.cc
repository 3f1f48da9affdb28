// Many seeds of the simulation, and proof that its checker can fail. CS_SEED=n replays one seed,
// CS_SEEDS=n runs that many, from CS_SEED on or from 1. tests/simulation/regressions has plans that
// failed once.

#include "simulation.h"

#include "base/log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

namespace cloudsync::simulation {
namespace {

class SimulationTest : public testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::kOff); }
};

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::stoull(value);
}

std::string lines(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) {
    text += "\n  " + problem;
  }
  return text;
}

/// The first seed, from 1, whose run the checker objects to; 0 if none up to `seeds`.
std::uint64_t first_caught(Bug bug, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    if (!simulate(Plan::draw(seed, bug)).problems.empty()) {
      return seed;
    }
  }
  return 0;
}

TEST_F(SimulationTest, EverySeedKeepsTheInvariants) {
  const std::uint64_t first = setting("CS_SEED", 1);
  const std::uint64_t seeds = setting("CS_SEEDS", std::getenv("CS_SEED") == nullptr ? 100 : 1);
  Outcome total;
  std::map<ot::Type, std::uint64_t> operations_of;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Plan plan = Plan::draw(seed);
    const Outcome outcome = simulate(plan);
    ASSERT_TRUE(outcome.problems.empty())
        << "replay with CS_SEED=" << seed << lines(outcome.problems);
    total.operations += outcome.operations;
    operations_of[plan.type] += outcome.operations;
    total.crashes += outcome.crashes;
    total.conflicts += outcome.conflicts;
    total.unknowns += outcome.unknowns;
    total.connections += outcome.connections;
    total.upgrades += outcome.upgrades;
  }
  std::cout << total.operations << " operations, " << total.crashes << " crashes, "
            << total.conflicts << " conflicts, " << total.unknowns << " unknown outcomes, "
            << total.connections << " connections, " << total.upgrades << " upgrades\n";
  if (seeds >= 100) {
    // A simulation in which nothing happens would pass as well.
    EXPECT_GT(total.operations, seeds * 50);
    for (const auto type : {ot::Type::kText, ot::Type::kRichText, ot::Type::kJson}) {
      EXPECT_GT(operations_of[type], seeds * 10) << ot::type_name(type);
    }
    EXPECT_GT(total.connections, seeds * 8);
    EXPECT_GT(total.upgrades, seeds);
    EXPECT_GT(total.crashes, seeds);
    EXPECT_GT(total.unknowns, seeds);
    EXPECT_GT(total.conflicts, seeds);
  }
}

TEST_F(SimulationTest, APlanGivesTheSameRunTwice) {
  const auto history = [](const Plan& plan) { return simulate(plan, true).history.size(); };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Plan plan = Plan::draw(seed);
    const Outcome first = simulate(plan);
    const Outcome second = simulate(Plan::parse(plan.text()).value());
    EXPECT_EQ(first.steps, second.steps);
    EXPECT_EQ(first.operations, second.operations);
    EXPECT_EQ(history(plan), history(plan));
  }
}

TEST_F(SimulationTest, PlansThatFailedOncePass) {
  std::size_t plans = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CLOUDSYNC_REGRESSIONS)) {
    if (entry.path().extension() != ".plan") {
      continue;
    }
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const auto plan = Plan::parse(text.str());
    ASSERT_TRUE(plan) << entry.path() << ": " << plan.error().message;
    EXPECT_TRUE(simulate(*plan).problems.empty()) << entry.path();
    ++plans;
  }
  EXPECT_GT(plans, 0U);
}

TEST_F(SimulationTest, CatchesABlindRetryOfTheStore) {
  EXPECT_NE(first_caught(Bug::kBlindRetry, 200), 0U);
}

TEST_F(SimulationTest, CatchesAStoreThatForgetsClients) {
  EXPECT_NE(first_caught(Bug::kForgetClients, 200), 0U);
}

TEST_F(SimulationTest, CatchesAnAckBeforeTheCommit) {
  EXPECT_NE(first_caught(Bug::kAckBeforeCommit, 200), 0U);
}

TEST_F(SimulationTest, CatchesAResendOnAnotherBase) {
  EXPECT_NE(first_caught(Bug::kRebasedResend, 200), 0U);
}

TEST_F(SimulationTest, CatchesALossyMoveToWebSocket) {
  EXPECT_NE(first_caught(Bug::kLossyUpgrade, 200), 0U);
}

TEST_F(SimulationTest, CatchesAStoreThatDoesNotSync) {
  EXPECT_NE(first_caught(Bug::kSyncOff, 200), 0U);
  EXPECT_NE(first_caught(Bug::kSyncNormal, 200), 0U);
  EXPECT_NE(first_caught(Bug::kTornTail, 200), 0U);
}

}  // namespace
}  // namespace cloudsync::simulation
