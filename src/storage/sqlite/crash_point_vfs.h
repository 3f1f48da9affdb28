#pragma once
// Only in a build with CLOUDSYNC_CRASH_POINTS: SQLite's own VFS with crash points around what it
// writes and syncs, since the moments between a write and its sync are inside of a commit; and with
// writes and syncs that fail.

#include <string>

namespace cloudsync::storage {

/// Registers it once; its name for SqliteOptions::vfs_name. The points are log_write, log_sync and
/// log_synced for the write-ahead log, database_write, database_sync and database_synced; the
/// faults log_write_fails, log_write_short (the disk is full after half of it), log_sync_fails, and
/// the same of the database. Thread-safe.
const std::string& crash_point_vfs();

}  // namespace cloudsync::storage
