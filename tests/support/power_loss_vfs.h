#pragma once
// A SQLite file system (VFS) on which the power can fail. Writes are withheld in memory, visible to
// every reader through the shim, until the file is synced; when the power goes, what was not synced
// is lost, or a random part of it is written, torn at sectors. After that every call fails; open
// the same files through the ordinary VFS to see what a restarted machine would find.
//
// Not simulated: names of new files are durable at once (SQLite syncs directories itself).

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace cloudsync::test {

class PowerLossVfs {
 public:
  enum class Loss : std::uint8_t {
    kEverything,    ///< nothing that was not synced is there
    kRandomSubset,  ///< each withheld write is there, torn or lost
  };
  enum class Syncs : std::uint8_t {
    kHonoured,
    kIgnored,       ///< a device that lies: answers yes and keeps nothing
    kHeld,          ///< they wait until the mode changes
    kFail,          ///< EIO, and the data is lost although readers still see it, as on Linux
    kFailDatabase,  ///< the same for the database file alone, which is synced by checkpoints
  };
  enum class Writes : std::uint8_t { kWork, kDiskFull, kFail };

  /// Registers itself as a VFS of that name.
  explicit PowerLossVfs(std::string name, std::uint64_t seed = 1);
  /// All files are closed by then.
  ~PowerLossVfs();
  PowerLossVfs(const PowerLossVfs&) = delete;
  PowerLossVfs& operator=(const PowerLossVfs&) = delete;

  const std::string& name() const { return name_; }

  void set_syncs(Syncs mode);
  void set_writes(Writes mode);
  /// Waits until a sync is being held.
  void wait_for_held_sync();

  void cut_power(Loss loss);
  enum class Where : std::uint8_t {
    kAnywhere,
    kDatabase,  ///< the database file alone, which only checkpoints write
  };
  /// The power fails at the `calls`-th write or sync from now.
  void cut_power_at(std::uint64_t calls, Loss loss, Where where = Where::kAnywhere);
  bool power_is_off();

  enum class Fault : std::uint8_t {
    kWriteFails,  ///< EIO
    kWriteShort,  ///< ENOSPC after a part of the bytes
    kSyncFails,   ///< as Syncs::kFail
  };
  /// The first write, or sync, from the `calls`-th on fails, once.
  void fail_at(std::uint64_t calls, Fault fault);

  /// The process dies before the `syncs`-th sync from now, the machine goes on: what is open
  /// does nothing any more, and who opens the files next sees all that was written.
  void kill_process_at(std::uint64_t syncs);
  bool process_is_dead();
  /// Another process begins; what is open belongs to the dead one.
  void begin_process();
  std::uint64_t syncs_honoured();

 private:
  struct Vfs;       // the C callbacks of the file system
  struct File;      // an open file as SQLite sees it
  struct FileData;  // what all handles of one path share
  friend struct Vfs;
  friend struct File;

  /// Under mutex_: counts a call and cuts the power if it is due. False if the power is off.
  bool count_call(const File& file);
  /// Under mutex_: counts a call to the planned fault; true if it is this one.
  bool fails_now(bool is_sync);
  bool is_dead(const File& file) const;
  bool dies_now();
  void lose_power(Loss loss);

  const std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;

  // SQLite calls from the threads of the store, the test from its own; guards everything below.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::mt19937_64 random_;
  Syncs syncs_ = Syncs::kHonoured;
  Writes writes_ = Writes::kWork;
  bool power_off_ = false;
  std::optional<std::uint64_t> calls_left_;
  Loss planned_loss_ = Loss::kEverything;
  Where planned_place_ = Where::kAnywhere;
  std::optional<std::uint64_t> calls_to_fault_;
  Fault planned_fault_ = Fault::kWriteFails;
  std::optional<std::uint64_t> syncs_to_death_;
  std::uint64_t process_ = 0;  // counts them
  bool process_dead_ = false;
  std::uint64_t syncs_honoured_ = 0;
  std::size_t held_syncs_ = 0;
  std::map<std::string, std::unique_ptr<FileData>> files_;
};

}  // namespace cloudsync::test
