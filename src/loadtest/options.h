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
  std::chrono::seconds duration{10};
  /// How long after the last edit everything may take to arrive.
  std::chrono::seconds settle{30};
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
