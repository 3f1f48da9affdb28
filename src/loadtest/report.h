#pragma once
// The result of a run, for people and as JSON.

#include "base/json.h"
#include "loadtest/cpu_meter.h"
#include "loadtest/measurements.h"
#include "loadtest/options.h"
#include "loadtest/timeline.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace cloudsync::loadtest {

struct RunRecord;

/// What the measured part of a run took of the servers.
struct ServerCpu {
  std::chrono::duration<double> time{};
  std::uint64_t operations = 0;  ///< that clients sent meanwhile
  std::uint64_t deliveries = 0;  ///< that clients got meanwhile, their own included
};

/// At the end of that part: nothing if it was not asked for, or a server is gone.
std::optional<ServerCpu> server_cpu_of(const CpuMeter& meter, const Measurements& measurements);

struct Outcome {
  std::chrono::duration<double> connecting{};
  std::chrono::duration<double> writing{};
  std::chrono::duration<double> settling{};
  std::size_t connected = 0;            ///< joined at the end of the connect phase
  std::size_t failed = 0;               ///< members that did not reach the end
  std::size_t diverged_documents = 0;   ///< a copy differs from another or from the server's
  std::size_t unsettled_documents = 0;  ///< edits were still on their way at the deadline
  /// Operations that some member got only inside of a snapshot, so that their delivery to it was
  /// not measured, or not at all.
  std::size_t unmeasured_edits = 0;
  std::optional<ServerCpu> server_cpu;

  bool ok() const { return failed == 0 && diverged_documents == 0 && unsettled_documents == 0; }
};

/// One line of live progress, `elapsed` seconds after the start.
std::string progress_line(double elapsed, const Second& second);
std::string summary_text(const Outcome& outcome,
                         const Measurements& measurements,
                         const std::vector<Verdict>& verdicts = {});
/// A line for each rung of the ladder that was reached.
std::string ladder_text(const Options& options, const Ladder& ladder);
JsonObject summary_json(const Options& options,
                        const Outcome& outcome,
                        const Measurements& measurements);

/// The same with the seconds, the machine, the commit, and the objectives; "ok" is then that all of
/// these were met, too.
JsonObject result_json(const Options& options, const RunRecord& record);

}  // namespace cloudsync::loadtest
