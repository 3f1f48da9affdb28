#include "storage/sqlite/committer.h"

#include "base/crash_point.h"
#include "storage/answer.h"
#include "storage/sqlite/idle_wait.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>

namespace cloudsync::storage {
namespace {

/// Content that writes beside appends may add to one transaction: about a millisecond of writing.
constexpr std::size_t kWriteBytesPerCommit = 256 * 1024;
/// Writes beside appends that one transaction takes.
constexpr std::size_t kWritesPerCommit = 256;
/// How long writes that nobody waits for are gathered, and how many at most: some 5 ms of writing.
constexpr std::chrono::milliseconds kGatherTime{100};
constexpr std::size_t kGatheredMax = 1'024;
/// Content that may wait for the committer; a snapshot is at most Limits::document_bytes.
constexpr std::size_t kWaitingWriteBytes = 256 * 1024 * 1024;
/// The log is copied into the database above this (8 MiB at 4 KiB a page) …
constexpr int kCheckpointPages = 2'048;
/// … and cut, waiting for readers, when they kept that from finishing for long (256 MiB).
constexpr int kTruncatePages = 65'536;

/// How often a full disk is tried while nobody asks.
constexpr std::chrono::milliseconds kProbeInterval{500};

bool is_full(int code) {
  return (code & 0xff) == SQLITE_FULL;
}

std::size_t content_bytes(const Write& write) {
  if (const auto* create = std::get_if<CreateDocument>(&write)) {
    return create->content.size();
  }
  if (const auto* snapshot = std::get_if<WriteSnapshot>(&write)) {
    return snapshot->snapshot.content.size();
  }
  return 0;
}

}  // namespace

Committer::Committer(DocumentWriter writer,
                     const Limits& limits,
                     StoreHealth& health,
                     Metrics& metrics)
    : append_queue_limit_(limits.commit_queue),
      batch_ops_limit_(limits.commit_batch_ops),
      gathered_limit_(std::min(kGatheredMax, limits.commit_queue)),
      health_(health),
      commits_(metrics.counter("cloudsync_commits_total", "Transactions committed")),
      overloads_(metrics.limit("commit_queue")),
      batch_ops_(metrics.histogram(
          "cloudsync_commit_batch_ops", "Operations in one transaction", size_bounds())),
      commit_seconds_(metrics.histogram("cloudsync_commit_seconds",
                                        "Duration of one transaction, its sync included",
                                        latency_bounds())),
      writer_(std::move(writer)),
      thread_([this] { run(); }) {}

Committer::~Committer() {
  close();
  if (health_.failed()) {
    writer_.connection().keep_log_on_close();
  }
}

void Committer::submit(PendingAppend append) {
  AppendOutcome refusal;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) {
      refusal.reason = "the store is closed";
    } else if (appends_.size() >= append_queue_limit_) {
      refusal.reason = "too many appends wait for the store";
      refusal.refusal = ErrorCode::kOverloaded;
      overloads_.add();
    } else {
      appends_.push_back(std::move(append));
    }
  }
  if (refusal.reason.empty()) {
    wake_.notify_one();
    return;
  }
  // NOLINTNEXTLINE(bugprone-use-after-move): what was refused was not moved
  answer<AppendOutcome>(*append.reply_to, std::move(append.done), std::move(refusal));
}

void Committer::submit(PendingWrite write) {
  const std::size_t bytes = content_bytes(write.write);
  Result<void> refusal;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) {
      refusal = fail(ErrorCode::kUnavailable, "the store is closed");
    } else if (writes_.size() + gathered_.size() >= append_queue_limit_ ||
               writes_bytes_ + bytes > kWaitingWriteBytes) {
      refusal = fail(ErrorCode::kOverloaded, "too many writes wait for the store");
    } else if (std::holds_alternative<RecordOpened>(write.write)) {
      if (gathered_.empty()) {
        gathered_due_ = std::chrono::steady_clock::now() + kGatherTime;
      }
      gathered_.push_back(std::move(write));
    } else {
      writes_bytes_ += bytes;
      writes_.push_back(std::move(write));
    }
  }
  if (refusal) {
    wake_.notify_one();
    return;
  }
  if (refusal.error().code == ErrorCode::kOverloaded) {
    overloads_.add();
  }
  // NOLINTNEXTLINE(bugprone-use-after-move): what was refused was not moved
  answer(*write.reply_to, std::move(write.done), std::move(refusal));
}

