#include "storage/sqlite/sqlite_store.h"

#include "base/crash_point.h"
#include "storage/answer.h"
#include "storage/sqlite/committer.h"
#include "storage/sqlite/crash_point_vfs.h"
#include "storage/sqlite/document_reader.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/reader_pool.h"

namespace cloudsync::storage {
namespace {

constexpr const char* kDatabaseFile = "cloudsync.db";

/// A full transaction touches a few pages for each of Limits::commit_batch_ops operations; what
/// doesn't fit into the cache is written to the log early and read back.
constexpr int kWriterCacheKib = 32 * 1'024;
constexpr int kReaderCacheKib = 4 * 1'024;

// A process that died between writing a commit to the log and syncing it left it to the kernel: it
// is read as committed from now on, and its submitter, who sends it again, is told so. SQLite does
// not sync a log that it recovers, but it does before it copies it into the database.
Result<void> make_durable(Connection& connection) {
  const int code = connection.checkpoint(Connection::CheckpointMode::kFull);
  if (classify_sqlite(code) != SqliteFault::kNone) {
    return fail(ErrorCode::kUnavailable,
                "can't make the log of the database durable: " + describe_sqlite(code));
  }
  return {};
}

}  // namespace

SqliteStore::SqliteStore(DataDirectory directory, Metrics& metrics)
    : directory_(std::move(directory)),
      health_(metrics),
      read_overloads_(metrics.limit("read_queue")) {}

SqliteStore::~SqliteStore() {
  close();
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(SqliteOptions options) {
  CS_TRY_ASSIGN(auto directory, DataDirectory::open(options.directory));
  CS_TRY(directory.create_private_file(kDatabaseFile));
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(std::move(directory), options.metrics));
  CS_TRY(store->start(options));
  return store;
}

Result<void> SqliteStore::start(const SqliteOptions& options) {
  Connection::Options connect{
      .path = (directory_.path() / kDatabaseFile).string(),
      .access = Connection::Access::kReadWrite,
      .vfs_name = options.vfs_name,
      .cache_kib = kWriterCacheKib,
      .counters = nullptr,
      .synchronous = options.synchronous,
  };
#ifdef CLOUDSYNC_CRASH_POINTS
  if (connect.vfs_name.empty()) {
    connect.vfs_name = crash_point_vfs();
  }
#endif
  CS_CRASH_POINT("before_open");
  CS_TRY_ASSIGN(auto connection, Connection::open(connect));
  CS_CRASH_POINT("before_migration");
  CS_TRY(migrate(connection));
  CS_CRASH_POINT("after_migration");
  CS_TRY(make_durable(connection));
  CS_TRY_ASSIGN(auto writer, DocumentWriter::open(std::move(connection)));

  connect.access = Connection::Access::kReadOnly;
  connect.cache_kib = kReaderCacheKib;
  connect.counters = &read_counters_;
  std::vector<DocumentReader> readers;
  for (std::size_t i = 0; i < options.reader_threads; ++i) {
    CS_TRY_ASSIGN(auto read_only, Connection::open(connect));
    CS_TRY_ASSIGN(auto reader, DocumentReader::open(std::move(read_only), health_));
    readers.push_back(std::move(reader));
  }
  committer_ =
      std::make_unique<Committer>(std::move(writer), options.limits, health_, options.metrics);
  readers_ = std::make_unique<ReaderPool>(std::move(readers), options.limits.read_queue);
  return {};
}

void SqliteStore::close() {
  // Null only if start() failed.
  if (committer_ != nullptr && readers_ != nullptr) {
    committer_->close();
    readers_->close();
  }
}

template <class T, class Query>
void SqliteStore::read(Executor& reply_to, Completion<T> done, Query query) {
  // Shared with the job, so that a job that is not taken leaves the completion here.
  auto completion = std::make_shared<Completion<T>>(std::move(done));
  ReaderPool::Job job = [this, &reply_to, completion, query = std::move(query)](
                            DocumentReader& reader) {
    const auto sound = health_.check();
    answer(
        reply_to, std::move(*completion), sound ? query(reader) : Result<T>(fail(sound.error())));
  };
  switch (readers_->submit(job)) {
    case ReaderPool::Admission::kTaken:
      return;
    case ReaderPool::Admission::kFull:
      read_overloads_.add();
      answer<Result<T>>(reply_to,
                        std::move(*completion),
                        fail(ErrorCode::kOverloaded, "too many reads wait for the store"));
      return;
    case ReaderPool::Admission::kClosed:
      answer<Result<T>>(
          reply_to, std::move(*completion), fail(ErrorCode::kUnavailable, "the store is closed"));
      return;
  }
}

void SqliteStore::append(Append append,
                         Executor& reply_to,
                         UniqueFunction<void(AppendOutcome)> done) {
  committer_->submit(
      PendingAppend{.append = std::move(append), .reply_to = &reply_to, .done = std::move(done)});
}

void SqliteStore::open_document(DocumentId document,
                                Executor& reply_to,
                                Completion<OpenedDocument> done) {
  read(reply_to, std::move(done), [document = std::move(document)](DocumentReader& reader) {
    return reader.open_document(document);
  });
}

void SqliteStore::read_updates(DocumentId document,
                               Revision from,
                               Revision to,
                               ReadBudget budget,
                               Executor& reply_to,
                               Completion<std::vector<Update>> done) {
  read(reply_to,
       std::move(done),
       [document = std::move(document), from, to, budget](DocumentReader& reader) {
         return reader.read_updates(document, from, to, budget);
       });
}

void SqliteStore::find_client(DocumentId document,
                              ClientId client,
                              Executor& reply_to,
                              Completion<std::optional<ClientRecord>> done) {
  read(reply_to,
       std::move(done),
       [document = std::move(document), client = std::move(client)](DocumentReader& reader) {
         return reader.find_client(document, client);
       });
}

void SqliteStore::write_snapshot(DocumentId document,
                                 Snapshot snapshot,
                                 Executor& reply_to,
                                 Completion<void> done) {
  committer_->submit(PendingWrite{
      .write = WriteSnapshot{.document = std::move(document), .snapshot = std::move(snapshot)},
      .reply_to = &reply_to,
      .done = std::move(done)});
}

void SqliteStore::read_snapshot(DocumentId document,
                                Revision revision,
                                Executor& reply_to,
                                Completion<Snapshot> done) {
  read(reply_to,
       std::move(done),
       [document = std::move(document), revision](DocumentReader& reader) {
         return reader.read_snapshot(document, revision);
       });
}

void SqliteStore::create_document(DocumentInfo info,
                                  std::string content,
                                  Executor& reply_to,
                                  Completion<void> done) {
  committer_->submit(
      PendingWrite{.write = CreateDocument{.info = std::move(info), .content = std::move(content)},
                   .reply_to = &reply_to,
                   .done = std::move(done)});
}

void SqliteStore::find_document(DocumentId document,
                                Executor& reply_to,
                                Completion<DocumentInfo> done) {
  read(reply_to, std::move(done), [document = std::move(document)](DocumentReader& reader) {
    return reader.find_document(document);
  });
}

void SqliteStore::list_documents(UserId user,
                                 DocumentPage page,
                                 Executor& reply_to,
                                 Completion<std::vector<DocumentInfo>> done) {
  read(reply_to, std::move(done), [user = std::move(user), page](DocumentReader& reader) {
    return reader.list_documents(user, page);
  });
}

void SqliteStore::record_opened(
    UserId user, DocumentId document, Timestamp at, Executor& reply_to, Completion<void> done) {
  committer_->submit(PendingWrite{
      .write = RecordOpened{.user = std::move(user), .document = std::move(document), .at = at},
      .reply_to = &reply_to,
      .done = std::move(done)});
}

}  // namespace cloudsync::storage
