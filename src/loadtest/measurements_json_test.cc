#include "loadtest/measurements_json.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

TimePoint at_ms(int ms) {
  return TimePoint(std::chrono::milliseconds(ms));
}

/// As it goes over a channel.
JsonObject sent(const JsonObject& json) {
  return parse_json(to_json(json)).value().as_object();
}

TEST(MeasurementsJson, AddsUpWhatWorkersMeasured) {
  Measurements one;
  one.edits = 3;
  one.joined = 5;
  one.slow_disconnects = 1;
  one.count_error("overloaded");
  one.delivery.record(at_ms(0), at_ms(7));
  one.slow_delivery.record(at_ms(0), at_ms(9));
  Measurements two;
  two.edits = 4;
  two.count_error("overloaded");
  two.count_error("reset");
  two.delivery.record(at_ms(0), at_ms(70));
  Measurements all;
  merge_measurements(all, sent(measurements_json(one)));
  merge_measurements(all, sent(measurements_json(two)));
  EXPECT_EQ(all.edits, 7U);
  EXPECT_EQ(all.joined, 5U);
  EXPECT_EQ(all.slow_disconnects, 1U);
  EXPECT_EQ(all.errors.at("overloaded"), 2U);
  EXPECT_EQ(all.errors.at("reset"), 1U);
  EXPECT_EQ(all.delivery.total.count(), 2U);
  EXPECT_EQ(all.delivery.total.max(), std::chrono::milliseconds(70));
  EXPECT_EQ(all.slow_delivery.total.max(), std::chrono::milliseconds(9));
}

TEST(MeasurementsJson, OfOutcomesCountsAddUpAndTheLongestTimeCounts) {
  Outcome one;
  one.connected = 10;
  one.failed = 1;
  one.connecting = std::chrono::milliseconds(1'500);
  Outcome two;
  two.connected = 20;
  two.diverged_documents = 2;
  two.connecting = std::chrono::milliseconds(500);
  Outcome all;
  merge_outcome(all, sent(outcome_json(one)));
  merge_outcome(all, sent(outcome_json(two)));
  EXPECT_EQ(all.connected, 30U);
  EXPECT_EQ(all.failed, 1U);
  EXPECT_EQ(all.diverged_documents, 2U);
  EXPECT_EQ(all.connecting.count(), 1.5);
  EXPECT_FALSE(all.ok());
}

TEST(MeasurementsJson, SecondsSurviveTheChannelAndAddUp) {
  Measurements measured;
  measured.joined = 4;
  measured.ack.record(at_ms(0), at_ms(3));
  Second all;
  const Second second = read_second(sent(second_json(take_second(measured))));
  merge_second(all, second);
  merge_second(all, second);
  EXPECT_EQ(all.joined, 8U);
  EXPECT_EQ(all.ack.count(), 2U);
  all.start_next();
  EXPECT_EQ(all.ack.count(), 0U);
  EXPECT_EQ(all.joined, 8U);
}

TEST(MeasurementsJson, MissingAndOddMembersCountAsNothing) {
  Measurements all;
  merge_measurements(
      all, parse_json(R"({"edits":"x","delivery":{"steps":[1,[2],["a",1]]}})").value().as_object());
  EXPECT_EQ(all.edits, 0U);
  EXPECT_EQ(all.delivery.total.count(), 0U);
}

}  // namespace
}  // namespace cloudsync::loadtest
