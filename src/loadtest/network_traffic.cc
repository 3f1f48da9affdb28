#include "loadtest/network_traffic.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace cloudsync::loadtest {
namespace {

/// The files have two lines for each protocol: "Tcp: name name …" and "Tcp: number number …".
std::optional<std::uint64_t> find_counter(std::string_view text,
                                          std::string_view protocol,
                                          std::string_view counter) {
  std::istringstream lines{std::string(text)};
  std::string names;
  std::string numbers;
  while (std::getline(lines, names) && std::getline(lines, numbers)) {
    std::istringstream name_words(names);
    std::istringstream number_words(numbers);
    std::string name;
    std::string number;
    name_words >> name;
    number_words >> number;
    if (name != protocol || number != protocol) {
      continue;
    }
    std::uint64_t value = 0;
    while (name_words >> name && number_words >> number) {
      if (name == counter) {
        std::istringstream digits(number);
        return digits >> value ? std::optional(value) : std::nullopt;
      }
    }
  }
  return std::nullopt;
}

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::optional<NetworkTraffic> read_network_traffic() {
  return parse_network_traffic(read_file("/proc/net/snmp"), read_file("/proc/net/netstat"));
}

std::optional<NetworkTraffic> parse_network_traffic(std::string_view snmp,
                                                    std::string_view netstat) {
  const auto segments = find_counter(snmp, "Tcp:", "OutSegs");
  const auto octets = find_counter(netstat, "IpExt:", "OutOctets");
  if (!segments || !octets) {
    return std::nullopt;
  }
  return NetworkTraffic{.segments = *segments, .octets = *octets};
}

}  // namespace cloudsync::loadtest
