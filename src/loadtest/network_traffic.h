#pragma once
// What this machine, or network namespace, has sent since it started: the kernel's own counters,
// which see a server and its clients alike if both are here. In a namespace of its own nothing else
// is in them (bench/batching.sh).

#include <cstdint>
#include <optional>
#include <string_view>

namespace cloudsync::loadtest {

struct NetworkTraffic {
  std::uint64_t segments = 0;  ///< of TCP, pure acknowledgements included
  std::uint64_t octets = 0;    ///< of IP packets, headers included
};

/// From /proc/net/snmp and /proc/net/netstat; nothing where these are not as Linux writes them.
std::optional<NetworkTraffic> read_network_traffic();
std::optional<NetworkTraffic> parse_network_traffic(std::string_view snmp,
                                                    std::string_view netstat);

}  // namespace cloudsync::loadtest
