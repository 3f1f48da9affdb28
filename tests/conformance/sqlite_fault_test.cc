// What an append's outcome is worth when the disk misbehaves.
#include "base/log.h"
#include "base/metrics.h"
#include "storage/sqlite/sqlite_store.h"
#include "support/power_loss_vfs.h"
#include "support/store_driver.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace cloudsync::test {
namespace {

using storage::AppendStatus;
using storage::SqliteStore;
using Syncs = PowerLossVfs::Syncs;
using Writes = PowerLossVfs::Writes;

class SqliteFault : public testing::Test {
 protected:
  SqliteFault() {
    set_log_level(LogLevel::kOff);
    open(vfs_.name());
    EXPECT_TRUE(driver().create("d"));
    EXPECT_EQ(driver().append("d", 1), AppendStatus::kCommitted);
  }

  void open(const std::string& vfs_name) {
    store_.reset();
    auto opened = SqliteStore::open(
        {.directory = directory_.path(), .limits = {}, .metrics = metrics_, .vfs_name = vfs_name});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

  /// What a restarted process finds on a sound disk.
  void restart_on_sound_disk() { open(""); }

  StoreDriver<SqliteStore> driver() { return {*store_, loop_}; }

  /// Appends 16 MiB, which is more than the log may hold before a checkpoint is due.
  AppendStatus append_until_checkpoint() {
    auto status = AppendStatus::kCommitted;
    for (std::uint64_t revision = 2; revision < 34 && status == AppendStatus::kCommitted;
         ++revision) {
      auto append = make_append("d", revision);
      append.updates[0].op = std::string(512 * 1024, 'x');
      status = driver().append(append).status;
    }
    return status;
  }

  TempDirectory directory_;
  Metrics metrics_;
  PowerLossVfs vfs_{"faults"};
  TestExecutor loop_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteFault, FailedSyncIsUnknownAndClosesTheStore) {
  vfs_.set_syncs(Syncs::kFail);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kUnknown);
  vfs_.set_syncs(Syncs::kHonoured);
  EXPECT_FALSE(store_->health());
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
  EXPECT_EQ(driver().open("d").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(driver().create("e").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(metrics_.gauge("cloudsync_store_failed", "").value(), 1);
}

TEST_F(SqliteFault, RestartAfterAFailedSyncHasWhatWasAcknowledged) {
  vfs_.set_syncs(Syncs::kFail);
  driver().append("d", 2);
  restart_on_sound_disk();
  EXPECT_TRUE(store_->health());
  const auto head = driver().find("d")->head;
  EXPECT_EQ(head, Revision(1));
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kCommitted);
}

TEST_F(SqliteFault, FailedWriteClosesTheStore) {
  vfs_.set_writes(Writes::kFail);
  EXPECT_NE(driver().append("d", 2), AppendStatus::kCommitted);
  vfs_.set_writes(Writes::kWork);
  EXPECT_FALSE(store_->health());
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
}

TEST_F(SqliteFault, FullDiskRefusesAndTheStoreGoesOn) {
  vfs_.set_writes(Writes::kDiskFull);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
  EXPECT_EQ(driver().create("e").error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(store_->health());
  EXPECT_EQ(driver().open("d")->info.head, Revision(1));
  vfs_.set_writes(Writes::kWork);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kCommitted);
  restart_on_sound_disk();
  EXPECT_EQ(driver().find("d")->head, Revision(2));
}

TEST_F(SqliteFault, FullDiskIsToldUntilThereIsSpaceWhetherAnybodyWritesOrNot) {
  EXPECT_TRUE(store_->can_write());
  vfs_.set_writes(Writes::kDiskFull);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
  EXPECT_EQ(store_->can_write().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(metrics_.gauge("cloudsync_store_full", "").value(), 1);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
  EXPECT_FALSE(store_->can_write());
  vfs_.set_writes(Writes::kWork);
  while (!store_->can_write()) {  // until the next probe; the test's time limit ends it otherwise
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(metrics_.gauge("cloudsync_store_full", "").value(), 0);

  vfs_.set_writes(Writes::kDiskFull);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
  EXPECT_FALSE(store_->can_write());
  vfs_.set_writes(Writes::kWork);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kCommitted);
  EXPECT_TRUE(store_->can_write());
}

TEST_F(SqliteFault, AFailedProbeOfAFullDiskClosesTheStore) {
  vfs_.set_writes(Writes::kDiskFull);
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
  vfs_.set_writes(Writes::kFail);
  while (store_->health()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(driver().append("d", 2), AppendStatus::kRefused);
}

TEST_F(SqliteFault, FailedSyncOfACheckpointClosesTheStore) {
  vfs_.set_syncs(Syncs::kFailDatabase);
  EXPECT_EQ(append_until_checkpoint(), AppendStatus::kRefused);
  EXPECT_FALSE(store_->health());
}

TEST_F(SqliteFault, RestartAfterAFailedCheckpointHasWhatWasAcknowledged) {
  vfs_.set_syncs(Syncs::kFailDatabase);
  append_until_checkpoint();
  store_->close();
  vfs_.cut_power(PowerLossVfs::Loss::kEverything);
  restart_on_sound_disk();
  EXPECT_GT(driver().find("d")->head, Revision(16));
  EXPECT_EQ(driver().read("d", 1, 1)->front(), make_update(1));
}

}  // namespace
}  // namespace cloudsync::test
