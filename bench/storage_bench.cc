// Appends a second through the stores, at 1, 16 and 256 documents in flight (each document has one
// append in flight, as the document service does). "ops" counts operations, "appends" their groups.
//
//   storage_bench --benchmark_counters_tabular=true
//
// The database lies in the directory of TMPDIR: it must be on a real disk, or a sync costs nothing.

#include "base/metrics.h"
#include "storage/memory/memory_store.h"
#include "storage/sqlite/sqlite_store.h"

#include <benchmark/benchmark.h>

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>

namespace cloudsync::storage {
namespace {

/// Runs tasks on the benchmark's thread.
class BenchExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> task) override {
    // Woken under the lock: the executor may be destroyed as soon as the task was seen.
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake_.notify_one();
  }

  /// Waits for tasks and runs all that are there.
  void run_ready() {
    std::deque<UniqueFunction<void()>> ready;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !tasks_.empty(); });
      ready.swap(tasks_);
    }
    for (auto& task : ready) {
      task();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<UniqueFunction<void()>> tasks_;
};

/// Keeps one append in flight for each of its documents.
template <class Store>
class Editors {
 public:
  Editors(Store& store, std::size_t documents, std::size_t ops) : store_(store), ops_(ops) {
    for (std::size_t i = 0; i < documents; ++i) {
      ids_.emplace_back("document-with-22-ch-" + std::to_string(i));
      heads_.push_back(0);
      create(ids_.back());
    }
    while (created_ < documents) {
      loop_.run_ready();
    }
  }

  /// Commits one append for every document.
  void run_round() {
    waiting_ = ids_.size();
    for (std::size_t document = 0; document < ids_.size(); ++document) {
      submit(document);
    }
    while (waiting_ > 0) {
      loop_.run_ready();
    }
  }

  std::size_t failures() const { return failures_; }

 private:
  void create(const DocumentId& id) {
    DocumentInfo info;
    info.id = id;
    info.org = OrgId("org");
    info.type = "text";
    info.created_by = UserId("user");
    store_.create_document(info, "\"\"", loop_, [this](const Result<void>&) { ++created_; });
  }

  void submit(std::size_t document) {
    Append append{.document = ids_[document],
                  .expected_head = Revision(heads_[document]),
                  .updates = {},
                  .clients = {}};
    for (std::size_t i = 0; i < ops_; ++i) {
      Update update;
      update.revision = Revision(++heads_[document]);
      update.client = ClientId("client-with-22-charac");
      update.seq = ClientSeq(heads_[document]);
      update.user = UserId("user");
      update.op = R"([120,"a"])";
      append.updates.push_back(std::move(update));
    }
    append.clients.push_back({.client = ClientId("client-with-22-charac"),
                              .last_seq = ClientSeq(heads_[document]),
                              .revision = Revision(heads_[document])});
    store_.append(std::move(append), loop_, [this](const AppendOutcome& outcome) {
      --waiting_;
      failures_ += outcome.status == AppendStatus::kCommitted ? 0 : 1;
    });
  }

  Store& store_;
  const std::size_t ops_;
  BenchExecutor loop_;
  std::vector<DocumentId> ids_;
  std::vector<std::uint64_t> heads_;
  std::size_t created_ = 0;
  std::size_t waiting_ = 0;
  std::size_t failures_ = 0;
};

template <class Store>
void append_rounds(benchmark::State& state, Store& store) {
  const auto documents = static_cast<std::size_t>(state.range(0));
  const auto ops = static_cast<std::size_t>(state.range(1));
  Editors<Store> editors(store, documents, ops);
  for (auto _ : state) {
    editors.run_round();
  }
  if (editors.failures() > 0) {
    state.SkipWithError("an append was not committed");
  }
  const auto appends = static_cast<double>(state.iterations()) * static_cast<double>(documents);
  using benchmark::Counter;
  state.counters["appends"] = Counter(appends, Counter::kIsRate);
  state.counters["ops"] = Counter(appends * static_cast<double>(ops), Counter::kIsRate);
}

void memory_append(benchmark::State& state) {
  MemoryStore store;
  append_rounds(state, store);
}

void sqlite_append(benchmark::State& state) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "cloudsync_bench_XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(pattern.data());
  Metrics metrics;
  {
    auto store = SqliteStore::open(
        {.directory = directory, .limits = {}, .metrics = metrics, .vfs_name = {}});
    if (!store) {
      state.SkipWithError(store.error().message.c_str());
      return;
    }
    append_rounds(state, **store);
  }
  const auto& seconds = metrics.histogram("cloudsync_commit_seconds", "", latency_bounds());
  const auto& ops = metrics.histogram("cloudsync_commit_batch_ops", "", size_bounds());
  const auto commits = static_cast<double>(seconds.count());
  state.counters["commit_ms"] = seconds.sum() * 1'000 / commits;
  state.counters["ops_per_commit"] = ops.sum() / commits;
  std::filesystem::remove_all(directory);
}

// Documents in flight, operations of one append.
BENCHMARK(memory_append)->Args({1, 1})->Args({16, 1})->Args({256, 1})->UseRealTime();
BENCHMARK(sqlite_append)
    ->Args({1, 1})
    ->Args({16, 1})
    ->Args({256, 1})
    ->Args({1, 16})
    ->Args({256, 16})
    ->UseRealTime();

}  // namespace
}  // namespace cloudsync::storage
