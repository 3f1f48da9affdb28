#include "loadtest/system_needs.h"

#include "loadtest/partition.h"

#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <fstream>

namespace cloudsync::loadtest {
namespace {

// Descriptors of a process beside its connections: loop, files, channel, HTTP requests.
constexpr std::uint64_t kOtherDescriptors = 128;
// Sockets of both ends, and what else the machine has open.
constexpr std::uint64_t kOtherFiles = 50'000;
// The generator starts 512 handshakes at a time in each process.
constexpr std::uint64_t kHandshakesPerProcess = 512;
// Idle sockets have no buffers. While there is traffic one in four has a page of 4 KiB at a time,
// at most: at 100,000 deliveries a second over 500,000 connections it was one in a hundred.
constexpr std::uint64_t kSocketsPerPage = 4;
// A port range cannot be wider than from 1024 to 65535.
constexpr std::uint64_t kPortsMax = 64'512;

constexpr const char* kFileMax = "fs/file-max";
constexpr const char* kOpenMax = "fs/nr_open";
constexpr const char* kPortRange = "net/ipv4/ip_local_port_range";
constexpr const char* kBacklog = "net/core/somaxconn";
constexpr const char* kSynBacklog = "net/ipv4/tcp_max_syn_backlog";
constexpr const char* kTcpMemory = "net/ipv4/tcp_mem";
constexpr const char* kTracked = "net/netfilter/nf_conntrack_max";
constexpr const char* kTrackedNow = "net/netfilter/nf_conntrack_count";

class Needs {
 public:
  explicit Needs(const Sysctls& system) : system_(system) {}

  const std::vector<std::uint64_t>* find(const char* name) const {
    const auto found = system_.find(name);
    return found != system_.end() && !found->second.empty() ? &found->second : nullptr;
  }

  /// Of a setting with one number; nothing if the system does not have it.
  void add(const char* name, std::uint64_t needs, std::string why) {
    if (const auto* numbers = find(name)) {
      list.push_back({name, numbers->front(), needs, std::to_string(needs), std::move(why)});
    }
  }

  std::vector<Need> list;

 private:
  const Sysctls& system_;
};

/// A port may be used once for each pair of source address and target.
std::uint64_t ports_of(const Options& part) {
  const std::uint64_t pairs =
      std::max<std::uint64_t>(part.source_addresses, 1) *
      std::max<std::uint64_t>(std::min(part.targets.size(), part.documents), 1);
  return (part.connections + pairs - 1) / pairs;
}

void add_ports(Needs& needs, const Options& options) {
  const auto* range = needs.find(kPortRange);
  if (range == nullptr || range->size() != 2) {
    return;
  }
  // With addresses of the kernel's choice all workers have the same.
  const auto parts = divide(options, options.source_addresses > 0 ? worker_count(options) : 1);
  std::uint64_t ports = 0;
  for (const Options& part : parts ? *parts : std::vector{options}) {
    ports = std::max(ports, ports_of(part));
  }
  needs.list.push_back({kPortRange,
                        (*range)[1] - (*range)[0] + 1,
                        ports,
                        ports <= kPortsMax ? "1024 65535" : "",
                        "ports for each source address and target; more --source-addresses help"});
}

void add_memory(Needs& needs, const Options& options) {
  const auto* pages = needs.find(kTcpMemory);
  if (pages == nullptr || pages->size() != 3) {
    return;
  }
  const std::uint64_t needed = 2 * options.connections / kSocketsPerPage;
  needs.list.push_back({kTcpMemory,
                        pages->back(),
                        needed,
                        fmt::format("{} {} {}", needed / 2, needed * 3 / 4, needed),
                        "pages for the buffers of both ends while there is traffic"});
}

}  // namespace

std::vector<Need> find_needs(const Options& options,
                             const Sysctls& system,
                             std::uint64_t descriptors) {
  const std::size_t workers = worker_count(options);
  const std::uint64_t per_process = (options.connections + workers - 1) / workers;
  const std::uint64_t at_once =
      options.storms > 0
          ? options.connections
          : std::min<std::uint64_t>(workers * kHandshakesPerProcess, options.connections);
  Needs needs(system);
  needs.list.push_back({"RLIMIT_NOFILE",
                        descriptors,
                        per_process + kOtherDescriptors,
                        "",
                        "descriptors of a process; more --workers help"});
  needs.add(kOpenMax, per_process + kOtherDescriptors, "what RLIMIT_NOFILE may be");
  needs.add(kFileMax, 2 * options.connections + kOtherFiles, "both ends of each connection");
  add_ports(needs, options);
  // A listener's queue holds what a busy server has not accepted yet; more is retried by TCP.
  needs.add(kBacklog, std::min<std::uint64_t>(at_once, 4'096), "connections not accepted yet");
  needs.add(kSynBacklog, std::min<std::uint64_t>(at_once, 8'192), "handshakes under way");
  add_memory(needs, options);
  // Nothing is tracked on a host without rules that ask for it.
  if (const auto* tracked = needs.find(kTrackedNow); tracked != nullptr && tracked->front() > 0) {
    needs.add(kTracked, tracked->front() + options.connections, "the firewall tracks connections");
  }
  return std::move(needs.list);
}

Sysctls read_sysctls() {
  Sysctls system;
  for (const char* name :
       {kFileMax, kOpenMax, kPortRange, kBacklog, kSynBacklog, kTcpMemory, kTracked, kTrackedNow}) {
    std::ifstream file(std::string("/proc/sys/") + name);
    for (std::uint64_t number = 0; file >> number;) {
      system[name].push_back(number);
    }
  }
  return system;
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

std::string needs_text(const std::vector<Need>& needs) {
  std::string text;
  for (const Need& need : needs) {
    text += fmt::format("{} {:34} {:>12}, needs {:>10}: {}\n",
                        need.met() ? "ok  " : "LOW ",
                        need.name,
                        need.has,
                        need.needs,
                        need.why);
    if (!need.met() && !need.set.empty()) {
      std::string name = need.name;
      std::replace(name.begin(), name.end(), '/', '.');
      text += fmt::format("     sysctl -w {}=\"{}\"\n", name, need.set);
    }
  }
  return text;
}

Result<void> set_sysctls(const std::vector<Need>& needs) {
  for (const Need& need : needs) {
    if (need.met() || need.set.empty()) {
      continue;
    }
    std::ofstream file("/proc/sys/" + need.name);
    file << need.set << '\n';
    file.close();
    if (!file) {
      return fail(ErrorCode::kForbidden, "cannot set " + need.name + ": only root may");
    }
  }
  return {};
}

}  // namespace cloudsync::loadtest
