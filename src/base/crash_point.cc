#include "base/crash_point.h"

#ifdef CLOUDSYNC_CRASH_POINTS

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace cloudsync {
namespace {

/// What a variable of the environment plans: <name>:<count>.
class Plan {
 public:
  explicit Plan(const char* variable) {
    const char* text = std::getenv(variable);
    const std::string_view plan = text != nullptr ? text : "";
    const std::size_t colon = plan.find(':');
    if (colon != std::string_view::npos) {
      name_ = plan.substr(0, colon);
      left_ = std::strtol(plan.data() + colon + 1, nullptr, 10);
    }
  }

  bool is_due(std::string_view name) { return name == name_ && left_.fetch_sub(1) == 1; }

 private:
  std::string name_;
  std::atomic<long> left_{0};
};

void announce(std::string_view what, std::string_view name) {
  const std::string line = std::string(what) + ' ' + std::string(name) + '\n';
  // Unbuffered, and whether it arrives does not matter to the run.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void crash_point(std::string_view name) {
  static Plan plan("CS_CRASH_AT");
  if (plan.is_due(name)) {
    announce("crash_point", name);
    ::kill(::getpid(), SIGKILL);
    ::pause();  // the signal comes at once, but maybe on another thread
  }
}

bool fault_point(std::string_view name) {
  static Plan plan("CS_FAULT_AT");
  if (!plan.is_due(name)) {
    return false;
  }
  announce("fault_point", name);
  return true;
}

}  // namespace cloudsync

#endif
