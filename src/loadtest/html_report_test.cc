#include "loadtest/html_report.h"

#include "loadtest/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using testing::HasSubstr;
using testing::Not;

TimePoint at_ms(int ms) {
  return TimePoint(std::chrono::milliseconds(ms));
}

JsonObject sample() {
  Options options;
  options.scenario = "<b>";
  options.objectives = {{"delivery-p95-ms", 2}, {"failed", 0}};
  RunRecord record;
  for (int i = 1; i < 100; ++i) {
    record.measurements.delivery.record(at_ms(0), at_ms(i));
  }
  record.timeline.add(1.0, take_second(record.measurements));
  record.timeline.add(2.0, Second{});
  return result_json(options, record);
}

TEST(HtmlReport, HasVerdictsPlotsAndFigures) {
  const std::string html = html_report(sample());
  EXPECT_THAT(html, HasSubstr("<td>delivery-p95-ms</td><td>at most 2"));
  EXPECT_THAT(html, HasSubstr("missed"));
  EXPECT_THAT(html, HasSubstr("<svg"));
  EXPECT_THAT(html, HasSubstr("Deliveries over time"));
  EXPECT_THAT(html, HasSubstr("<td>deliveries-per-second</td>"));
  EXPECT_THAT(html, HasSubstr("<td>kernel</td>"));
}

TEST(HtmlReport, NeedsNothingElseAndEscapes) {
  const std::string html = html_report(sample());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("http")));
  EXPECT_THAT(html, Not(HasSubstr("src=")));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;"));
}

TEST(HtmlReport, OfAnEmptyResultSaysThatNothingWasMeasured) {
  EXPECT_THAT(html_report(JsonObject()), HasSubstr("Nothing was measured"));
}

}  // namespace
}  // namespace cloudsync::loadtest
