#include "storage/sqlite/migrations.h"

#include "base/assert.h"
#include "base/crash_point.h"

#include <sqlite3.h>

#include <array>

namespace cloudsync::storage {
namespace {

// Tables that are read by ranges of their key are WITHOUT ROWID: a document's log lies together,
// and an append touches one page of it. Snapshots are large and keep their row id, so that thinning
// them out reads only the key's index. Users in the log are not foreign keys: erasing a person must
// not erase operations.
constexpr const char* kInitialSchema = R"sql(
  CREATE TABLE organizations (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE users (
    id           TEXT PRIMARY KEY,
    org_id       TEXT NOT NULL REFERENCES organizations (id),
    kind         TEXT NOT NULL CHECK (kind IN ('guest', 'member')),
    display_name TEXT NOT NULL,
    created_at   INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX users_by_org ON users (org_id);

  CREATE TABLE documents (
    id            TEXT PRIMARY KEY,
    org_id        TEXT NOT NULL REFERENCES organizations (id),
    type          TEXT NOT NULL,
    title         TEXT NOT NULL,
    created_by    TEXT NOT NULL REFERENCES users (id),
    created_at    INTEGER NOT NULL,
    head_revision INTEGER NOT NULL,
    head_hash     BLOB NOT NULL,
    updated_at    INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX documents_by_org ON documents (org_id);
  CREATE INDEX documents_by_creator ON documents (created_by);

  CREATE TABLE document_updates (
    document_id TEXT NOT NULL REFERENCES documents (id),
    revision    INTEGER NOT NULL,
    client_id   TEXT NOT NULL,
    client_seq  INTEGER NOT NULL,
    user_id     TEXT NOT NULL,
    op          TEXT NOT NULL,
    op_salt     BLOB NOT NULL,
    op_digest   BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    prev_hash   BLOB NOT NULL,
    hash        BLOB NOT NULL,
    PRIMARY KEY (document_id, revision)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE document_clients (
    document_id     TEXT NOT NULL REFERENCES documents (id),
    client_id       TEXT NOT NULL,
    last_seq        INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    submission_hash BLOB NOT NULL,
    PRIMARY KEY (document_id, client_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshots (
    document_id TEXT NOT NULL REFERENCES documents (id),
    revision    INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    content     TEXT NOT NULL,
    PRIMARY KEY (document_id, revision)
  ) STRICT;

  CREATE TABLE document_access (
    user_id     TEXT NOT NULL REFERENCES users (id),
    document_id TEXT NOT NULL REFERENCES documents (id),
    opened_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, document_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX document_access_by_time ON document_access (user_id, opened_at DESC, document_id DESC);
  CREATE INDEX document_access_by_document ON document_access (document_id);
)sql";

constexpr std::array kMigrations{
    Migration{.version = 1, .name = "initial schema", .sql = kInitialSchema},
};

constexpr const char* kMigrationsTable = R"sql(
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version    INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at INTEGER NOT NULL
  ) STRICT
)sql";

Result<std::int64_t> current_version(Connection& connection) {
  CS_TRY_ASSIGN(Statement query,
                connection.prepare("SELECT coalesce(max(version), 0) FROM schema_migrations"));
  Execution execution(query);
  if (!execution.next_row()) {
    return fail(ErrorCode::kUnavailable, "can't read the version of the database");
  }
  return execution.row().integer(0);
}

Result<void> apply(Connection& connection, const Migration& step) {
  if (auto applied = connection.run(step.sql); !applied) {
    return fail(ErrorCode::kUnavailable,
                "migration " + std::to_string(step.version) + " (" + step.name +
                    ") failed, the database is unchanged: " + applied.error().message);
  }
  CS_TRY_ASSIGN(Statement insert,
                connection.prepare("INSERT INTO schema_migrations (version, name, applied_at) "
                                   "VALUES (?1, ?2, CAST(strftime('%s') AS INTEGER) * 1000)"));
  Execution execution(insert, std::int64_t{step.version}, std::string_view(step.name));
  if (const int code = execution.run(); code != SQLITE_OK) {
    return fail(ErrorCode::kUnavailable, "can't record a migration: " + describe_sqlite(code));
  }
  return {};
}

Result<void> migrate_in_transaction(Connection& connection, std::span<const Migration> steps) {
  CS_TRY(connection.run(kMigrationsTable));
  CS_TRY_ASSIGN(const std::int64_t version, current_version(connection));
  const std::int64_t latest = steps.empty() ? 0 : steps.back().version;
  if (version > latest) {
    return fail(ErrorCode::kUnavailable,
                "the database has schema version " + std::to_string(version) +
                    ", this program knows up to " + std::to_string(latest) +
                    "; start the newer program that wrote it, or restore a backup");
  }
  for (const Migration& step : steps) {
    if (step.version > version) {
      CS_TRY(apply(connection, step));
      CS_CRASH_POINT("within_migration");
    }
  }
  return connection.run("COMMIT");
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

Result<void> migrate(Connection& connection, std::span<const Migration> steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CS_ASSERT(steps[i].version == static_cast<int>(i) + 1, "migrations are numbered from 1");
  }
  CS_TRY(connection.run("BEGIN IMMEDIATE"));
  auto migrated = migrate_in_transaction(connection, steps);
  if (!migrated && connection.in_transaction()) {
    connection.execute("ROLLBACK");
  }
  return migrated;
}

}  // namespace cloudsync::storage
