// cloudsync-loadtest: measures a server and checks that everybody sees the same text.

#include "loadtest/load_test.h"
#include "loadtest/options.h"
#include "loadtest/report.h"

#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>

namespace cloudsync::loadtest {
namespace {

constexpr std::chrono::milliseconds kInterruptPoll{50};

std::atomic<bool> interrupted{false};

/// The first ends the writing, and the result is shown; the second ends the program.
void on_interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

/// Raises the soft limit of descriptors to the hard one. Errors: kTooLarge if that is not enough.
Result<void> provide_descriptors(std::size_t connections) {
  constexpr std::size_t kOthers = 128;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (connections + kOthers > limit.rlim_max) {
    return fail(ErrorCode::kTooLarge,
                "this process may open " + std::to_string(limit.rlim_max) +
                    " descriptors: ask for fewer --connections and run several processes");
  }
  return {};
}

Result<void> write_json(const std::string& path, const JsonObject& json) {
  std::ofstream file(path);
  file << to_json(json) << '\n';
  file.close();
  if (!file) {
    return fail(ErrorCode::kUnavailable, "cannot write " + path);
  }
  return {};
}

/// A line of progress each second.
void print_progress(LoadTest& test, runtime::Loop& loop, TimePoint start) {
  const std::chrono::duration<double> elapsed = loop.now() - start;
  std::puts(progress_line(elapsed.count(), test.measurements()).c_str());
  std::fflush(stdout);
  loop.run_after(std::chrono::seconds(1), [&, start] { print_progress(test, loop, start); });
}

void watch_for_interrupt(LoadTest& test, runtime::Loop& loop) {
  if (interrupted) {
    test.end_writing();
  }
  loop.run_after(kInterruptPoll, [&] { watch_for_interrupt(test, loop); });
}

/// All phases in a row.
Result<void> run_alone(LoadTest& test, runtime::Loop& loop) {
  Result<void> result;
  const auto compare = [&] {
    test.compare([&] {
      test.leave();
      loop.stop();
    });
  };
  const auto write = [&] { test.write(loop.now(), [&] { test.settle(compare); }); };
  test.prepare([&](Result<void> prepared) {
    if (!prepared) {
      result = std::move(prepared);
      loop.stop();
      return;
    }
    test.connect(write);
  });
  loop.run_after(std::chrono::seconds(1),
                 [&, start = loop.now()] { print_progress(test, loop, start); });
  std::signal(SIGINT, on_interrupt);
  watch_for_interrupt(test, loop);
  loop.run();
  return result;
}

Result<bool> measure(const Options& options) {
  CS_TRY(provide_descriptors(options.connections));
  auto loop = runtime::make_loop(options.io_engine);
  if (!loop) {
    return fail(loop.error());
  }
  std::optional<checker::HistoryWriter> history;
  if (!options.history_path.empty()) {
    CS_TRY_ASSIGN(history, checker::HistoryWriter::open(options.history_path));
  }
  LoadTest test(options, **loop, history ? &*history : nullptr);
  CS_TRY(run_alone(test, **loop));
  const Outcome& outcome = test.outcome();
  std::fputs(summary_text(outcome, test.measurements()).c_str(), stdout);
  if (!options.json_path.empty()) {
    CS_TRY(write_json(options.json_path, summary_json(options, outcome, test.measurements())));
  }
  return outcome.ok();
}

int run(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (const int* code = std::get_if<int>(&options)) {
    return *code;
  }
  const auto ok = measure(std::get<Options>(options));
  if (!ok) {
    std::fprintf(stderr, "cloudsync-loadtest: %s\n", ok.error().message.c_str());
    return 2;
  }
  return *ok ? 0 : 1;
}

}  // namespace
}  // namespace cloudsync::loadtest

int main(int argc, char** argv) {
  return cloudsync::loadtest::run(argc, argv);
}
