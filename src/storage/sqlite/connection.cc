#include "storage/sqlite/connection.h"

#include "base/assert.h"

#include <sqlite3.h>

namespace cloudsync::storage {
namespace {

/// How long a connection waits for a lock that another holds: only recovery and checkpoints hold
/// one.
constexpr int kBusyTimeoutMs = 5'000;

int remember_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

SqliteFault classify_sqlite(int code) {
  switch (code & 0xff) {  // the primary result code
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return SqliteFault::kNone;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return SqliteFault::kConstraint;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
      return SqliteFault::kTransaction;
    default:
      return SqliteFault::kStore;
  }
}

std::string describe_sqlite(int code) {
  return std::string(sqlite3_errstr(code)) + " (sqlite " + std::to_string(code) + ")";
}

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Step Statement::step() {
  if (bind_error_ != SQLITE_OK) {
    error_ = bind_error_;
    return Step::kError;
  }
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    if (counters_ != nullptr) {
      counters_->rows.fetch_add(1, std::memory_order_relaxed);
    }
    return Step::kRow;
  }
  if (code == SQLITE_DONE) {
    return Step::kDone;
  }
  error_ = sqlite3_extended_errcode(sqlite3_db_handle(statement_.get()));
  return Step::kError;
}

void Statement::reset() {
  if (counters_ != nullptr) {
    const int scanned =
        sqlite3_stmt_status(statement_.get(), SQLITE_STMTSTATUS_FULLSCAN_STEP, /*resetFlg=*/1);
    counters_->fullscan_steps.fetch_add(static_cast<std::uint64_t>(scanned),
                                        std::memory_order_relaxed);
  }
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  bind_error_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* data = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  const auto* data =
      static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {data, static_cast<std::size_t>(size)};
}

void Statement::bind_at(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), index, value);
  CS_ASSERT(code == SQLITE_OK, "the statement has this parameter");
}

void Statement::bind_at(int index, std::string_view value) {
  // A null pointer would bind NULL instead of the empty text.
  const char* data = value.data() != nullptr ? value.data() : "";
  const int code =
      sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  bind_error_ = code != SQLITE_OK ? code : bind_error_;
}

void Statement::bind_at(int index, std::span<const std::uint8_t> value) {
  const int code =
      sqlite3_bind_blob64(statement_.get(), index, value.data(), value.size(), SQLITE_STATIC);
  bind_error_ = code != SQLITE_OK ? code : bind_error_;
}

int Execution::run() {
  while (true) {
    switch (statement_.step()) {
      case Statement::Step::kRow:
        continue;
      case Statement::Step::kDone:
        return SQLITE_OK;
      case Statement::Step::kError:
        return statement_.error();
    }
  }
}

void Connection::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Result<Connection> Connection::open(const Options& options) {
  // Each connection belongs to one thread, so SQLite's own mutexes are not needed. No
  // SQLITE_OPEN_CREATE: the file is made beforehand with its mode (data_directory.h).
  const int flags =
      SQLITE_OPEN_NOMUTEX |
      (options.access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(options.path.c_str(),
                                   &database,
                                   flags,
                                   options.vfs_name.empty() ? nullptr : options.vfs_name.c_str());
  Connection connection(database);  // SQLite hands out a handle even when it fails
  if (code != SQLITE_OK) {
    return fail(ErrorCode::kUnavailable,
                "can't open the database " + options.path + ": " + describe_sqlite(code));
  }
  connection.counters_ = options.counters;
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  CS_TRY(connection.run("PRAGMA journal_mode = WAL"));
  // FULL syncs the write-ahead log at every commit; the WAL default of many builds, NORMAL, would
  // lose acknowledged operations at power loss (sqlite.org/pragma.html#pragma_synchronous).
  switch (options.synchronous) {
    case Synchronous::kFull:
      CS_TRY(connection.run("PRAGMA synchronous = FULL"));
      break;
    case Synchronous::kNormal:
      CS_TRY(connection.run("PRAGMA synchronous = NORMAL"));
      break;
    case Synchronous::kOff:
      CS_TRY(connection.run("PRAGMA synchronous = OFF"));
      break;
  }
  CS_TRY(connection.run("PRAGMA foreign_keys = ON"));
  CS_TRY(connection.run("PRAGMA temp_store = MEMORY"));
  const std::string cache = "PRAGMA cache_size = -" + std::to_string(options.cache_kib);
  CS_TRY(connection.run(cache.c_str()));
  // An automatic checkpoint swallows the result of its fsync; the committer runs it and looks.
  CS_TRY(connection.run("PRAGMA wal_autocheckpoint = 0"));
  sqlite3_wal_hook(database, remember_wal_pages, connection.wal_pages_.get());
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(),
                                      sql.data(),
                                      static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT,
                                      &statement,
                                      nullptr);
  if (code != SQLITE_OK) {
    return fail(ErrorCode::kUnavailable,
                "can't prepare a statement: " + std::string(sqlite3_errmsg(database_.get())));
  }
  return Statement(statement, counters_);
}

int Connection::execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? SQLITE_OK : sqlite3_extended_errcode(database_.get());
}

Result<void> Connection::run(const char* sql) {
  if (execute(sql) != SQLITE_OK) {
    return fail(ErrorCode::kUnavailable,
                "the database refused: " + std::string(sqlite3_errmsg(database_.get())));
  }
  return {};
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(database_.get());
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

int Connection::checkpoint(CheckpointMode wanted) {
  const int mode = wanted == CheckpointMode::kTruncate ? SQLITE_CHECKPOINT_TRUNCATE
                   : wanted == CheckpointMode::kFull   ? SQLITE_CHECKPOINT_FULL
                                                       : SQLITE_CHECKPOINT_PASSIVE;
  int pages = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, mode, &pages, &copied);
  if (code != SQLITE_OK) {
    return sqlite3_extended_errcode(database_.get());
  }
  if (pages == copied) {
    *wal_pages_ = 0;  // the next commit starts the log over
  }
  return SQLITE_OK;
}

void Connection::release_memory() {
  sqlite3_db_release_memory(database_.get());
}

void Connection::keep_log_on_close() {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace cloudsync::storage
