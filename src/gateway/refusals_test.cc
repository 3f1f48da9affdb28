#include "gateway/refusals.h"

#include "base/log.h"
#include "gateway/fake_loop.h"
#include "gateway/testing.h"

#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t lines_of(const std::string& log) {
  return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
}

class RefusalsTest : public testing::Test {
 protected:
  ~RefusalsTest() override { set_log_level(LogLevel::kWarning); }

  /// What `act` logs.
  template <class Act>
  static std::string logged(Act act) {
    set_log_level(LogLevel::kInfo);
    testing::internal::CaptureStderr();
    act();
    return testing::internal::GetCapturedStderr();
  }

  std::uint64_t count(const std::string& event, const std::string& reason) {
    return metrics
        .counter("cloudsync_refusals_total", "", "event=\"" + event + "\",reason=\"" + reason + '"')
        .value();
  }

  FakeNetwork network;
  FakeLoop loop{network};
  Metrics metrics;
  Refusals refusals{loop, metrics};
};

TEST_F(RefusalsTest, AreALineAndACountEach) {
  const std::string log = logged([&] {
    refusals.note({"request_refused", "session_unknown", "192.0.2.7", "why"});
  });
  EXPECT_THAT(log,
              HasSubstr(R"("event":"request_refused","reason":"session_unknown",)"
                        R"("peer":"192.0.2.7","detail":"why"})"));
  EXPECT_EQ(count("request_refused", "session_unknown"), 1);
}

TEST_F(RefusalsTest, OfAFloodAreCountedAllAndLoggedTenTimesASecond) {
  const std::string log = logged([&] {
    for (int i = 0; i < 10'000; ++i) {
      refusals.note({"request_refused", "session_unknown", "192.0.2.7"});
    }
    refusals.note({"request_refused", "forbidden", "192.0.2.8"});
  });
  EXPECT_EQ(lines_of(log), 11) << "another kind is not silenced by the flood";
  EXPECT_EQ(count("request_refused", "session_unknown"), 10'000);
  EXPECT_EQ(logged([&] { refusals.report(); }), "");
  network.clock.advance(std::chrono::seconds(1));
  EXPECT_THAT(logged([&] { refusals.report(); }),
              AllOf(HasSubstr(R"("reason":"session_unknown","unlogged":9990})"),
                    Not(HasSubstr("forbidden"))));
  EXPECT_EQ(logged([&] { refusals.report(); }), "") << "once";
}

TEST_F(RefusalsTest, CantForgeALineAndAreCut) {
  const std::string log = logged([&] {
    refusals.note({"connect_refused", "application", "", "a\r\n{\"event\":\"x\"}\x1b[31m"});
    refusals.note({"connect_refused", "application", "", std::string(100'000, 'x')});
  });
  EXPECT_EQ(lines_of(log), 2);
  EXPECT_THAT(log, AllOf(HasSubstr(R"(a\r\n{\"event\":\"x\"}\u001b[31m)"), Not(HasSubstr("\x1b"))));
  EXPECT_LT(log.size(), 1'000);
}

}  // namespace
}  // namespace cloudsync::gateway
