#include "loadtest/target.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

TEST(Target, TakesHostAndPortFromTheUrl) {
  EXPECT_EQ(*parse_target("http://127.0.0.1:8080"),
            (Target{{"127.0.0.1", 8080}, "127.0.0.1:8080"}));
  EXPECT_EQ(*parse_target("ws://localhost:9/"), (Target{{"127.0.0.1", 9}, "localhost:9"}));
  EXPECT_EQ(*parse_target("http://[::1]:8080"), (Target{{"::1", 8080}, "[::1]:8080"}));
}

TEST(Target, DefaultsToPort80) {
  EXPECT_EQ(parse_target("http://127.0.0.1")->endpoint.port, 80);
  EXPECT_EQ(parse_target("http://[::1]")->endpoint.port, 80);
}

TEST(Target, RefusesWhatItCannotReach) {
  for (const char* url : {"",
                          "127.0.0.1:80",
                          "https://127.0.0.1",
                          "http://",
                          "http://example.org",
                          "http://127.0.0.1:80/path",
                          "http://127.0.0.1:x"}) {
    EXPECT_FALSE(parse_target(url).has_value()) << url;
  }
}

TEST(Target, TakesAList) {
  const auto targets = parse_targets("http://127.0.0.1:1,http://127.0.0.1:2");
  ASSERT_EQ(targets->size(), 2U);
  EXPECT_EQ(targets->at(1).endpoint.port, 2);
  EXPECT_FALSE(parse_targets("http://127.0.0.1:1,").has_value());
}

TEST(Target, SourceAddressesAreDifferentLoopbackAddresses) {
  EXPECT_EQ(source_address(0).address, "127.0.1.1");
  EXPECT_EQ(source_address(253).address, "127.0.1.254");
  EXPECT_EQ(source_address(254).address, "127.0.2.1");
  EXPECT_EQ(source_address(kSourceAddressesMax - 1).address, "127.0.250.254");
  EXPECT_TRUE(runtime::is_loopback(source_address(1'000).address));
}

}  // namespace
}  // namespace cloudsync::loadtest
