#pragma once
// The directory that holds everything a node keeps: one process owns it at a time (a lock on the
// file LOCK), and only its user can read it (directory 0700 when created here, files 0600). Secrets
// are small key files beside the database.
//
//   <directory>/LOCK           locked while a process owns the directory; holds its process id
//   <directory>/<name>.key     32 random bytes
//   <directory>/cloudsync.db   the SQLite store (sqlite/sqlite_store.h)

#include "base/random.h"
#include "base/result.h"

#include <filesystem>
#include <string>

namespace cloudsync::storage {

class DataDirectory {
 public:
  /// Creates the directory if needed and locks it until the object is destroyed. Errors:
  /// kUnavailable, with a message for the operator (it names the path), if another process owns it
  /// or the file system refuses.
  static Result<DataDirectory> open(std::filesystem::path path);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  ~DataDirectory();

  /// The 32 bytes of `<name>.key`, made from `random` and durable before they are returned if the
  /// file doesn't exist. Errors: kUnavailable if the file is damaged, readable by others, or can't
  /// be written.
  Result<std::string> load_or_create_secret(const std::string& name, RandomSource& random) const;

  /// Creates an empty file of mode 0600, durably, unless it exists.
  Result<void> create_private_file(const std::string& name) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  DataDirectory(std::filesystem::path path, int lock_fd)
      : path_(std::move(path)), lock_fd_(lock_fd) {}

  std::filesystem::path path_;
  int lock_fd_;  ///< -1 once moved from
};

}  // namespace cloudsync::storage
