#include "loadtest/machine.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

namespace cloudsync::loadtest {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

}  // namespace

JsonObject machine_json() {
  utsname system{};
  ::uname(&system);
  const std::int64_t memory =
      std::int64_t{::sysconf(_SC_PHYS_PAGES)} * std::int64_t{::sysconf(_SC_PAGESIZE)};
  double load = 0;
  ::getloadavg(&load, 1);
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return {{"cpu", cpu_model()},
          {"cores", std::thread::hardware_concurrency()},
          {"memoryBytes", memory},
          {"kernel", system.release},
          {"loadAverage", load},
          {"time", fmt::format("{:%FT%TZ}", fmt::gmtime(now))}};
}

}  // namespace cloudsync::loadtest
