#pragma once
// The disk that outlives server processes: a memory store whose calls take a while, fail and, after
// a crash, may still be carried out late.

#include "plan.h"
#include "storage/memory/memory_store.h"
#include "world.h"

namespace cloudsync::simulation {

class FaultyStore final : public storage::OpStore, public storage::SnapshotStore {
 public:
  FaultyStore(World& world, const Plan& plan);

  /// No more faults from now on.
  void heal() { healed_ = true; }

  /// The process that used the store died.
  void on_crash() { ++process_; }

  storage::MemoryStore& disk() { return disk_; }

  /// Outcomes that the server was told.
  std::uint64_t conflicts() const { return conflicts_; }

  std::uint64_t unknowns() const { return unknowns_; }

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
  Duration delay() { return world_.milliseconds(0, plan_.store_delay_ms_max); }

  bool fails() { return !healed_ && world_.chance(plan_.read_failure); }

  /// Runs `call` after a while, as long as the process lives: its replies are of no use to anybody
  /// else.
  void later(UniqueFunction<void()> call);
  void count(storage::AppendStatus status);
  void append_late(storage::Append append);
  void append_again(const storage::Append& append);
  void append_early_answered(storage::Append append,
                             Executor& reply_to,
                             UniqueFunction<void(storage::AppendOutcome)> done);

  World& world_;
  const Plan& plan_;
  storage::MemoryStore disk_;
  ProcessExecutor nobody_;  // answers that nobody waits for
  std::uint64_t process_ = 0;
  bool healed_ = false;
  std::uint64_t conflicts_ = 0;
  std::uint64_t unknowns_ = 0;
};

}  // namespace cloudsync::simulation
