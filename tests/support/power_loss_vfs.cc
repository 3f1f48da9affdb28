#include "support/power_loss_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace cloudsync::test {
namespace {

/// A device writes sectors whole; SQLite relies on no more.
constexpr std::size_t kSectorBytes = 512;

sqlite3_vfs* real_vfs() {
  return sqlite3_vfs_find("unix");
}

}  // namespace

/// A write or, without bytes, a truncation to `offset`.
struct Withheld {
  std::size_t offset;
  std::optional<std::string> bytes;
};

struct PowerLossVfs::FileData {
  std::string visible;             ///< the content as everybody sees it
  std::vector<Withheld> withheld;  ///< what the device has not got
  sqlite3_file* writable = nullptr;

  void apply(const Withheld& change) {
    if (!change.bytes) {
      visible.resize(change.offset);
      return;
    }
    visible.resize(std::max(visible.size(), change.offset + change.bytes->size()));
    visible.replace(change.offset, change.bytes->size(), *change.bytes);
  }

  static int give_to_device(sqlite3_file* file, const Withheld& change, std::size_t size) {
    const auto offset = static_cast<sqlite3_int64>(change.offset);
    return change.bytes
               ? file->pMethods->xWrite(file, change.bytes->data(), static_cast<int>(size), offset)
               : file->pMethods->xTruncate(file, offset);
  }

  int flush(sqlite3_file* file) {
    for (const Withheld& change : withheld) {
      const int code = give_to_device(file, change, change.bytes ? change.bytes->size() : 0);
      if (code != SQLITE_OK) {
        return code;
      }
    }
    withheld.clear();
    return SQLITE_OK;
  }

  void flush_some(std::mt19937_64& random) {
    for (const Withheld& change : withheld) {
      const std::size_t sectors = change.bytes ? change.bytes->size() / kSectorBytes : 0;
      switch (random() % 3) {
        case 0:
          break;  // lost
        case 1:
          give_to_device(writable, change, change.bytes ? change.bytes->size() : 0);
          break;
        default:
          if (sectors > 0) {
            give_to_device(writable, change, random() % sectors * kSectorBytes);
          }
      }
    }
  }
};

/// The memory SQLite gives for a handle: this, and the real file's behind it.
struct PowerLossVfs::File {
  sqlite3_file base;
  PowerLossVfs* vfs;
  FileData* data;  ///< null for temporary files, which need not survive anything
  bool is_database;
  std::uint64_t process;

