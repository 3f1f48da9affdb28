#pragma once
// One run of the load generator, on one loop:
//
//   create documents -> connect all (paced) -> write -> settle -> compare all copies -> end
//
// Loop thread only, which is the thread that calls run().

#include "loadtest/http_client.h"
#include "loadtest/measurements.h"
#include "loadtest/member.h"
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

  /// Runs to the end. Errors: kUnavailable if the documents could not be created.
  Result<Outcome> run();

  const Measurements& measurements() const { return measurements_; }

 private:
  void create_documents();
  void on_document(const Result<codec::http1::Response>& response);
  void connect();
  void connect_more();
  void on_handshake_over();
  void write();
  void make_due_edits();
  void settle();
  bool settled(std::size_t document) const;
  void compare();
  void compare_with_server(std::size_t document, const Result<codec::http1::Response>& response);
  void finish();
  void give_up(Error error);
  void print_progress();
  std::chrono::duration<double> since_phase_start() const;
  const Target& target_of(std::size_t index) const;

  const Options& options_;
  runtime::Loop& loop_;
  std::mt19937_64 random_;
  Measurements measurements_;
  Outcome outcome_;
  std::optional<Error> error_;
  HttpClient http_;
  MemberContext context_;
  std::vector<std::unique_ptr<SharedDocument>> documents_;
  std::vector<std::unique_ptr<Member>> members_;  // member i is in document i modulo their number
  std::size_t started_ = 0;
  std::size_t handshakes_ = 0;  // in flight
  std::size_t compared_ = 0;
  std::optional<WriterSchedule> schedule_;
  TimePoint start_;
  TimePoint phase_start_;
};

}  // namespace cloudsync::loadtest