void Committer::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  std::call_once(joined_, [this] { thread_.join(); });
}

void Committer::run() {
  while (true) {
    auto batch = take();
    if (!batch) {
      probe_space();
      continue;
    }
    if (batch->appends.empty() && batch->writes.empty()) {
      return;
    }
    commit(*batch);
    answer_all(*batch);
    checkpoint_if_due();
  }
}

std::optional<Committer::Batch> Committer::take() {
  std::unique_lock lock(mutex_);
  const auto is_wanted = [this] {
    return closing_ || !appends_.empty() || !writes_.empty() || !gathered_.empty();
  };
  if (!health_.full()) {
    wait_for_work(lock, wake_, is_wanted, [this] { writer_.connection().release_memory(); });
  } else if (!wake_.wait_for(lock, kProbeInterval, is_wanted)) {
    return std::nullopt;
  }
  wake_.wait_until(lock, gathered_due_, [this] {
    return closing_ || !appends_.empty() || !writes_.empty() || gathered_.size() >= gathered_limit_;
  });
  Batch batch;
  take_appends(batch);
  take_writes(batch);
  take_gathered(batch);
  return batch;
}

void Committer::take_appends(Batch& batch) {
  std::size_t ops = 0;
  while (!appends_.empty()) {
    ops += appends_.front().append.updates.size();
    if (!batch.appends.empty() && ops > batch_ops_limit_) {
      break;
    }
    batch.appends.push_back(std::move(appends_.front()));
    appends_.pop_front();
  }
}

// At least one write joins, so that appends can't hold it off for ever.
void Committer::take_writes(Batch& batch) {
  std::size_t bytes = 0;
  while (!writes_.empty() && batch.writes.size() < kWritesPerCommit) {
    const std::size_t more = content_bytes(writes_.front().write);
    if (!batch.writes.empty() && bytes + more > kWriteBytesPerCommit) {
      break;
    }
    bytes += more;
    writes_bytes_ -= more;
    batch.writes.push_back(std::move(writes_.front()));
    writes_.pop_front();
  }
}

void Committer::take_gathered(Batch& batch) {
  if (!closing_ && gathered_.size() < gathered_limit_ &&
      std::chrono::steady_clock::now() < gathered_due_) {
    return;
  }
  for (std::size_t i = 0; i < gathered_limit_ && !gathered_.empty(); ++i) {
    batch.writes.push_back(std::move(gathered_.front()));
    gathered_.pop_front();
  }
}

void Committer::commit(Batch& batch) {
  if (const auto sound = health_.check(); !sound) {
    set_outcome(batch, AppendStatus::kRefused, sound.error().message);
    return;
  }
  CS_CRASH_POINT("before_transaction");
  const auto start = std::chrono::steady_clock::now();
  if (const int code = write_all(batch); code != SQLITE_OK) {
    on_error_before_commit(batch, code);
    return;
  }
  CS_CRASH_POINT("before_commit");
  if (const int code = writer_.connection().execute("COMMIT"); code != SQLITE_OK) {
    on_failed_commit(batch, code);
    return;
  }
  CS_CRASH_POINT("after_commit");
  health_.set_full(false);
  std::size_t ops = 0;
  for (const PendingAppend& pending : batch.appends) {
    ops += pending.outcome.status == AppendStatus::kCommitted ? pending.append.updates.size() : 0;
  }
  commits_.add();
  batch_ops_.observe(static_cast<double>(ops));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  commit_seconds_.observe(took.count());
}

