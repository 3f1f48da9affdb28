#pragma once
// A fresh directory for one test, removed at its end.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace cloudsync::test {

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cloudsync_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }

  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace cloudsync::test
