#include "history.h"

namespace cloudsync::simulation {

void History::add(checker::Event event) {
  event.t = now();
  event.doc = kDocument.value();
  checker_.add(event, {.source = 0, .line = ++count_});
  if (keep_) {
    events_.push_back(std::move(event));
  }
}

std::vector<std::string> History::finish() {
  std::vector<std::string> problems = std::move(complaints_);
  for (const checker::Violation& violation : checker_.finish().violations) {
    problems.push_back(std::string(checker::invariant_name(violation.invariant)) + " revision " +
                       std::to_string(violation.revision) + ", line " +
                       std::to_string(violation.where.line) + ": " + violation.what);
  }
  return problems;
}

}  // namespace cloudsync::simulation
