#pragma once
// The store that all nodes share, and each node's way to it. Disk is the truth that outlives
// processes; DiskClient belongs to one process, and its calls take a while, fail, are lost on the
// way there or back, and may be carried out after the process died.

#include "environment.h"
#include "storage/memory/memory_store.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::simulation {

/// A commit is durable when it is answered, as with SQLite's WAL and `synchronous=FULL`; Bug has
/// the settings with which it is not.
class Disk {
 public:
  explicit Disk(Environment& environment);

  void create_document();

  /// Commits or not, at once.
  void append(storage::Append append, UniqueFunction<void(storage::AppendOutcome)> done);

  storage::MemoryStore& store() { return *store_; }

  /// What is on its way is gone, and with some bugs what was answered, too.
  void lose_power();

  /// Changes with each loss of power.
  std::uint64_t epoch() const { return epoch_; }

  bool full() const { return environment_.world.now() < full_until_; }

  void fill(Duration until) { full_until_ = until; }

  void slow_down(Duration until, Duration by) {
    slow_until_ = until;
    slow_by_ = by;
  }

  Duration slowness() const {
    return environment_.world.now() < slow_until_ && !environment_.faults.healed() ? slow_by_
                                                                                   : Duration(0);
  }

  /// The log and what it starts from, for the checker.
  void export_log();

  // Of the appends of one node, over its processes.
  struct Counts {
    std::uint64_t appends = 0;
    std::uint64_t reads = 0;
  };

  Counts& counts(std::int64_t node) { return counts_[node]; }

  std::uint64_t conflicts = 0;  ///< outcomes that nodes were told
  std::uint64_t unknowns = 0;
  std::uint64_t lost_commits = 0;

 private:
  std::size_t commits_kept();
  void rebuild(std::size_t commits);

  Environment& environment_;
  ProcessExecutor executor_;  // for answers that nobody waits for
  std::unique_ptr<storage::MemoryStore> store_;
  std::vector<storage::Append> commits_;  // kept with bugs that lose some
  std::map<std::int64_t, Counts> counts_;
  std::uint64_t epoch_ = 0;
  Duration full_until_{};
  Duration slow_until_{};
  Duration slow_by_{};
};

class DiskClient final : public storage::OpStore, public storage::SnapshotStore {
 public:
  /// `crash` ends the process, for so long, as soon as it is out of the call.
  DiskClient(Environment& environment,
             Disk& disk,
             std::int64_t node,
             std::string name,
             std::function<void(Duration)> crash,
             std::function<void(Duration)> crash_at_publish);

  ~DiskClient() override { *alive_ = false; }

  DiskClient(const DiskClient&) = delete;
  DiskClient& operator=(const DiskClient&) = delete;

  bool is_shared() const override { return environment_.plan.nodes > 1; }

  void append(storage::Append append,
              Executor& reply_to,
              UniqueFunction<void(storage::AppendOutcome)> done) override;
  void open_document(DocumentId document,
                     Executor& reply_to,
                     Completion<storage::OpenedDocument> done) override;
  void read_updates(DocumentId document,
                    Revision from,
                    Revision to,
                    storage::ReadBudget budget,
                    Executor& reply_to,
                    Completion<std::vector<storage::Update>> done) override;
  void find_client(DocumentId document,
                   ClientId client,
                   Executor& reply_to,
                   Completion<std::optional<storage::ClientRecord>> done) override;
  void write_snapshot(DocumentId document,
                      storage::Snapshot snapshot,
                      Executor& reply_to,
                      Completion<void> done) override;
  void read_snapshot(DocumentId document,
                     Revision revision,
                     Executor& reply_to,
                     Completion<storage::Snapshot> done) override;

 private:
  /// Who waits for the outcome of an append; answered once.
  struct Waiting {
    Executor* reply_to;
    UniqueFunction<void(storage::AppendOutcome)> done;
  };

  Duration travel();
  template <class T>
  void call(Executor& reply_to,
            Completion<T> done,
            UniqueFunction<void(Executor&, Completion<T>)> carry_out);
  void carry_out(storage::Append append, const std::shared_ptr<Waiting>& waiting, std::uint64_t n);
  void answer_later(const std::shared_ptr<Waiting>& waiting,
                    const storage::AppendOutcome& outcome,
                    UniqueFunction<void()> before = nullptr);
  void append_late(storage::Append append, std::uint64_t n);
  void append_again(const storage::Append& append, std::uint64_t n);
  void append_early_answered(storage::Append append,
                             const std::shared_ptr<Waiting>& waiting,
                             std::uint64_t n);
  void note_commit(const storage::Append& append);
  void note_load(Revision revision);

  Environment& environment_;
  Disk& disk_;
  std::int64_t node_;
  std::string name_;
  std::function<void(Duration)> crash_;
  std::function<void(Duration)> crash_at_publish_;
  ProcessExecutor nobody_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace cloudsync::simulation
