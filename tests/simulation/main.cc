// cloudsync-sim: runs plans of the simulation. 0: every run kept its invariants; 1: one did not,
// its seed and what was wrong are printed; 2: a file could not be read or written.

#include "base/log.h"
#include "checker/history_json.h"
#include "plan.h"
#include "shrink.h"
#include "simulation.h"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>

namespace cloudsync::simulation {
namespace {

constexpr int kViolation = 1;
constexpr int kNoFile = 2;

/// The seed that is being run, for when a broken invariant of the code ends the process.
std::atomic<std::uint64_t> running_seed{0};

// Only what may be called in a handler of a signal.
extern "C" void on_abort(int /*signal*/) {
  std::array<char, 64> line{"VIOLATION: it aborted in --seed "};
  std::size_t length = std::strlen(line.data());
  const auto [end, error] =
      std::to_chars(line.data() + length, line.data() + line.size() - 1, running_seed.load());
  length = static_cast<std::size_t>(end - line.data());
  line[length++] = '\n';
  const ssize_t written = ::write(STDOUT_FILENO, line.data(), length);
  ::_exit(written < 0 ? kNoFile : kViolation);
}

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t bug = 0;
  std::string plan;
  std::string save_plan;
  std::string history;
  bool shrink = false;
};

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (!file) {
    std::cerr << "cloudsync-sim: " << path << " can't be written\n";
  }
  return static_cast<bool>(file);
}

bool write_history(const std::string& path, const std::vector<checker::Event>& events) {
  std::string text;
  for (const checker::Event& event : events) {
    text += checker::to_line(event) + '\n';
  }
  return write_file(path, text);
}

struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t operations = 0;
  std::uint64_t large = 0;  // seeds with 200 operations and more
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t unknowns = 0;
  std::uint64_t connections = 0;
  std::uint64_t upgrades = 0;
  std::chrono::nanoseconds simulated{};

  void add(const Outcome& outcome) {
    ++seeds;
    operations += outcome.operations;
    large += outcome.operations >= 200 ? 1 : 0;
    steps += outcome.steps;
    crashes += outcome.crashes;
    conflicts += outcome.conflicts;
    unknowns += outcome.unknowns;
    connections += outcome.connections;
    upgrades += outcome.upgrades;
    simulated += outcome.simulated;
  }

  void print(std::chrono::duration<double> took) const {
    std::cout << std::fixed << std::setprecision(1) << seeds << " seeds, " << operations
              << " operations (" << large << " seeds with 200 and more), " << steps << " steps, "
              << crashes << " crashes, " << conflicts << " conflicts, " << unknowns
              << " unknown outcomes, " << connections << " connections, " << upgrades
              << " upgrades; " << static_cast<double>(seeds) / took.count() << " seeds/s, "
              << std::chrono::duration<double>(simulated).count() / took.count()
              << " s simulated in 1 s\n";
  }
};

/// A problem without revisions, lines and sequence numbers.
std::string without_numbers(std::string problem) {
  std::erase_if(problem, [](char c) { return c >= '0' && c <= '9'; });
  return problem;
}

int report(const Options& options, const Plan& plan, const Outcome& outcome) {
  std::cout << "VIOLATION: --seed " << plan.seed << " (" << plan.nodes << " nodes, " << plan.clients
            << " clients, " << plan.events.size() << " events)\n";
  for (std::size_t i = 0; i < std::min<std::size_t>(outcome.problems.size(), 20); ++i) {
    std::cout << "  " << outcome.problems[i] << '\n';
  }
  if (!options.shrink) {
    return kViolation;
  }
  // Another failure may hide in the same plan: it is not what is looked for.
  const std::string wanted = without_numbers(outcome.problems.front());
  const Plan small = shrink(plan, [&wanted](const Plan& candidate) {
    const std::vector<std::string> problems = simulate(candidate).problems;
    return std::any_of(problems.begin(), problems.end(), [&wanted](const std::string& problem) {
      return without_numbers(problem) == wanted;
    });
  });
  const Outcome again = simulate(small, !options.history.empty());
  std::cout << "shrunk to " << small.events.size() << " events:\n" << small.text();
  for (const std::string& problem : again.problems) {
    std::cout << "  " << problem << '\n';
  }
  if ((!options.save_plan.empty() && !write_file(options.save_plan, small.text())) ||
      (!options.history.empty() && !write_history(options.history, again.history))) {
    return kNoFile;
  }
  return kViolation;
}

int run_one(const Options& options, const Plan& plan, Totals& totals) {
  if (!options.save_plan.empty() && !write_file(options.save_plan, plan.text())) {
    return kNoFile;
  }
  running_seed = plan.seed;
  const Outcome outcome = simulate(plan, !options.history.empty());
  totals.add(outcome);
  if (!options.history.empty() && !write_history(options.history, outcome.history)) {
    return kNoFile;
  }
  return outcome.problems.empty() ? EXIT_SUCCESS : report(options, plan, outcome);
}

int run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  int status = EXIT_SUCCESS;
  if (!options.plan.empty()) {
    std::ifstream file(options.plan, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    const auto plan = Plan::parse(text.str());
    if (!file || !plan) {
      std::cerr << "cloudsync-sim: " << options.plan << ": "
                << (file ? plan.error().message : "can't be read") << '\n';
      return kNoFile;
    }
    status = run_one(options, *plan, totals);
  } else {
    for (std::uint64_t i = 0; i < options.seeds && status == EXIT_SUCCESS; ++i) {
      status =
          run_one(options, Plan::draw(options.seed + i, static_cast<Bug>(options.bug)), totals);
    }
  }
  totals.print(std::chrono::steady_clock::now() - start);
  return status;
}

}  // namespace
}  // namespace cloudsync::simulation

int main(int argc, char** argv) {
  std::signal(SIGABRT, cloudsync::simulation::on_abort);
  cloudsync::set_log_level(cloudsync::LogLevel::kOff);
  cloudsync::simulation::Options options;
  CLI::App app(
      "Simulates clusters of CloudSync: nodes, store, bus, network and clients in one "
      "thread of virtual time, with faults, from a seed; and checks what all of them saw.");
  app.add_option("--seed", options.seed, "the first seed")->capture_default_str();
  app.add_option("--seeds", options.seeds, "how many, one after the other")->capture_default_str();
  app.add_option("--plan", options.plan, "replay the plan in this file instead");
  app.add_option("--save-plan", options.save_plan, "write the plan to this file, one event a line");
  app.add_option("--history", options.history, "write what all saw, for cloudsync-check");
  app.add_flag("--shrink", options.shrink, "make a failing plan as small as it gets");
  app.add_option("--bug", options.bug, "plant this bug (its number in plan.h)");
  CLI11_PARSE(app, argc, argv);
  return cloudsync::simulation::run(options);
}
