#pragma once
// Checks a history against the invariants that every run of the system must keep, whatever failed
// in it (docs/history.md has each with what is compared). Of one writer the order of its events
// counts, between writers only their times: files may come in any order.
//
// Events are taken one by one and forgotten. What is kept: some 200 bytes a revision and its row of
// the log, 40 bytes a submission, 16 bytes an ack. A history without a log is checked as far as
// that goes, and the report says so.

#include "checker/history.h"
#include "checker/report.h"

#include <memory>
#include <span>

namespace cloudsync::checker {

class Checker {
 public:
  Checker();
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  /// O(1), but for a violation.
  void add(const Event& event, Where where);

  /// Replays each log once and compares all that was said with it. Call it once, last.
  /// O(operations), and O(length) for each revision of which somebody told the state.
  Report finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Of a whole history in memory; `where.line` of a violation is the event's index.
Report check(std::span<const Event> events);

}  // namespace cloudsync::checker
