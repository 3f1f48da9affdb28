// cloudsync-loadtest: measures servers and checks that everybody sees the same text.

#include "loadtest/comparison.h"
#include "loadtest/coordinator.h"
#include "loadtest/html_report.h"
#include "loadtest/load_test.h"
#include "loadtest/partition.h"
#include "loadtest/peer_test.h"
#include "loadtest/system_needs.h"
#include "loadtest/worker.h"

#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace cloudsync::loadtest {
namespace {

constexpr std::chrono::milliseconds kInterruptPoll{50};

std::atomic<bool> interrupted{false};

/// The first ends the writing, and the result is shown; the second ends the program.
void on_interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

/// Raises the soft limit of descriptors to the hard one, here and in the workers. Errors: kTooLarge
/// if that is not enough.
Result<void> provide_descriptors(std::size_t connections) {
  constexpr std::size_t kOthers = 128;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (connections + kOthers > limit.rlim_max) {
    return fail(ErrorCode::kTooLarge,
                "a process may open " + std::to_string(limit.rlim_max) +
                    " descriptors: ask for more --workers");
  }
  return {};
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) {
    return fail(ErrorCode::kUnavailable, "cannot write " + path);
  }
  return {};
}

Result<JsonObject> read_result(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto json = parse_json(text);
  if (!json || !json->is_object()) {
    return fail(ErrorCode::kBadRequest, path + " is no result of a load test");
  }
  return std::move(json->get_object());
}

void print_second(double elapsed, const Second& second) {
  std::puts(progress_line(elapsed, second).c_str());
  std::fflush(stdout);
}

/// Calls `end_writing` again and again once the run is interrupted: it may not write yet.
template <class EndWriting>
void watch_for_interrupt(runtime::Loop& loop, EndWriting end_writing) {
  if (interrupted) {
    end_writing();
  }
  loop.run_after(kInterruptPoll, [&loop, end_writing] { watch_for_interrupt(loop, end_writing); });
}

/// A run in this process, of a LoadTest or PeerTest: the phases in a row.
template <class Test>
class AloneRun {
 public:
  template <class... Arguments>
  explicit AloneRun(const Options& options, runtime::Loop& loop, Arguments... arguments)
      : loop_(loop), test_(options, loop, arguments...), start_(loop.now()) {}

  Result<RunRecord> run() {
    test_.prepare([this](Result<void> prepared) {
      if (prepared) {
        test_.connect([this] { write(); });
      } else {
        result_ = std::move(prepared);
        loop_.stop();
      }
    });
    loop_.run_after(std::chrono::seconds(1), [this] { tick(); });
    watch_for_interrupt(loop_, [this] { test_.end_writing(); });
    loop_.run();
    CS_TRY(result_);
    record_.outcome = test_.outcome();
    record_.measurements = test_.measurements();
    return std::move(record_);
  }

 private:
  void write() {
    test_.write(loop_.now(), [this] { test_.settle([this] { compare(); }); });
  }

  void compare() {
    test_.compare([this] {
      test_.leave();
      loop_.stop();
    });
  }

  void tick() {
    const Second second = take_second(test_.measurements());
    const std::chrono::duration<double> elapsed = loop_.now() - start_;
    record_.timeline.add(elapsed.count(), second);
    record_.ladder.add(second);
    print_second(elapsed.count(), second);
    loop_.run_after(std::chrono::seconds(1), [this] { tick(); });
  }

  runtime::Loop& loop_;
  Test test_;
  TimePoint start_;
  RunRecord record_;
  Result<void> result_;
};

Result<RunRecord> run_alone(const Options& options, runtime::Loop& loop) {
  if (options.protocol != Protocol::kCloudSync) {
    return AloneRun<PeerTest>(options, loop).run();
  }
  std::optional<checker::HistoryWriter> history;
  if (!options.history_path.empty()) {
    CS_TRY_ASSIGN(history, checker::HistoryWriter::open(options.history_path));
  }
  return AloneRun<LoadTest>(options, loop, history ? &*history : nullptr).run();
}

Result<RunRecord> run_workers(const Options& options, runtime::Loop& loop) {
  const bool history = !options.history_path.empty();
  if (history || !options.server_pids.empty()) {
    return fail(ErrorCode::kBadRequest,
                std::string(history ? "--history" : "--server-pid") +
                    " is of one process, and this takes several");
  }
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  Coordinator coordinator(options, loop, program, print_second);
  watch_for_interrupt(loop, [&coordinator] { coordinator.end_writing(); });
  return coordinator.run();
}

/// Says what the system lacks for this load, and raises it if asked to.
Result<void> check_system(const Options& options) {
  const auto needs = find_needs(options, read_sysctls(), descriptor_limit());
  if (options.set_sysctls) {
    CS_TRY(set_sysctls(needs));
  }
  std::vector<Need> unmet;
  for (const Need& need : find_needs(options, read_sysctls(), descriptor_limit())) {
    if (options.check_system || !need.met()) {
      unmet.push_back(need);
    }
  }
  std::fputs(needs_text(unmet).c_str(), options.check_system ? stdout : stderr);
  return {};
}

Result<bool> measure(const Options& options) {
  CS_TRY(check_system(options));
  const std::size_t workers = worker_count(options);
  CS_TRY(provide_descriptors((options.connections + workers - 1) / workers));
  auto loop = runtime::make_loop(options.io_engine);
  if (!loop) {
    return fail(loop.error());
  }
  std::signal(SIGINT, on_interrupt);
  CS_TRY_ASSIGN(const RunRecord record,
                workers > 1 ? run_workers(options, **loop) : run_alone(options, **loop));
  const JsonObject result = result_json(options, record);
  const auto verdicts = judge(options.objectives, result);
  std::fputs(summary_text(record.outcome, record.measurements, verdicts).c_str(), stdout);
  if (options.ladder.size() > 1) {
    std::fputs(ladder_text(options, record.ladder).c_str(), stdout);
  }
  if (!options.json_path.empty()) {
    CS_TRY(write_file(options.json_path, to_json(result) + "\n"));
  }
  if (!options.html_path.empty()) {
    CS_TRY(write_file(options.html_path, html_report(result)));
  }
  return record.outcome.ok() && all_met(verdicts);
}

Result<bool> work(const Options& options) {
  std::signal(SIGINT, SIG_IGN);  // the terminal tells the coordinator, too, and it tells us
  CS_TRY(provide_descriptors(options.connections));
  auto loop = runtime::make_loop(options.io_engine);
  if (!loop) {
    return fail(loop.error());
  }
  Worker(options, **loop, options.worker_channel).run();
  return true;
}

Result<bool> perform(const Options& options) {
  if (!options.compare.empty()) {
    CS_TRY_ASSIGN(const JsonObject first, read_result(options.compare[0]));
    CS_TRY_ASSIGN(const JsonObject second, read_result(options.compare[1]));
    std::fputs(comparison_text(first, second).c_str(), stdout);
    return true;
  }
  if (!options.render.empty()) {
    CS_TRY_ASSIGN(const JsonObject result, read_result(options.render));
    CS_TRY(write_file(options.html_path, html_report(result)));
    return true;
  }
  if (options.check_system) {
    CS_TRY(check_system(options));
    const auto needs = find_needs(options, read_sysctls(), descriptor_limit());
    return std::all_of(needs.begin(), needs.end(), [](const Need& need) { return need.met(); });
  }
  return options.worker_channel >= 0 ? work(options) : measure(options);
}

int run(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (const int* code = std::get_if<int>(&options)) {
    return *code;
  }
  const auto ok = perform(std::get<Options>(options));
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
