#pragma once
// What a load needs of the system on one machine, servers included: descriptors, ports, queues and
// memory for sockets (ip-sysctl, proc(5), docs/load-testing.md).

#include "loadtest/options.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::loadtest {

/// The settings as they are: the path below /proc/sys → its numbers, without what there is not.
using Sysctls = std::map<std::string, std::vector<std::uint64_t>>;

struct Need {
  std::string name;  ///< a path below /proc/sys, or "RLIMIT_NOFILE"
  std::uint64_t has = 0;
  std::uint64_t needs = 0;
  std::string set;  ///< what to write into it, if it is too low and can be set
  std::string why;

  bool met() const { return has >= needs; }
};

/// `descriptors` is what one process may open.
std::vector<Need> find_needs(const Options& options,
                             const Sysctls& system,
                             std::uint64_t descriptors);

/// Of the running system.
Sysctls read_sysctls();
/// The hard limit of this process, and of those that it starts.
std::uint64_t descriptor_limit();

/// A line each; those that are not met say what to do.
std::string needs_text(const std::vector<Need>& needs);

/// Writes what is too low and can be set. Errors: kForbidden unless root.
Result<void> set_sysctls(const std::vector<Need>& needs);

}  // namespace cloudsync::loadtest
