#include "loadtest/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Plot, DrawsALineThroughThePoints) {
  const std::string svg = plot_svg({.title = "t", .series = {{"a", {{0, 0}, {5, 50}, {10, 100}}}}});
  // 860 wide and 300 high, with margins of 70, 20, 30 and 50.
  EXPECT_THAT(svg, HasSubstr(R"(points="70.0,250.0 455.0,140.0 840.0,30.0 ")"));
  EXPECT_THAT(svg, HasSubstr(">a</text>"));
}

TEST(Plot, LogarithmicDecadesAreAsHighAsEachOther) {
  const std::string svg =
      plot_svg({.title = "t", .series = {{"a", {{0, 1}, {1, 10}, {2, 100}}}}, .log_y = true});
  EXPECT_THAT(svg, HasSubstr(R"(points="70.0,250.0 455.0,140.0 840.0,30.0 ")"));
}

TEST(Plot, TakesOnePointZerosAndNone) {
  for (const bool log_y : {false, true}) {
    const std::string svg = plot_svg({.title = "t", .series = {{"a", {{3, 0}}}}, .log_y = log_y});
    EXPECT_THAT(svg, HasSubstr("<polyline"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
  EXPECT_THAT(plot_svg({.title = "t", .series = {{"a", {}}}}), HasSubstr("Nothing was measured"));
}

TEST(Plot, Escapes) {
  EXPECT_EQ(escape_html("<a b=\"c\">&"), "&lt;a b=&quot;c&quot;&gt;&amp;");
}

}  // namespace
}  // namespace cloudsync::loadtest
