#include "loadtest/latency_histogram.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using Micros = std::chrono::microseconds;

TEST(LatencyHistogram, IsExactBelow128Microseconds) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 100; ++i) {
    histogram.record(Micros(i));
  }
  EXPECT_EQ(histogram.quantile(0.5), Micros(50));
  EXPECT_EQ(histogram.quantile(0.95), Micros(95));
  EXPECT_EQ(histogram.quantile(1.0), Micros(100));
  EXPECT_EQ(histogram.quantile(0.0), Micros(1));
}

TEST(LatencyHistogram, IsWithinTwoPercentAbove) {
  for (std::int64_t value = 1; value < (std::int64_t{1} << 39); value = value * 5 / 3 + 1) {
    LatencyHistogram histogram;
    histogram.record(Micros(value));
    histogram.record(Micros(std::int64_t{1} << 39));
    const auto answer = static_cast<double>(histogram.quantile(0.5).count());
    EXPECT_GE(answer, static_cast<double>(value));
    EXPECT_LE(answer, static_cast<double>(value) * 1.016);
  }
}

TEST(LatencyHistogram, ClampsWhatItCannotHold) {
  LatencyHistogram histogram;
  histogram.record(Micros(-5));
  EXPECT_EQ(histogram.quantile(1.0), Micros(0));
  histogram.record(Micros(std::int64_t{1} << 50));
  EXPECT_EQ(histogram.max(), Micros((std::int64_t{1} << 40) - 1));
  EXPECT_EQ(histogram.quantile(1.0), histogram.max());
  EXPECT_EQ(histogram.count(), 2U);
}

TEST(LatencyHistogram, CountsWeights) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), Micros(0));
  histogram.record(Micros(10), 99);
  histogram.record(Micros(100), 1);
  EXPECT_EQ(histogram.quantile(0.99), Micros(10));
  EXPECT_EQ(histogram.quantile(0.995), Micros(100));
  histogram.reset();
  EXPECT_EQ(histogram.count(), 0U);
}

TEST(LatencyHistogram, MergesWithoutLoss) {
  LatencyHistogram one;
  LatencyHistogram two;
  LatencyHistogram both;
  for (std::int64_t i = 0; i < 2'000; ++i) {
    const Micros latency(i * i);
    (i % 3 == 0 ? one : two).record(latency);
    both.record(latency);
  }
  one.merge(LatencyHistogram::from_steps(two.steps(), two.max()));
  EXPECT_EQ(one.steps(), both.steps());
  EXPECT_EQ(one.max(), both.max());
  EXPECT_EQ(one.count(), 2'000U);
  for (const double quantile : {0.0, 0.5, 0.95, 0.99, 0.999, 1.0}) {
    EXPECT_EQ(one.quantile(quantile), both.quantile(quantile));
  }
}

}  // namespace
}  // namespace cloudsync::loadtest
