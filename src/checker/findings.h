#pragma once
// Collects what the parts of the checker find.

#include "checker/report.h"

#include <string>
#include <utility>

namespace cloudsync::checker {

class Findings {
 public:
  explicit Findings(Report& report) : report_(report) {}

  void count(Invariant invariant) { ++report_.checked[static_cast<std::size_t>(invariant)]; }

  void violate(Invariant invariant,
               const std::string& document,
               std::uint64_t revision,
               Where where,
               std::string what) {
    ++report_.violation_count;
    if (report_.violations.size() < kViolationsMax) {
      report_.violations.push_back({.invariant = invariant,
                                    .document = document,
                                    .revision = revision,
                                    .where = where,
                                    .what = std::move(what)});
    }
  }

  /// `what` could not be checked.
  void skip(std::string what) {
    if (report_.unchecked.size() < kViolationsMax) {
      report_.unchecked.push_back(std::move(what));
    }
  }

 private:
  Report& report_;
};

}  // namespace cloudsync::checker
