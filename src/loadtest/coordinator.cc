#include "loadtest/coordinator.h"

#include "loadtest/measurements_json.h"
#include "loadtest/partition.h"

#include <spawn.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cloudsync::loadtest {
namespace {

/// The worker's end of the channel: the first descriptor behind those of input, output and errors.
constexpr int kWorkerChannel = 3;
/// Workers begin to write at one time, which all are told before it.
constexpr std::chrono::milliseconds kStartDelay{200};
constexpr std::chrono::milliseconds kSettlePoll{100};

Error system_error(const std::string& what, int error) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(error)};
}

/// The process, which has `channel` as kWorkerChannel.
Result<pid_t> spawn(const std::string& program, std::vector<std::string> arguments, int channel) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, channel, kWorkerChannel);
  pid_t process = -1;
  const int error =
      ::posix_spawn(&process, program.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return fail(system_error("cannot start " + program, error));
  }
  return process;
}

}  // namespace

Coordinator::Coordinator(const Options& options,
                         runtime::Loop& loop,
                         std::string program,
                         OnSecond on_second)
    : options_(options),
      loop_(loop),
      program_(std::move(program)),
      on_second_(std::move(on_second)),
      start_(loop.now()) {}

Coordinator::~Coordinator() {
  // Their channels are closed with the loop, which is how a worker notices.
  for (const auto& worker : workers_) {
    int status = 0;
    while (worker->process > 0 && ::waitpid(worker->process, &status, 0) < 0 && errno == EINTR) {
    }
  }
}

Result<RunRecord> Coordinator::run() {
  CS_TRY_ASSIGN(const auto parts, divide(options_, worker_count(options_)));
  for (const Options& part : parts) {
    if (const auto started = start_worker(part); !started) {
      error_ = started.error();
      break;
    }
  }
  if (error_) {
    loop_.stop();
  } else {
    next_phase();
  }
  loop_.run_after(std::chrono::seconds(1), [this] { tick(); });
  loop_.run();
  if (error_) {
    return fail(*error_);
  }
  return std::move(record_);
}

void Coordinator::end_writing() {
  for (const auto& worker : workers_) {
    worker->channel->send(JsonObject{{"do", "end-writing"}});
  }
}

Result<void> Coordinator::start_worker(const Options& part) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return fail(system_error("no channel to a worker", errno));
  }
  std::vector<std::string> arguments = worker_arguments(part);
  arguments.insert(arguments.begin(), program_);
  arguments.insert(arguments.end(), {"--worker-channel", std::to_string(kWorkerChannel)});
  // dup2() to the number that it has already would leave it to be closed.
  int worker_end = ends[1];
  if (worker_end == kWorkerChannel) {
    worker_end = ::fcntl(ends[1], F_DUPFD_CLOEXEC, kWorkerChannel + 1);
    ::close(ends[1]);
  }
  const auto process = spawn(program_, std::move(arguments), worker_end);
  ::close(worker_end);
  if (!process) {
    ::close(ends[0]);
    return fail(process.error());
  }
  const std::size_t index = workers_.size();
  workers_.push_back(std::make_unique<Worker>());
  workers_.back()->process = *process;
  workers_.back()->channel = std::make_unique<LineChannel>(
      loop_,
      ends[0],
      [this, index](const JsonObject& message) { on_message(index, message); },
      [this, index] { on_ended(index); });
  return {};
}

void Coordinator::tell(std::size_t index, JsonObject message) {
  workers_[index]->busy = message.contains("do");
  workers_[index]->channel->send(message);
}

void Coordinator::start(std::string_view phase) {
  phase_ = phase;
  JsonObject message{{"do", boost::json::string_view(phase.data(), phase.size())}};
  if (phase == "write") {
    message["atNs"] = (loop_.now() + kStartDelay).time_since_epoch().count();
  }
  // The documents of a spread load are created by the first worker, and given to the others.
  const std::size_t told = phase == "prepare" && options_.spread ? 1 : workers_.size();
  for (std::size_t i = 0; i < told; ++i) {
    tell(i, message);
  }
}

void Coordinator::on_message(std::size_t index, const JsonObject& message) {
  Worker& worker = *workers_[index];
  if (const JsonValue* second = message.if_contains("second"); second && second->is_object()) {
    const Second told = read_second(second->get_object());
    worker.second.joined = 0;
    worker.second.errors.clear();
    merge_second(worker.second, told);
  }
  if (message.contains("edits")) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (i != index) {
        workers_[i]->channel->send(message);
      }
    }
  }
  if (const auto* error = find_string(message, "error")) {
    give_up(std::string(view(*error)));
  }
  if (message.contains("over")) {
    on_phase_over(index, message);
  }
}

void Coordinator::on_phase_over(std::size_t index, const JsonObject& answer) {
  workers_[index]->busy = false;
  if (phase_ == "prepare" && index == 0 && options_.spread && workers_.size() > 1) {
    for (std::size_t i = 1; i < workers_.size(); ++i) {
      tell(i, JsonObject{{"do", "prepare"}, {"documents", answer.at("documents")}});
    }
    return;
  }
  if (phase_ == "settle") {
    unsettled_ += find_unsigned(answer, "unsettled").value_or(0);
    workers_[index]->revisions = answer.at("revisions").as_array();
  }
  if (phase_ == "compare") {
    merge_outcome(record_.outcome, answer.at("outcome").as_object());
    merge_measurements(record_.measurements, answer.at("measurements").as_object());
  }
  if (std::none_of(workers_.begin(), workers_.end(), [](const auto& each) { return each->busy; })) {
    next_phase();
  }
}

bool Coordinator::at_one_revision() const {
  return std::all_of(workers_.begin(), workers_.end(), [this](const auto& worker) {
    return worker->revisions == workers_.front()->revisions;
  });
}

void Coordinator::next_phase() {
  if (phase_.empty()) {
    start("prepare");
  } else if (phase_ == "prepare") {
    start("connect");
  } else if (phase_ == "connect") {
    start("write");
  } else if (phase_ == "write") {
    settle_start_ = loop_.now();
    start("settle");
  } else if (phase_ == "settle") {
    const bool settled = unsettled_ == 0 && at_one_revision();
    if (!settled && loop_.now() - settle_start_ < options_.settle) {
      unsettled_ = 0;
      loop_.run_after(kSettlePoll, [this] { start("settle"); });
      return;
    }
    start("compare");
  } else if (phase_ == "compare") {
    if (!at_one_revision()) {
      record_.outcome.unsettled_documents =
          std::max<std::size_t>(record_.outcome.unsettled_documents, 1);
    }
    start("leave");
  }
}

void Coordinator::on_ended(std::size_t index) {
  if (phase_ != "leave") {
    give_up("worker " + std::to_string(index) + " is gone");
    return;
  }
  workers_[index]->busy = false;
  if (std::none_of(workers_.begin(), workers_.end(), [](const auto& each) { return each->busy; })) {
    tick();
    loop_.stop();
  }
}

void Coordinator::tick() {
  Second all;
  for (const auto& worker : workers_) {
    merge_second(all, worker->second);
    worker->second.start_next();
  }
  const std::chrono::duration<double> elapsed = loop_.now() - start_;
  record_.timeline.add(elapsed.count(), all);
  record_.ladder.add(all);
  on_second_(elapsed.count(), all);
  loop_.run_after(std::chrono::seconds(1), [this] { tick(); });
}

void Coordinator::give_up(std::string message) {
  if (!error_) {
    error_ = Error{ErrorCode::kUnavailable, std::move(message)};
  }
  loop_.stop();
}

}  // namespace cloudsync::loadtest
