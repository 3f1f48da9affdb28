#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, SameNameIsTheSameCounter) {
  Metrics metrics;
  metrics.counter("ops_total", "Operations.").add(2);
  metrics.counter("ops_total", "Operations.").add();
  EXPECT_EQ(metrics.counter("ops_total", "Operations.").value(), 3U);
}

TEST(Metrics, RendersPrometheusText) {
  Metrics metrics;
  metrics.limit("frame_bytes").add();
  metrics.gauge("connections", "Open connections.").set(-2);
  auto& seconds = metrics.histogram("ack_seconds", "Latency.", std::array{0.5, 1.0});
  seconds.observe(0.5);
  seconds.observe(0.75);
  seconds.observe(9);
  const std::string text = metrics.render();
  EXPECT_THAT(text, HasSubstr("cloudsync_limit_reached_total{limit=\"frame_bytes\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE connections gauge\nconnections -2\n"));
  EXPECT_THAT(text,
              HasSubstr("ack_seconds_bucket{le=\"0.5\"} 1\nack_seconds_bucket{le=\"1\"} 2\n"
                        "ack_seconds_bucket{le=\"+Inf\"} 3\nack_seconds_sum 10.25\n"));
}

}  // namespace
}  // namespace cloudsync