  static File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(of(file) + 1);
  }

  static int close(sqlite3_file* file) {
    File* self = of(file);
    const std::lock_guard lock(self->vfs->mutex_);
    if (self->data != nullptr && self->data->writable == real(file)) {
      self->data->writable = nullptr;
    }
    return real(file)->pMethods->xClose(real(file));
  }

  static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    File* self = of(file);
    const std::lock_guard lock(self->vfs->mutex_);
    if (self->vfs->power_off_ || self->vfs->is_dead(*self)) {
      return SQLITE_IOERR_READ;
    }
    const std::string& visible = self->data->visible;
    const auto wanted = static_cast<std::size_t>(size);
    const auto start = std::min(static_cast<std::size_t>(offset), visible.size());
    const auto available = std::min(wanted, visible.size() - start);
    std::memcpy(out, visible.data() + start, available);
    std::memset(static_cast<char*>(out) + available, 0, wanted - available);
    return available == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    File* self = of(file);
    const std::lock_guard lock(self->vfs->mutex_);
    if (!self->vfs->count_call(*self) || self->vfs->writes_ == Writes::kFail) {
      return SQLITE_IOERR_WRITE;
    }
    if (self->vfs->writes_ == Writes::kDiskFull) {
      return SQLITE_FULL;
    }
    const bool fails = self->vfs->fails_now(/*is_sync=*/false);
    if (fails && self->vfs->planned_fault_ == Fault::kWriteFails) {
      return SQLITE_IOERR_WRITE;
    }
    const auto count = static_cast<std::size_t>(fails ? size / 2 : size);
    self->data->withheld.push_back({.offset = static_cast<std::size_t>(offset),
                                    .bytes = std::string(static_cast<const char*>(bytes), count)});
    self->data->apply(self->data->withheld.back());
    return fails ? SQLITE_FULL : SQLITE_OK;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File* self = of(file);
    const std::lock_guard lock(self->vfs->mutex_);
    if (!self->vfs->count_call(*self)) {
      return SQLITE_IOERR_TRUNCATE;
    }
    self->data->withheld.push_back(
        {.offset = static_cast<std::size_t>(size), .bytes = std::nullopt});
    self->data->apply(self->data->withheld.back());
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* file, int) {
    File* self = of(file);
    PowerLossVfs& vfs = *self->vfs;
    std::unique_lock lock(vfs.mutex_);
    if (!vfs.count_call(*self) || vfs.dies_now()) {
      return SQLITE_IOERR_FSYNC;
    }
    ++vfs.held_syncs_;
    vfs.changed_.notify_all();
    vfs.changed_.wait(lock, [&vfs] { return vfs.syncs_ != Syncs::kHeld; });
    --vfs.held_syncs_;
    if (vfs.syncs_ == Syncs::kIgnored) {
      return SQLITE_OK;
    }
    if (vfs.fails_now(/*is_sync=*/true) || vfs.syncs_ == Syncs::kFail ||
        (vfs.syncs_ == Syncs::kFailDatabase && self->is_database)) {
      self->data->withheld.clear();
      return SQLITE_IOERR_FSYNC;
    }
    ++vfs.syncs_honoured_;
    return self->data->flush(real(file));
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    File* self = of(file);
    const std::lock_guard lock(self->vfs->mutex_);
    *size = static_cast<sqlite3_int64>(self->data->visible.size());
    return self->vfs->power_off_ ? SQLITE_IOERR_FSTAT : SQLITE_OK;
  }

  static int lock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
  }

  static int unlock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
  }

  static int check_reserved_lock(sqlite3_file* file, int* result) {
    return real(file)->pMethods->xCheckReservedLock(real(file), result);
  }

  static int file_control(sqlite3_file* file, int operation, void* argument) {
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE ||
        operation == SQLITE_FCNTL_MMAP_SIZE) {
      return SQLITE_NOTFOUND;  // these would change the real file's size
    }
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
  }

  static int sector_size(sqlite3_file* file) {
    return real(file)->pMethods->xSectorSize(real(file));
  }

  static int device_characteristics(sqlite3_file* file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
  }

  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, out);
  }

  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
  }

  static void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }

  static int shm_unmap(sqlite3_file* file, int remove) {
    return real(file)->pMethods->xShmUnmap(real(file), remove);
  }

  // Version 2: shared memory, but no xFetch, so nothing is mapped behind the shim's back.
  static constexpr sqlite3_io_methods kMethods{
      .iVersion = 2,
      .xClose = close,
      .xRead = read,
      .xWrite = write,
      .xTruncate = truncate,
      .xSync = sync,
      .xFileSize = file_size,
      .xLock = lock,
      .xUnlock = unlock,
      .xCheckReservedLock = check_reserved_lock,
      .xFileControl = file_control,
      .xSectorSize = sector_size,
      .xDeviceCharacteristics = device_characteristics,
      .xShmMap = shm_map,
      .xShmLock = shm_lock,
      .xShmBarrier = shm_barrier,
      .xShmUnmap = shm_unmap,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
};

struct PowerLossVfs::Vfs {
  static PowerLossVfs& of(sqlite3_vfs* vfs) { return *static_cast<PowerLossVfs*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    PowerLossVfs& self = of(vfs);
    const std::lock_guard lock(self.mutex_);
    file->pMethods = nullptr;
    if (self.power_off_) {
      return SQLITE_CANTOPEN;
    }
    if (path == nullptr) {
      return SQLITE_CANTOPEN;  // the store keeps temporary data in memory
    }
    sqlite3_file* real = File::real(file);
    if (const int code = real_vfs()->xOpen(real_vfs(), path, real, flags, out); code != SQLITE_OK) {
      return code;
    }
    auto& data = self.files_[path];
    if (data == nullptr) {
      data = std::make_unique<FileData>();
      load(*real, data->visible);
    }
    if ((flags & SQLITE_OPEN_READWRITE) != 0) {
      data->writable = real;
    }
    *File::of(file) = {.base = {.pMethods = &File::kMethods},
                       .vfs = &self,
                       .data = data.get(),
                       .is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0,
                       .process = self.process_};
    return SQLITE_OK;
  }

  static void load(sqlite3_file& real, std::string& content) {
    sqlite3_int64 size = 0;
    real.pMethods->xFileSize(&real, &size);
    content.resize(static_cast<std::size_t>(size));
    real.pMethods->xRead(&real, content.data(), static_cast<int>(size), 0);
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    PowerLossVfs& self = of(vfs);
    const std::lock_guard lock(self.mutex_);
    if (self.power_off_) {
      return SQLITE_IOERR_DELETE;
    }
    if (self.process_dead_) {
      return SQLITE_IOERR_DELETE;
    }
    self.files_.erase(path);
    return real_vfs()->xDelete(real_vfs(), path, sync_directory);
  }

