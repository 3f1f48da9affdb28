#pragma once
// The load generator's command line, and what it asks for.

#include "loadtest/objectives.h"
#include "loadtest/protocol.h"
#include "loadtest/target.h"
#include "ot/type.h"
#include "runtime/loop.h"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cloudsync::loadtest {

/// When writers tell the others where their cursor is, at most once in 50 ms.
enum class Cursors : std::uint8_t {
  kNone,
  kEdits,  ///< after each edit
  kMoves,  ///< when it jumps, and else every two seconds: others move it over edits themselves
};

std::string_view cursors_name(Cursors cursors);

struct Options {
  // --- the load ---

  Protocol protocol = Protocol::kCloudSync;
  std::vector<Target> targets;
  std::size_t connections = 100;
  std::size_t documents = 10;   ///< or rooms
  double ops_per_second = 100;  ///< or messages
  /// Of other protocols: as many messages are always on their way in each room, one after the other
  /// from each of so many members, instead of at a rate; 0: at the rate.
  std::size_t in_flight = 0;
  /// Of other protocols: nobody joins a room, and all get their own messages back.
  bool echo = false;
  /// Of the measured part; of each rung of the ladder.
  std::chrono::milliseconds duration{10'000};
  /// The measured part is repeated at these multiples of ops_per_second, each measured by itself.
  std::vector<double> ladder{1};
  /// Edits that come before it and are not measured.
  std::chrono::milliseconds warm_up{0};
  /// How long after the last edit everything may take to arrive.
  std::chrono::milliseconds settle{30'000};
  /// Connections that are due per second; 0: as fast as the server takes them.
  double connects_per_second = 0;
  /// Of one worker under way at a time: below net.core.somaxconn, and what a server can answer
  /// within a client's patience.
  std::size_t handshakes = 512;
  /// Addresses of this host that connections come from, starting at 127.0.1.1; 0: what the kernel
  /// chooses, which has ports for some 28,000 connections to one target. Each worker has one at
  /// least.
  std::size_t source_addresses = 0;
  /// Connections that write, the first ones; all but the slow readers if 0.
  std::size_t writers = 0;
  /// Connections that read `slow_read_rate` bytes a second while there are edits, the last ones.
  /// They come back when the server gives them up, which is no failure.
  std::size_t slow_readers = 0;
  double slow_read_rate = 2'000;
  /// Times in the measured part, evenly spread, that all connections break at once and come back.
  std::size_t storms = 0;
  /// Connections that break and come back one by one in the measured part.
  double rejoins_per_second = 0;
  ot::Type type = ot::Type::kText;
  /// Writers type at their cursors, which jump now and then, instead of editing anywhere.
  bool typing = false;
  Cursors cursors = Cursors::kNone;
  /// The least time between two operations of a writer; what it edits meanwhile is composed.
  std::chrono::milliseconds submit_interval{0};
  std::uint64_t seed = 1;
  /// Lost connections come back and are counted, instead of failing the run.
  bool reconnect = false;
  /// How long a lost connection waits at least before it comes back; up to twice as much is added
  /// at random. 0: as a client of the SDK does.
  std::chrono::milliseconds reconnect_delay{0};

  // --- how it is made ---

  runtime::IoEngine io_engine = runtime::IoEngine::kEpoll;
  /// Processes; 0: as many as the connections need.
  std::size_t workers = 0;
  /// The members of one document are in all processes, instead of in one.
  bool spread = false;

  // --- what becomes of it ---

  std::string scenario;  ///< the name in the scenario file; empty without one
  std::vector<Objective> objectives;
  std::string commit;  ///< of the server, for the result
  /// Of the servers, on this machine: the CPU time that they take is measured.
  std::vector<pid_t> server_pids;
  std::string json_path;     ///< empty: no file
  std::string html_path;     ///< empty: no file
  std::string history_path;  ///< empty: no history

  // --- for other things than a run ---

  std::vector<std::string> compare;  ///< two results to be compared, or none
  std::string render;                ///< a result of which html_path is made; empty: none
  bool check_system = false;         ///< say what the load needs of the system, and end
  bool set_sysctls = false;          ///< set what is too low

  // --- for a worker ---

  int worker_channel = -1;         ///< -1: this is no worker
  std::size_t first_document = 0;  ///< its number among those of all workers
  std::size_t first_source = 0;    ///< likewise
};

/// The options, or the exit code after help or an error message was printed. A scenario file is
/// read here: its options come first, so that those of the command line win.
std::variant<Options, int> parse_options(int argc, const char* const* argv);

/// What makes parse_options() give the load in `part`, and how it is made, in another process.
std::vector<std::string> worker_arguments(const Options& part);

}  // namespace cloudsync::loadtest
