#pragma once
// Runs a load test in several worker processes, since one process has sockets for some 18,000
// connections (RLIMIT_NOFILE is often 20,000): starts them, gives each its part (partition.h),
// leads them through the phases together, and merges what they measured.
//
// Convergence. A document and all its members are in one worker, which compares their copies with
// the document that the server has. Where the members of a document are spread over workers
// (Options::spread), all workers have to be at rest at the same revision of it first; then each
// compares its members with the server's content, which nobody changes any more, so that all copies
// are equal to one text.
//
// Loop thread only.

#include "base/result.h"
#include "loadtest/line_channel.h"
#include "loadtest/options.h"
#include "loadtest/run_record.h"

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::loadtest {

class Coordinator {
 public:
  using OnSecond = UniqueFunction<void(double elapsed, const Second& second)>;

  /// Workers are processes of `program`. All outlive the coordinator.
  Coordinator(const Options& options, runtime::Loop& loop, std::string program, OnSecond on_second);
  /// Ends the workers that are left, and waits for them.
  ~Coordinator();

  /// Runs to the end. Errors: kUnavailable if a worker could not be started, could not go on or was
  /// lost.
  Result<RunRecord> run();

  /// Ends the writing before its time, if it is under way.
  void end_writing();

 private:
  struct Worker {
    pid_t process = -1;
    std::unique_ptr<LineChannel> channel;
    bool busy = false;  // has not answered this phase
    Second second;      // since the last tick
    JsonArray revisions;
  };

  Result<void> start_worker(const Options& part);
  void on_message(std::size_t index, const JsonObject& message);
  void on_ended(std::size_t index);
  void on_phase_over(std::size_t index, const JsonObject& answer);
  void next_phase();
  bool at_one_revision() const;
  void start(std::string_view phase);
  void tell(std::size_t index, JsonObject message);
  void tick();
  void give_up(std::string message);

  const Options& options_;
  runtime::Loop& loop_;
  std::string program_;
  OnSecond on_second_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::string phase_;
  std::size_t unsettled_ = 0;
  TimePoint start_;
  TimePoint settle_start_;
  RunRecord record_;
  std::optional<Error> error_;
};

}  // namespace cloudsync::loadtest
