#include "runtime/loop.h"

#include <gtest/gtest.h>

namespace cloudsync::runtime {
namespace {

TEST(Endpoint, ParsesBothFamilies) {
  EXPECT_EQ(*parse_endpoint("127.0.0.1:8080"), (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(*parse_endpoint("[::1]:0"), (Endpoint{"::1", 0}));
  EXPECT_EQ(*parse_endpoint("localhost:1"), (Endpoint{"127.0.0.1", 1}));
}

TEST(Endpoint, RefusesWhatIsNotNumeric) {
  for (const char* text : {"",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:65536",
                           "127.0.0.1:8x",
                           "::1:80",
                           "host:80",
                           ":80",
                           "[127.0.0.1:80",
                           "127.0.0:80"}) {
    EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
  }
}

TEST(Endpoint, PrintsWhatItParses) {
  EXPECT_EQ(to_string(Endpoint{"10.0.0.1", 80}), "10.0.0.1:80");
  EXPECT_EQ(to_string(Endpoint{"::1", 80}), "[::1]:80");
}

TEST(Endpoint, KnowsLoopback) {
  EXPECT_TRUE(is_loopback("127.8.9.1"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("::"));
  EXPECT_FALSE(is_loopback("128.0.0.1"));
}

}  // namespace
}  // namespace cloudsync::runtime
