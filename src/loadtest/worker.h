#pragma once
// A worker: one of the processes of a large load test. The coordinator tells it which phase to
// start, over a channel; it answers when the phase is over.
//
//   to the worker     {"do": "prepare", "documents"?: [id, …]}  "connect"  {"do": "write", "atNs":
//   n}
//                     "end-writing"  "settle"  "compare"  "leave"  {"edits": …}
//   from the worker   {"over": phase, …}  {"second": …}  {"edits": …}  {"error": message}
//
// "edits" are announced where members of one document are in several workers: {"document": index,
// "client", "seq", "dueNs": [n, …]}. Times are those of the monotonic clock, which is the same for
// all processes of a machine. Loop thread only.

#include "loadtest/line_channel.h"
#include "loadtest/load_test.h"

namespace cloudsync::loadtest {

class Worker {
 public:
  /// Takes the descriptor of the channel. `options` and `loop` outlive the worker.
  Worker(const Options& options, runtime::Loop& loop, int descriptor);

  /// Until the coordinator says "leave" or is gone.
  void run();

 private:
  void on_message(const JsonObject& message);
  void prepare(const JsonObject& message);
  void end_phase(std::string_view phase, JsonObject answer = {});
  void tell_second();

  const Options& options_;
  runtime::Loop& loop_;
  LoadTest test_;
  LineChannel channel_;
};

}  // namespace cloudsync::loadtest
