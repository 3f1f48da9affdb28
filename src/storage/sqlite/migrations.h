#pragma once
// The schema of the SQLite store as numbered steps that only go forward. They run at start, all in
// one transaction, so a database is either of the old version or of the new one. A shipped step
// never changes; a mistake is corrected by the next step. PostgreSQL gets the same tables
// (ARCHITECTURE.md, data model).

#include "storage/sqlite/connection.h"

#include <span>

namespace cloudsync::storage {

struct Migration {
  int version;
  const char* name;
  const char* sql;
};

/// All steps of this program, versions 1, 2, 3, …
std::span<const Migration> migrations();

/// Brings the database to the last version of `steps`. Errors: kUnavailable, with a message for the
/// operator, if the database is of a newer version or a step fails; then nothing changed.
Result<void> migrate(Connection& connection, std::span<const Migration> steps = migrations());

}  // namespace cloudsync::storage
