#include "loadtest/objectives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using testing::HasSubstr;

const JsonObject kResult{{"connections", {{"failed", 0}, {"perSecond", 500.0}}},
                         {"deliveryLatency", {{"count", 10}, {"p95Ms", 12.5}}},
                         {"ackLatency", {{"count", 0}, {"p95Ms", 0.0}}}};

bool met(const std::string& metric, double bound) {
  return all_met(judge({{metric, bound}}, kResult));
}

TEST(Objectives, AreUpperBoundsOrLowerBoundsByWhatIsBetter) {
  EXPECT_TRUE(met("delivery-p95-ms", 12.5));
  EXPECT_FALSE(met("delivery-p95-ms", 12.4));
  EXPECT_TRUE(met("failed", 0));
  EXPECT_TRUE(met("connects-per-second", 500));
  EXPECT_FALSE(met("connects-per-second", 501));
}

TEST(Objectives, CountsOfEveryKindOfIntegerAreCounts) {
  JsonObject result;
  result["deliveryLatency"] = JsonObject{{"count", std::uint64_t{3}}, {"p95Ms", 4.0}};
  EXPECT_EQ(metric_in(result, "delivery-p95-ms"), 4.0);
  result = parse_json(to_json(result)).value().as_object();
  EXPECT_EQ(metric_in(result, "delivery-p95-ms"), 4.0);
}

TEST(Objectives, WhatWasNotMeasuredIsMissed) {
  EXPECT_FALSE(met("ack-p95-ms", 1'000));
  EXPECT_FALSE(met("settle-seconds", 1'000));
}

TEST(Objectives, OneThatIsMissedFailsAll) {
  const auto verdicts = judge({{"failed", 0}, {"delivery-p95-ms", 1}}, kResult);
  EXPECT_FALSE(all_met(verdicts));
  EXPECT_THAT(verdicts_text(verdicts), HasSubstr("delivery-p95-ms <= 1: 12.50, MISSED"));
  JsonObject result = kResult;
  add_verdicts(result, verdicts);
  EXPECT_TRUE(result.at("objectives").at(0).at("met").as_bool());
  EXPECT_FALSE(result.at("objectives").at(1).at("met").as_bool());
}

TEST(Objectives, NamesAreKnownOrNot) {
  EXPECT_EQ(more_is_better("joined"), true);
  EXPECT_EQ(more_is_better("delivery-p999-ms"), false);
  EXPECT_EQ(more_is_better("delivery-p12-ms"), std::nullopt);
}

}  // namespace
}  // namespace cloudsync::loadtest
