// cloudsync-check: checks the histories of a run (docs/history.md). One line for each violation,
// then what was checked. 0: all holds; 1: something does not, or nothing could be checked; 2: a
// file could not be read.

#include "checker/checker.h"
#include "checker/history_file.h"

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace cloudsync::checker {
namespace {

constexpr int kBad = 1;
constexpr int kUnreadable = 2;

Result<void> read(Checker& checker, const std::string& path, std::uint32_t source) {
  CS_TRY_ASSIGN(HistoryReader reader, HistoryReader::open(path));
  while (true) {
    CS_TRY_ASSIGN(const std::optional<Event> event, reader.next());
    if (!event) {
      return {};
    }
    checker.add(*event, {.source = source, .line = reader.line()});
  }
}

void print(const Report& report, const std::vector<std::string>& paths) {
  for (const Violation& violation : report.violations) {
    std::cout << invariant_name(violation.invariant) << " document " << violation.document
              << " revision " << violation.revision << " at " << paths.at(violation.where.source)
              << ':' << violation.where.line << ": " << violation.what << '\n';
  }
  if (report.violation_count > report.violations.size()) {
    std::cout << "… and " << report.violation_count - report.violations.size() << " more\n";
  }
  for (const std::string& what : report.unchecked) {
    std::cout << "not checked: " << what << '\n';
  }
  std::cout << report.events << " events of " << report.clients << " clients and " << report.nodes
            << " nodes; " << report.documents << " documents, " << report.revisions
            << " rows of logs, " << report.acks << " acknowledgements\nchecked:";
  for (std::size_t i = 0; i < kInvariantNames.size(); ++i) {
    std::cout << ' ' << kInvariantNames[i] << ' ' << report.checked[i];
  }
  std::cout << "\nviolations: " << report.violation_count << '\n';
}

int run(const std::vector<std::string>& paths) {
  Checker checker;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (auto done = read(checker, paths[i], static_cast<std::uint32_t>(i)); !done) {
      std::cerr << "cloudsync-check: " << done.error().message << '\n';
      return kUnreadable;
    }
  }
  const Report report = checker.finish();
  print(report, paths);
  if (report.revisions == 0) {
    std::cout << "nothing to trust: there is no row of a log\n";
    return kBad;
  }
  return report.violation_count == 0 ? EXIT_SUCCESS : kBad;
}

}  // namespace
}  // namespace cloudsync::checker

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments.front().starts_with('-')) {
    std::cerr << "usage: cloudsync-check HISTORY...\n"
                 "Checks the histories of one run, files of JSON lines (docs/history.md).\n";
    return 2;
  }
  return cloudsync::checker::run(arguments);
}
