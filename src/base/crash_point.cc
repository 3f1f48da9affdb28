#include "base/crash_point.h"

#ifdef CLOUDSYNC_CRASH_POINTS

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace cloudsync {
namespace {

struct Planned {
  std::string name;
  std::atomic<long> left{0};

  Planned() {
    const char* text = std::getenv("CS_CRASH_AT");
    const std::string_view plan = text != nullptr ? text : "";
    const std::size_t colon = plan.find(':');
    if (colon != std::string_view::npos) {
      name = plan.substr(0, colon);
      left = std::strtol(plan.data() + colon + 1, nullptr, 10);
    }
  }
};

}  // namespace

void crash_point(std::string_view name) {
  static Planned planned;
  if (name != planned.name || planned.left.fetch_sub(1) != 1) {
    return;
  }
  const std::string line = "crash_point " + planned.name + "\n";
  // Unbuffered, and whether it arrives does not matter to the run.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  ::kill(::getpid(), SIGKILL);
  ::pause();  // the signal comes at once, but maybe on another thread
}

}  // namespace cloudsync

#endif
