#pragma once
// RAII over the SQLite C interface: a Connection and its prepared Statements, each used by one
// thread at a time. Errors are SQLite's extended result codes (sqlite3.h), kept as int so that the
// heavy header stays in the .cc files; connection.h names the few classes of them that matter here.

#include "base/result.h"
#include "base/shared_text.h"
#include "base/strong.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace cloudsync::storage {

/// What a result code means for the store.
enum class SqliteFault : std::uint8_t {
  kNone,
  kConstraint,   ///< the statement was refused by the schema; the transaction goes on
  kTransaction,  ///< the transaction can't go on (disk full, out of memory, busy); the store can
  kStore,        ///< the file or the device is in doubt (I/O error, corruption)
};

SqliteFault classify_sqlite(int code);
std::string describe_sqlite(int code);

/// What all statements of one or more connections have read; thread-safe.
struct ReadCounters {
  std::atomic<std::uint64_t> rows{0};            ///< rows returned
  std::atomic<std::uint64_t> fullscan_steps{0};  ///< rows visited without the help of an index
};

/// A prepared statement. Parameters are numbered ?1, ?2, …
class Statement {
 public:
  enum class Step : std::uint8_t { kRow, kDone, kError };

  Statement() = default;

  /// Binds ?1, ?2, … Text and blobs are borrowed until reset().
  template <class... Values>
  void bind(const Values&... values) {
    int index = 0;
    (bind_at(++index, values), ...);
  }

  Step step();
  /// Ends the execution and forgets the parameters; the statement can then be bound again.
  void reset();

  /// The extended result code of the last step that was kError.
  int error() const { return error_; }

  /// The columns of the current row, 0-based; views are valid until the next step.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::span<const std::uint8_t> blob(int column) const;

 private:
  friend class Connection;

  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };

  Statement(sqlite3_stmt* statement, ReadCounters* counters)
      : statement_(statement), counters_(counters) {}

  void bind_at(int index, std::int64_t value);
  void bind_at(int index, std::string_view value);
  void bind_at(int index, std::span<const std::uint8_t> value);

  template <std::size_t kSize>
  void bind_at(int index, const std::array<std::uint8_t, kSize>& value) {
    bind_at(index, std::span<const std::uint8_t>(value));
  }

  template <class Tag>
  void bind_at(int index, const Strong<Tag, SharedText>& value) {
    bind_at(index, std::string_view(value.value()));
  }

  template <class Tag>
  void bind_at(int index, const Strong<Tag, std::int64_t>& value) {
    bind_at(index, value.value());
  }

  /// Revisions and sequence numbers stay far below 2^63 (peers count to 2^53 at most).
  template <class Tag>
  void bind_at(int index, const Strong<Tag, std::uint64_t>& value) {
    bind_at(index, static_cast<std::int64_t>(value.value()));
  }

  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  ReadCounters* counters_ = nullptr;  ///< may be null
  int bind_error_ = 0;
  int error_ = 0;
};

/// One execution of a cached statement: binds now, resets at the end of the scope.
class Execution {
 public:
  template <class... Values>
  explicit Execution(Statement& statement, const Values&... values) : statement_(statement) {
    statement_.bind(values...);
  }

  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  ~Execution() { statement_.reset(); }

  Statement::Step step() { return statement_.step(); }

  bool next_row() { return statement_.step() == Statement::Step::kRow; }

  /// Runs to the end; the result code, 0 if it went well.
  int run();

  const Statement& row() const { return statement_; }

  int error() const { return statement_.error(); }

 private:
  Statement& statement_;
};

class Connection {
 public:
  enum class Access : std::uint8_t { kReadOnly, kReadWrite };

  enum class CheckpointMode : std::uint8_t {
    kPassive,   ///< copies what it can without waiting for anybody
    kFull,      ///< copies all, waiting for readers of older states
    kTruncate,  ///< waits for readers and empties the log file
  };

  /// When SQLite syncs the log (sqlite.org/pragma.html#pragma_synchronous).
  enum class Synchronous : std::uint8_t {
    kFull,    ///< at every commit
    kNormal,  ///< before a checkpoint
    kOff,     ///< never
  };

  struct Options {
    std::string path;
    Access access = Access::kReadWrite;
    std::string vfs_name;              ///< empty for the operating system's
    int cache_kib = 4 * 1'024;         ///< pages kept in memory
    ReadCounters* counters = nullptr;  ///< outlives the connection
    /// Less than kFull breaks the store's promise: for tests that are to notice.
    Synchronous synchronous = Synchronous::kFull;
  };

  /// Opens an existing database file with the settings that the store's promises rest on: WAL,
  /// synchronous=FULL (unless told otherwise), foreign keys, no automatic checkpoint. Errors:
  /// kUnavailable.
  static Result<Connection> open(const Options& options);

  Result<Statement> prepare(std::string_view sql);
  /// Runs any number of statements; the result code, 0 if it went well.
  int execute(const char* sql);
  /// Like execute, for start-up code: the error is kUnavailable and names the cause.
  Result<void> run(const char* sql);

  /// Rows changed by the last INSERT, UPDATE or DELETE.
  std::int64_t changes() const;
  bool in_transaction() const;

  /// Pages in the write-ahead log after the last commit.
  int wal_pages() const { return *wal_pages_; }

  /// Copies the write-ahead log into the database. The result code, 0 if it went well.
  int checkpoint(CheckpointMode wanted);
  /// Gives back the pages that are kept in memory, as far as no statement uses them.
  void release_memory();
  /// Leaves the log as it is when the connection closes, for recovery at the next start.
  void keep_log_on_close();

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };

  explicit Connection(sqlite3* database) : database_(database) {}

  std::unique_ptr<int> wal_pages_ = std::make_unique<int>(0);  ///< written by SQLite's hook
  std::unique_ptr<sqlite3, Closer> database_;
  ReadCounters* counters_ = nullptr;
};

}  // namespace cloudsync::storage
