#include "storage/data_directory.h"

#include "base/bytes.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cloudsync::storage {
namespace {

constexpr std::size_t kSecretBytes = 32;

/// Closes its descriptor.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}

  File(const File&) = delete;
  File& operator=(const File&) = delete;

  ~File() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

  int fd() const { return fd_; }

  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// These errors stop the start of a node; they are for its operator and never reach a peer.
tl::unexpected<Error> refuse(const std::filesystem::path& path, const std::string& what) {
  return fail(ErrorCode::kUnavailable, path.string() + ": " + what);
}

tl::unexpected<Error> refuse_errno(const std::filesystem::path& path, const std::string& what) {
  const int error = errno;
  return refuse(path, what + ": " + std::strerror(error));
}

/// A new name is durable only once its directory is.
Result<void> sync_directory(const std::filesystem::path& path) {
  const File directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd() < 0 || ::fsync(directory.fd()) != 0) {
    return refuse_errno(path, "can't sync the directory");
  }
  return {};
}

Result<void> ensure_directory(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return {};
  }
  const auto parent = std::filesystem::absolute(path, error).parent_path();
  std::filesystem::create_directories(parent, error);
  if (error) {
    return refuse(parent, "can't create the directory: " + error.message());
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return refuse_errno(path, "can't create the directory");
  }
  return sync_directory(parent);
}

void write_owner(int fd) {
  // Only a hint for people; the lock is the truth, so failures don't matter.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0) {
    [[maybe_unused]] const auto written = ::pwrite(fd, pid.data(), pid.size(), 0);
  }
}

std::string read_owner(int fd) {
  char pid[32];
  const auto length = ::pread(fd, pid, sizeof pid, 0);
  std::string owner(pid, length > 0 ? static_cast<std::size_t>(length) : 0);
  while (!owner.empty() && owner.back() == '\n') {
    owner.pop_back();
  }
  return owner.empty() ? "unknown" : owner;
}

Result<std::string> load_secret(const std::filesystem::path& path, int fd) {
  struct stat status {};

  if (::fstat(fd, &status) != 0) {
    return refuse_errno(path, "can't inspect the key");
  }
  if ((status.st_mode & 077) != 0) {
    return refuse(path, "others may read this key; replace it, or chmod 600 if nobody did");
  }
  std::string secret(kSecretBytes + 1, '\0');
  const auto length = ::pread(fd, secret.data(), secret.size(), 0);
  if (length != static_cast<ssize_t>(kSecretBytes)) {
    return refuse(path, "the key is damaged: expected 32 bytes; restore it from a backup");
  }
  secret.resize(kSecretBytes);
  return secret;
}

}  // namespace

Result<DataDirectory> DataDirectory::open(std::filesystem::path path) {
  CS_TRY(ensure_directory(path));
  const auto lock_path = path / "LOCK";
  File lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd() < 0) {
    return refuse_errno(lock_path, "can't open the lock file");
  }
  if (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return refuse(path,
                    "this data directory is in use by process " + read_owner(lock.fd()) +
                        "; stop it, or choose another data directory");
    }
    return refuse_errno(lock_path, "can't lock the data directory");
  }
  write_owner(lock.fd());
  return DataDirectory(std::move(path), lock.release());
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_fd_, other.lock_fd_);
  return *this;
}

DataDirectory::~DataDirectory() {
  if (lock_fd_ >= 0) {
    ::close(lock_fd_);  // releases the lock
  }
}

Result<std::string> DataDirectory::load_or_create_secret(const std::string& name,
                                                         RandomSource& random) const {
  const auto path = path_ / (name + ".key");
  const File existing(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (existing.fd() >= 0) {
    return load_secret(path, existing.fd());
  }
  if (errno != ENOENT) {
    return refuse_errno(path, "can't open the key");
  }

  std::string secret(kSecretBytes, '\0');
  random.fill(as_mutable_bytes(secret));
  // Written under another name first: a crash never leaves half a key.
  const auto draft_path = path_ / (name + ".key.new");
  const File draft(::open(draft_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (draft.fd() < 0 ||
      ::write(draft.fd(), secret.data(), secret.size()) != static_cast<ssize_t>(secret.size()) ||
      ::fsync(draft.fd()) != 0 || ::rename(draft_path.c_str(), path.c_str()) != 0) {
    return refuse_errno(path, "can't write the key");
  }
  CS_TRY(sync_directory(path_));
  return secret;
}

Result<void> DataDirectory::create_private_file(const std::string& name) const {
  const auto path = path_ / name;
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (file.fd() < 0) {
    return refuse_errno(path, "can't create the file");
  }
  return sync_directory(path_);
}

}  // namespace cloudsync::storage
