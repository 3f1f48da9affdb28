#pragma once
// One process's part of a load test, on one loop, in phases that its owner starts one by one:
//
//   prepare (documents) -> connect (paced) -> write -> settle -> compare all copies -> leave
//
// Loop thread only.

#include "loadtest/connect_pace.h"
#include "loadtest/cpu_meter.h"
#include "loadtest/http_client.h"
#include "loadtest/measurements.h"
#include "loadtest/member.h"
#include "loadtest/network_traffic.h"
#include "loadtest/options.h"
#include "loadtest/report.h"
#include "loadtest/shared_document.h"
#include "loadtest/writer_schedule.h"

#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace cloudsync::loadtest {

class LoadTest {
 public:
  /// All outlive the test. `history` may be null.
  LoadTest(const Options& options, runtime::Loop& loop, checker::HistoryWriter* history);
  ~LoadTest();

  /// Each phase calls `done` once when it is over, later on the loop.
  using Done = UniqueFunction<void()>;

  /// For a load that is spread over processes: `announce` gets the edits that leave their authors
  /// here, for on_announced() of the others. Before prepare().
  void announce_edits(UniqueFunction<void(JsonObject edits)> announce);
  void on_announced(const JsonValue& edits);

  /// Creates the documents. Errors: kUnavailable if one could not be created.
  void prepare(Completion<void> done);
  /// Or takes those that another process created.
  void take_documents(std::vector<DocumentId> ids);
  /// Starts all members; over when each one's first handshake is.
  void connect(Done done);
  /// Warms up and writes from `start` on.
  void write(TimePoint start, Done done);
  /// Ends the writing before its time, if it is under way.
  void end_writing();
  /// Waits until nothing is on its way in this process any more, or the time for it is over.
  void settle(Done done);
  /// Compares all copies with the servers' documents.
  void compare(Done done);
  /// Ends all connections.
  void leave();

  JsonArray document_ids() const;
  /// Of the documents, once settled: which revision this process' members are at.
  JsonArray revisions() const;

  const Outcome& outcome() const { return outcome_; }

  Measurements& measurements() { return measurements_; }

 private:
  const Target& target_of(std::size_t document) const;
  void add_document(std::size_t index, DocumentId id);
  void create_document(std::size_t index);
  void on_document(std::size_t index, const Result<codec::http1::Response>& response);
  void on_connected();
  void write_at(double multiple, TimePoint start);
  void climb(std::size_t rung, TimePoint start);
  void make_due_edits();
  void break_all(std::size_t times, Duration interval);
  void break_next();
  void measure_traffic();
  void limit_slow_readers(double bytes_per_second);
  void poll_settled();
  bool settled(std::size_t document) const;
  void compare_with_server(std::size_t document, const Result<codec::http1::Response>& response);
  bool equals(std::size_t document, const std::string& expected) const;
  void end_phase();
  std::chrono::duration<double> since_phase_start() const;

  const Options& options_;
  runtime::Loop& loop_;
  std::mt19937_64 random_;
  Measurements measurements_;
  std::optional<NetworkTraffic> traffic_before_;  // the measured part
  Outcome outcome_;
  HttpClient http_;
  ConnectPace pace_;
  MemberContext context_;
  CpuMeter server_cpu_;
  std::vector<std::unique_ptr<SharedDocument>> documents_;
  std::vector<std::unique_ptr<Member>> members_;  // member i is in document i modulo their number
  std::size_t created_ = 0;
  std::size_t compared_ = 0;
  std::size_t next_rejoin_ = 0;  // member
  bool writing_ = false;
  std::optional<WriterSchedule> schedule_;
  runtime::TimerId edit_timer_{};
  UniqueFunction<void(JsonObject)> announce_;  // null: not spread
  TimePoint phase_start_;
  Completion<void> prepared_;
  Done done_;
};

}  // namespace cloudsync::loadtest
