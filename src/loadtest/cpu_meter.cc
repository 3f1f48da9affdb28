#include "loadtest/cpu_meter.h"

#include <ctime>

namespace cloudsync::loadtest {

std::optional<Duration> CpuMeter::taken() const {
  const auto now = total();
  return begin_ && now ? std::optional(*now - *begin_) : std::nullopt;
}

std::optional<Duration> CpuMeter::total() const {
  if (processes_.empty()) {
    return std::nullopt;
  }
  Duration sum{};
  for (const pid_t process : processes_) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
      return std::nullopt;
    }
    sum += std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
  return sum;
}

}  // namespace cloudsync::loadtest
