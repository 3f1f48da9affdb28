#include "loadtest/network_traffic.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

constexpr std::string_view kSnmp =
    "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
    "Tcp: RtoAlgorithm MaxConn InSegs OutSegs RetransSegs\nTcp: 1 -1 20 31 4\n";
constexpr std::string_view kNetstat =
    "TcpExt: SyncookiesSent OutOctets\nTcpExt: 0 5\nIpExt: InOctets OutOctets\nIpExt: 6 7000\n";

TEST(NetworkTraffic, IsReadByName) {
  const auto traffic = parse_network_traffic(kSnmp, kNetstat);
  ASSERT_TRUE(traffic);
  EXPECT_EQ(traffic->segments, 31U);
  EXPECT_EQ(traffic->octets, 7'000U);
}

TEST(NetworkTraffic, IsUnknownWhereACounterIsMissing) {
  EXPECT_FALSE(parse_network_traffic("", kNetstat));
  EXPECT_FALSE(parse_network_traffic(kSnmp, kSnmp));
  EXPECT_FALSE(parse_network_traffic("Tcp: OutSegs\nTcp: many\n", kNetstat));
}

TEST(NetworkTraffic, IsThereOnThisMachine) {
  const auto before = read_network_traffic();
  ASSERT_TRUE(before);
  EXPECT_LE(before->segments, read_network_traffic()->segments);
}

}  // namespace
}  // namespace cloudsync::loadtest
