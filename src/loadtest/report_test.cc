#include "loadtest/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using testing::HasSubstr;

Outcome outcome_of(std::size_t failed) {
  Outcome outcome;
  outcome.connecting = std::chrono::seconds(2);
  outcome.writing = std::chrono::seconds(4);
  outcome.connected = 100;
  outcome.failed = failed;
  return outcome;
}

TimePoint at_ms(int ms) {
  return TimePoint(std::chrono::milliseconds(ms));
}

TEST(Report, JsonHasRatesQuantilesAndErrors) {
  Measurements measured;
  measured.delivery.record(at_ms(10), at_ms(15));
  measured.delivery.record(at_ms(10), at_ms(15));
  measured.count_error("overloaded");
  measured.count_error("overloaded");
  const JsonValue json = summary_json(Options{}, outcome_of(0), measured);
  EXPECT_TRUE(json.at("ok").as_bool());
  EXPECT_EQ(json.at("connections").at("perSecond").as_double(), 50.0);
  EXPECT_EQ(json.at("deliveries").at("perSecond").as_double(), 0.5);
  EXPECT_EQ(json.at("deliveryLatency").at("p99Ms").as_double(), 5.0);
  EXPECT_EQ(json.at("errors").at("overloaded").to_number<int>(), 2);
  EXPECT_EQ(json.at("config").at("type").as_string(), "text");
}

TEST(Report, FailureIsSaid) {
  EXPECT_THAT(summary_text(outcome_of(1), Measurements{}), HasSubstr("FAILED"));
  EXPECT_THAT(summary_text(outcome_of(0), Measurements{}), HasSubstr("result        ok"));
  Outcome diverged = outcome_of(0);
  diverged.diverged_documents = 1;
  EXPECT_FALSE(diverged.ok());
}

TEST(Report, ProgressStartsTheNextSecondAfresh) {
  Measurements measured;
  measured.delivery.record(at_ms(10), at_ms(15));
  EXPECT_THAT(progress_line(1.0, take_second(measured)), HasSubstr("p50 5.0"));
  EXPECT_EQ(measured.delivery.interval.count(), 0U);
  EXPECT_EQ(measured.delivery.total.count(), 1U);
}

TEST(Report, WhatWasDueInTheWarmUpIsNotMeasured) {
  Measurements measured;
  measured.edits = 7;
  measured.delivery.record(at_ms(10), at_ms(15));
  measured.start_measuring(at_ms(20));
  measured.delivery.record(at_ms(19), at_ms(500));
  measured.delivery.record(at_ms(20), at_ms(23));
  EXPECT_EQ(measured.delivery.total.count(), 1U);
  EXPECT_EQ(measured.delivery.total.max(), std::chrono::milliseconds(3));
  EXPECT_EQ(measured.delivery.interval.count(), 3U);
  EXPECT_EQ(measured.edits, 0U);
}

}  // namespace
}  // namespace cloudsync::loadtest
