#pragma once
// The embedded durable store: one SQLite database in write-ahead mode in the data directory. A
// committer thread writes (group commit, committer.h), reader threads read (reader_pool.h). An
// append answered kCommitted survives power loss, as far as the device honours a sync; an I/O error
// closes the store until a restart (store_health.h).

#include "base/limits.h"
#include "base/metrics.h"
#include "storage/data_directory.h"
#include "storage/directory_store.h"
#include "storage/op_store.h"
#include "storage/snapshot_store.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/store_health.h"

#include <memory>

namespace cloudsync::storage {

class Committer;
class DocumentReader;
class ReaderPool;

struct SqliteOptions {
  /// Created if missing, and locked while the store lives.
  std::filesystem::path directory;
  Limits limits;
  /// Outlives the store.
  Metrics& metrics;
  std::size_t reader_threads = 2;
  /// A registered SQLite VFS, for fault injection; empty for the operating system's.
  std::string vfs_name;
  /// For tests that are to notice when it is less.
  Connection::Synchronous synchronous = Connection::Synchronous::kFull;
};

class SqliteStore final : public OpStore, public SnapshotStore, public DirectoryStore {
 public:
  /// Locks the directory, opens or creates the database and migrates it. Errors: kUnavailable, with
  /// a message for the operator.
  static Result<std::unique_ptr<SqliteStore>> open(SqliteOptions options);

  ~SqliteStore() override;

  /// Commits and answers everything that was asked, then stops the threads; later calls are
  /// answered kRefused or kUnavailable. Blocks; executors that wait for answers stay alive
  /// meanwhile.
  void close();

  /// kUnavailable with the reason once an I/O error closed the store.
  Result<void> health() const { return health_.check(); }

  /// Also kUnavailable while the disk is full; it is tried twice a second whether there is space.
  Result<void> can_write() const { return health_.check_writable(); }

  const DataDirectory& data_directory() const { return directory_; }

  /// What the readers have read since the start.
  const ReadCounters& read_counters() const { return read_counters_; }

  /// Its directory is locked.
  bool is_shared() const override { return false; }

  void append(Append append, Executor& reply_to, UniqueFunction<void(AppendOutcome)> done) override;
  void open_document(DocumentId document,
                     Executor& reply_to,
                     Completion<OpenedDocument> done) override;
  void read_updates(DocumentId document,
                    Revision from,
                    Revision to,
                    ReadBudget budget,
                    Executor& reply_to,
                    Completion<std::vector<Update>> done) override;
  void find_client(DocumentId document,
                   ClientId client,
                   Executor& reply_to,
                   Completion<std::optional<ClientRecord>> done) override;

  void write_snapshot(DocumentId document,
                      Snapshot snapshot,
                      Executor& reply_to,
                      Completion<void> done) override;
  void read_snapshot(DocumentId document,
                     Revision revision,
                     Executor& reply_to,
                     Completion<Snapshot> done) override;

  void create_document(DocumentInfo info,
                       std::string content,
                       Executor& reply_to,
                       Completion<void> done) override;
  void find_document(DocumentId document,
                     Executor& reply_to,
                     Completion<DocumentInfo> done) override;
  void list_documents(UserId user,
                      DocumentPage page,
                      Executor& reply_to,
                      Completion<std::vector<DocumentInfo>> done) override;
  void record_opened(UserId user,
                     DocumentId document,
                     Timestamp at,
                     Executor& reply_to,
                     Completion<void> done) override;

 private:
  SqliteStore(DataDirectory directory, Metrics& metrics);

  Result<void> start(const SqliteOptions& options);

  /// Runs `query` on a reader thread and posts its result.
  template <class T, class Query>
  void read(Executor& reply_to, Completion<T> done, Query query);

  DataDirectory directory_;  ///< first: unlocked only when everything else is closed
  StoreHealth health_;
  Counter& read_overloads_;
  ReadCounters read_counters_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<ReaderPool> readers_;  ///< closed before the committer's connection
};

}  // namespace cloudsync::storage
