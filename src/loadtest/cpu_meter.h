#pragma once
// The CPU time of other processes of this machine, such as the servers under test. All of their
// threads count, those that ended, too; children do not.

#include "base/clock.h"

#include <sys/types.h>

#include <optional>
#include <vector>

namespace cloudsync::loadtest {

class CpuMeter {
 public:
  explicit CpuMeter(std::vector<pid_t> processes) : processes_(std::move(processes)) {}

  /// Counts from now on.
  void start() { begin_ = total(); }

  /// What they took since start(), all together, in nanoseconds as the scheduler counts; nothing
  /// without processes, or if one is not there.
  std::optional<Duration> taken() const;

 private:
  std::optional<Duration> total() const;

  std::vector<pid_t> processes_;
  std::optional<Duration> begin_;
};

}  // namespace cloudsync::loadtest
