#include "loadtest/system_needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace cloudsync::loadtest {
namespace {

using testing::HasSubstr;
using testing::Not;

Options load(std::size_t connections, std::size_t sources) {
  Options options;
  options.connections = connections;
  options.source_addresses = sources;
  return options;
}

Options in_one_process(Options options) {
  options.workers = 1;
  return options;
}

const Sysctls kStock{{"fs/file-max", {100'000}},
                     {"fs/nr_open", {1'048'576}},
                     {"net/ipv4/ip_local_port_range", {32'768, 60'999}},
                     {"net/core/somaxconn", {4'096}},
                     {"net/ipv4/tcp_mem", {10, 20, 100'000}}};

Need need_of(const std::string& name, const Options& options, const Sysctls& system = kStock) {
  const auto needs = find_needs(options, system, 20'000);
  const auto found =
      std::find_if(needs.begin(), needs.end(), [&](const Need& need) { return need.name == name; });
  return found != needs.end() ? *found : Need{};
}

TEST(SystemNeeds, PortsAreForEachSourceAddress) {
  const std::string name = "net/ipv4/ip_local_port_range";
  EXPECT_TRUE(need_of(name, load(28'232, 0)).met());
  EXPECT_FALSE(need_of(name, load(28'233, 0)).met());
  EXPECT_TRUE(need_of(name, in_one_process(load(56'464, 2))).met());
  EXPECT_FALSE(need_of(name, in_one_process(load(56'465, 2))).met());
  EXPECT_EQ(need_of(name, in_one_process(load(50'000, 1))).set, "1024 65535");
  EXPECT_EQ(need_of(name, in_one_process(load(70'000, 1))).set, "");  // no range is wide enough
}

TEST(SystemNeeds, PortsAreForTheTargetsOfOneWorker) {
  const std::string name = "net/ipv4/ip_local_port_range";
  Options options = load(100'000, 2);
  options.workers = 2;
  EXPECT_EQ(need_of(name, options).needs, 50'000U);
  options.targets = parse_targets("http://127.0.0.1:1,http://127.0.0.1:2").value();
  EXPECT_EQ(need_of(name, options).needs, 50'000U);  // each worker has one of them
  options.workers = 1;
  EXPECT_EQ(need_of(name, options).needs, 25'000U);
  options.workers = 2;
  options.spread = true;
  EXPECT_EQ(need_of(name, options).needs, 25'000U);
}

TEST(SystemNeeds, FilesAreForBothEnds) {
  EXPECT_TRUE(need_of("fs/file-max", load(25'000, 0)).met());
  EXPECT_FALSE(need_of("fs/file-max", load(25'001, 0)).met());
}

TEST(SystemNeeds, DescriptorsAreOfOneWorker) {
  Options options = load(30'000, 4);
  EXPECT_TRUE(need_of("RLIMIT_NOFILE", options).met());
  options.workers = 1;
  EXPECT_FALSE(need_of("RLIMIT_NOFILE", options).met());
}

TEST(SystemNeeds, ConnectionTrackingCountsOnlyIfItIsUsed) {
  const std::string name = "net/netfilter/nf_conntrack_max";
  Sysctls system = kStock;
  system[name] = {1'000};
  system["net/netfilter/nf_conntrack_count"] = {0};
  EXPECT_EQ(need_of(name, load(5'000, 0), system).name, "");
  system["net/netfilter/nf_conntrack_count"] = {10};
  EXPECT_FALSE(need_of(name, load(5'000, 0), system).met());
}

TEST(SystemNeeds, WhatTheSystemDoesNotHaveIsNoNeed) {
  EXPECT_EQ(find_needs(load(10, 0), {}, 20'000).size(), 1U);
}

TEST(SystemNeeds, SaysWhatToDo) {
  const std::string text = needs_text(find_needs(in_one_process(load(50'000, 1)), kStock, 20'000));
  EXPECT_THAT(text, HasSubstr("sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\""));
  EXPECT_THAT(text, HasSubstr("sysctl -w fs.file-max=\"150000\""));
  EXPECT_THAT(text, Not(HasSubstr("sysctl -w net.core.somaxconn")));
}

TEST(SystemNeeds, ReadsTheRunningSystem) {
  const Sysctls system = read_sysctls();
  ASSERT_TRUE(system.contains("fs/file-max"));
  EXPECT_EQ(system.at("net/ipv4/ip_local_port_range").size(), 2U);
  EXPECT_GT(descriptor_limit(), 0U);
}

}  // namespace
}  // namespace cloudsync::loadtest