  static int access(sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    PowerLossVfs& self = of(vfs);
    const std::lock_guard lock(self.mutex_);
    const auto found = self.files_.find(path);
    // To SQLite an empty file doesn't exist.
    if (flags == SQLITE_ACCESS_EXISTS && found != self.files_.end()) {
      *result = found->second->visible.empty() ? 0 : 1;
      return SQLITE_OK;
    }
    return real_vfs()->xAccess(real_vfs(), path, flags, result);
  }
};

PowerLossVfs::PowerLossVfs(std::string name, std::uint64_t seed)
    : name_(std::move(name)), vfs_(std::make_unique<sqlite3_vfs>(*real_vfs())), random_(seed) {
  vfs_->szOsFile = static_cast<int>(sizeof(File)) + real_vfs()->szOsFile;
  vfs_->pNext = nullptr;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = Vfs::open;
  vfs_->xDelete = Vfs::remove;
  vfs_->xAccess = Vfs::access;
  sqlite3_vfs_register(vfs_.get(), /*makeDflt=*/0);
}

PowerLossVfs::~PowerLossVfs() {
  sqlite3_vfs_unregister(vfs_.get());
}

void PowerLossVfs::set_syncs(Syncs mode) {
  const std::lock_guard lock(mutex_);
  syncs_ = mode;
  changed_.notify_all();
}

void PowerLossVfs::set_writes(Writes mode) {
  const std::lock_guard lock(mutex_);
  writes_ = mode;
}

void PowerLossVfs::wait_for_held_sync() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_syncs_ > 0; });
}

void PowerLossVfs::cut_power(Loss loss) {
  const std::lock_guard lock(mutex_);
  lose_power(loss);
}

void PowerLossVfs::cut_power_at(std::uint64_t calls, Loss loss, Where where) {
  const std::lock_guard lock(mutex_);
  calls_left_ = calls;
  planned_loss_ = loss;
  planned_place_ = where;
}

bool PowerLossVfs::power_is_off() {
  const std::lock_guard lock(mutex_);
  return power_off_;
}

std::uint64_t PowerLossVfs::syncs_honoured() {
  const std::lock_guard lock(mutex_);
  return syncs_honoured_;
}

void PowerLossVfs::fail_at(std::uint64_t calls, Fault fault) {
  const std::lock_guard lock(mutex_);
  calls_to_fault_ = calls;
  planned_fault_ = fault;
}

void PowerLossVfs::kill_process_at(std::uint64_t syncs) {
  const std::lock_guard lock(mutex_);
  syncs_to_death_ = syncs;
}

bool PowerLossVfs::dies_now() {
  if (!process_dead_ && syncs_to_death_ && --*syncs_to_death_ == 0) {
    syncs_to_death_.reset();
    process_dead_ = true;
  }
  return process_dead_;
}

bool PowerLossVfs::process_is_dead() {
  const std::lock_guard lock(mutex_);
  return process_dead_;
}

void PowerLossVfs::begin_process() {
  const std::lock_guard lock(mutex_);
  ++process_;
  process_dead_ = false;
}

bool PowerLossVfs::is_dead(const File& file) const {
  return process_dead_ || file.process != process_;
}

bool PowerLossVfs::fails_now(bool is_sync) {
  if (!calls_to_fault_) {
    return false;
  }
  *calls_to_fault_ -= *calls_to_fault_ > 0 ? 1 : 0;
  if (*calls_to_fault_ > 0 || is_sync != (planned_fault_ == Fault::kSyncFails)) {
    return false;
  }
  calls_to_fault_.reset();
  return true;
}

bool PowerLossVfs::count_call(const File& file) {
  if (is_dead(file)) {
    return false;
  }
  const bool counts = planned_place_ == Where::kAnywhere || file.is_database;
  if (calls_left_ && counts && !power_off_) {
    --*calls_left_;
    if (*calls_left_ == 0) {
      lose_power(planned_loss_);
    }
  }
  return !power_off_;
}

void PowerLossVfs::lose_power(Loss loss) {
  power_off_ = true;
  for (auto& [path, data] : files_) {
    if (loss == Loss::kRandomSubset && data->writable != nullptr) {
      data->flush_some(random_);
    }
    data->withheld.clear();
  }
}

}  // namespace cloudsync::test
