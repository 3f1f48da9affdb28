#include "loadtest/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

JsonObject result(double p95, double rate, int connections = 10) {
  return {{"ok", true},
          {"config", {{"connections", connections}}},
          {"deliveries", {{"perSecond", rate}}},
          {"deliveryLatency", {{"count", 5}, {"p95Ms", p95}}}};
}

TEST(Comparison, SaysWhichIsBetterByTheFigure) {
  const std::string text = comparison_text(result(10, 100), result(20, 200));
  EXPECT_THAT(text, ContainsRegex("delivery-p95-ms +10.00 +20.00 +2.00 worse"));
  EXPECT_THAT(text, ContainsRegex("deliveries-per-second +100.00 +200.00 +2.00 better"));
  EXPECT_THAT(comparison_text(result(20, 1), result(10, 1)),
              ContainsRegex("delivery.*0.50 better"));
}

TEST(Comparison, LeavesSmallDifferencesAlone) {
  EXPECT_THAT(comparison_text(result(100, 100), result(105, 95)),
              Not(ContainsRegex("better|worse")));
}

TEST(Comparison, SaysWhatMakesItUnfair) {
  JsonObject failed = result(1, 1, 20);
  failed["ok"] = false;
  const std::string text = comparison_text(result(1, 1), failed);
  EXPECT_THAT(text, HasSubstr("not alike: config.connections 10 / 20"));
  EXPECT_THAT(text, HasSubstr("the second run failed"));
}

}  // namespace
}  // namespace cloudsync::loadtest