int Committer::write_all(Batch& batch) {
  if (const int code = writer_.connection().execute("BEGIN IMMEDIATE"); code != SQLITE_OK) {
    return code;
  }
  for (PendingAppend& pending : batch.appends) {
    if (const int code = writer_.append(pending.append, pending.outcome); code != SQLITE_OK) {
      return code;
    }
    CS_CRASH_POINT("within_transaction");
  }
  for (PendingWrite& pending : batch.writes) {
    if (std::holds_alternative<WriteSnapshot>(pending.write)) {
      CS_CRASH_POINT("snapshot_write");
    }
    if (const int code = writer_.write(pending.write, pending.outcome); code != SQLITE_OK) {
      return code;
    }
  }
  return SQLITE_OK;
}

void Committer::on_error_before_commit(Batch& batch, int code) {
  // Without a commit record in the log nothing of the transaction can ever come back.
  roll_back();
  set_outcome(batch, AppendStatus::kRefused, describe_sqlite(code));
  if (classify_sqlite(code) == SqliteFault::kStore) {
    health_.fail("a transaction failed: " + describe_sqlite(code));
    return;
  }
  health_.set_full(is_full(code));
  log_warning("transaction_refused", {{"reason", describe_sqlite(code)}});
}

void Committer::on_failed_commit(Batch& batch, int code) {
  roll_back();
  // "Full" means that a write to the log was cut short, and the commit record is the last thing
  // written there (wal.c, sqlite3WalFrames); "busy" comes before any write. Every other error, out
  // of memory included, can come after the record was written.
  const int primary = code & 0xff;
  if (primary == SQLITE_FULL || primary == SQLITE_BUSY) {
    set_outcome(batch, AppendStatus::kRefused, describe_sqlite(code));
    health_.set_full(is_full(code));
    log_warning("transaction_refused", {{"reason", describe_sqlite(code)}});
    return;
  }
  set_outcome(batch, AppendStatus::kUnknown, describe_sqlite(code));
  health_.fail("a commit failed: " + describe_sqlite(code));
}

void Committer::probe_space() {
  Connection& connection = writer_.connection();
  if (health_.failed()) {
    health_.set_full(false);  // that no longer matters
    return;
  }
  int code = connection.execute("BEGIN IMMEDIATE");
  if (code == SQLITE_OK) {
    // Writes the first page even if the number is the same, unlike an UPDATE that changes nothing.
    // Nobody reads it: the schema's version is in schema_migrations.
    code = connection.execute("PRAGMA user_version = 0");
  }
  if (code == SQLITE_OK) {
    code = connection.execute("COMMIT");
  }
  if (code == SQLITE_OK) {
    health_.set_full(false);
    return;
  }
  roll_back();
  if (classify_sqlite(code) == SqliteFault::kStore) {
    health_.fail("a transaction failed: " + describe_sqlite(code));
  }
}

void Committer::roll_back() {
  Connection& connection = writer_.connection();
  // Several errors make SQLite roll back by itself.
  if (!connection.in_transaction()) {
    return;
  }
  if (const int code = connection.execute("ROLLBACK"); code != SQLITE_OK) {
    health_.fail("a rollback failed: " + describe_sqlite(code));
  }
}

void Committer::set_outcome(Batch& batch, AppendStatus status, const std::string& reason) {
  for (PendingAppend& pending : batch.appends) {
    pending.outcome = {.status = status, .reason = reason};
  }
  for (PendingWrite& pending : batch.writes) {
    pending.outcome = fail(ErrorCode::kUnavailable, "the store can't write now");
  }
}

void Committer::answer_all(Batch& batch) {
  for (PendingAppend& pending : batch.appends) {
    answer(*pending.reply_to, std::move(pending.done), std::move(pending.outcome));
  }
  for (PendingWrite& pending : batch.writes) {
    answer(*pending.reply_to, std::move(pending.done), std::move(pending.outcome));
  }
}

void Committer::checkpoint_if_due() {
  Connection& connection = writer_.connection();
  if (health_.failed() || connection.wal_pages() < kCheckpointPages) {
    return;
  }
  const auto mode = connection.wal_pages() < kTruncatePages ? Connection::CheckpointMode::kPassive
                                                            : Connection::CheckpointMode::kTruncate;
  const int code = connection.checkpoint(mode);
  if (classify_sqlite(code) == SqliteFault::kStore) {
    health_.fail("a checkpoint failed: " + describe_sqlite(code));
  }
}

}  // namespace cloudsync::storage
