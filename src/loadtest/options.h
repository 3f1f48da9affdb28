#pragma once
// The load generator's command line.

#include "loadtest/target.h"
#include "ot/type.h"
#include "runtime/loop.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace cloudsync::loadtest {

struct Options {
  std::vector<Target> targets;
  std::size_t connections = 100;
  std::size_t documents = 10;
  double ops_per_second = 100;
  /// Of the measured part.
  std::chrono::milliseconds duration{10'000};
  /// Edits that come before it and are not measured.
  std::chrono::milliseconds warm_up{0};
  /// How long after the last edit everything may take to arrive.
  std::chrono::milliseconds settle{30'000};
  /// Connections that are due per second; 0: as fast as the server takes them, 512 at a time.
  double connects_per_second = 0;
  /// Addresses of this host that connections come from, starting at 127.0.1.1; 0: what the kernel
  /// chooses, which has ports for some 28,000 connections to one target.
  std::size_t source_addresses = 0;
  /// Connections that write, the first ones; all if 0.
  std::size_t writers = 0;
  ot::Type type = ot::Type::kText;
  std::uint64_t seed = 1;
  runtime::IoEngine io_engine = runtime::IoEngine::kEpoll;
  /// Lost connections come back and are counted, instead of failing the run.
  bool reconnect = false;
  /// How long a lost connection waits before it comes back; up to twice as much is added at random,
  /// so that a node's restart is not met by everybody at once.
  std::chrono::milliseconds reconnect_delay{500};
  std::string json_path;     ///< empty: no file
  std::string history_path;  ///< empty: no history
};

/// The options, or the exit code after help or an error message was printed.
std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace cloudsync::loadtest
