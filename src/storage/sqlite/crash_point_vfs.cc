#include "storage/sqlite/crash_point_vfs.h"

#ifdef CLOUDSYNC_CRASH_POINTS

#include "base/crash_point.h"

#include <sqlite3.h>

#include <mutex>

namespace cloudsync::storage {
namespace {

sqlite3_vfs* real_vfs() {
  static sqlite3_vfs* const kReal = sqlite3_vfs_find(nullptr);
  return kReal;
}

struct Log {
  static constexpr const char* kWrite = "log_write";
  static constexpr const char* kSync = "log_sync";
  static constexpr const char* kSynced = "log_synced";
  static constexpr const char* kWriteFails = "log_write_fails";
  static constexpr const char* kWriteShort = "log_write_short";
  static constexpr const char* kSyncFails = "log_sync_fails";
};

struct Database {
  static constexpr const char* kWrite = "database_write";
  static constexpr const char* kSync = "database_sync";
  static constexpr const char* kSynced = "database_synced";
  static constexpr const char* kWriteFails = "database_write_fails";
  static constexpr const char* kWriteShort = "database_write_short";
  static constexpr const char* kSyncFails = "database_sync_fails";
};

/// The methods of one kind of file: SQLite's, but for two. All files of a kind have the same.
template <class Points>
class Methods {
 public:
  static void install(sqlite3_file* file) {
    static std::once_flag copied;
    std::call_once(copied, [file] {
      real_ = file->pMethods;
      own_ = *real_;
      own_.xWrite = write;
      own_.xSync = sync;
    });
    if (file->pMethods == real_) {
      file->pMethods = &own_;
    }
  }

 private:
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    CS_CRASH_POINT(Points::kWrite);
    if (fault_point(Points::kWriteFails)) {
      return SQLITE_IOERR_WRITE;
    }
    if (fault_point(Points::kWriteShort)) {
      real_->xWrite(file, bytes, count / 2, offset);
      return SQLITE_FULL;
    }
    return real_->xWrite(file, bytes, count, offset);
  }

  static int sync(sqlite3_file* file, int flags) {
    CS_CRASH_POINT(Points::kSync);
    if (fault_point(Points::kSyncFails)) {
      return SQLITE_IOERR_FSYNC;
    }
    const int code = real_->xSync(file, flags);
    CS_CRASH_POINT(Points::kSynced);
    return code;
  }

  inline static const sqlite3_io_methods* real_ = nullptr;
  inline static sqlite3_io_methods own_{};
};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  const int code = real_vfs()->xOpen(real_vfs(), path, file, flags, out_flags);
  if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
    Methods<Log>::install(file);
  } else if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
    Methods<Database>::install(file);
  }
  return code;
}

}  // namespace

const std::string& crash_point_vfs() {
  static const std::string kName = [] {
    static sqlite3_vfs vfs = *real_vfs();
    vfs.zName = "crash_points";
    vfs.xOpen = open_file;
    sqlite3_vfs_register(&vfs, /*makeDflt=*/0);
    return std::string(vfs.zName);
  }();
  return kName;
}

}  // namespace cloudsync::storage

#endif
