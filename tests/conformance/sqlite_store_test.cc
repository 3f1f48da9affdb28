// What the SQLite store promises beyond the interfaces: group commit, bounded queues, bounded
// reads, private files, orderly closing.
#include "storage/sqlite/sqlite_store.h"

#include "base/metrics.h"
#include "support/power_loss_vfs.h"
#include "support/store_driver.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace cloudsync::test {
namespace {

using storage::AppendOutcome;
using storage::AppendStatus;
using storage::SqliteStore;
using Syncs = PowerLossVfs::Syncs;

class SqliteStoreTest : public testing::Test {
 protected:
  void open(Limits limits = {}) {
    auto opened = SqliteStore::open({.directory = directory_.path() / "data",
                                     .limits = limits,
                                     .metrics = metrics_,
                                     .vfs_name = vfs_.name()});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

  StoreDriver<SqliteStore> driver() { return {*store_, loop_}; }

  void create_documents(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(driver().create(std::to_string(i)));
    }
  }

  /// Submits revision 1 of a document and collects its outcome.
  void submit_first(int document) {
    store_->append(make_append(std::to_string(document), 1), loop_, [this](AppendOutcome outcome) {
      outcomes_.push_back(std::move(outcome));
    });
  }

  /// Holds the next commit in its sync and submits document 0 to it.
  void hold_a_commit() {
    vfs_.set_syncs(Syncs::kHeld);
    submit_first(0);
    vfs_.wait_for_held_sync();
  }

  void wait_for_outcomes(std::size_t count) {
    loop_.run_until([&] { return outcomes_.size() == count; });
  }

  std::uint64_t commits() { return metrics_.counter("cloudsync_commits_total", "").value(); }

  TempDirectory directory_;
  Metrics metrics_;
  PowerLossVfs vfs_{"store"};
  TestExecutor loop_;
  std::vector<AppendOutcome> outcomes_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteStoreTest, NothingIsAnsweredBeforeTheSync) {
  open();
  create_documents(1);
  hold_a_commit();
  EXPECT_EQ(loop_.run_posted(), 0u);
  EXPECT_EQ(driver().find("0")->head, Revision(0));
  vfs_.set_syncs(Syncs::kHonoured);
  wait_for_outcomes(1);
  EXPECT_EQ(outcomes_[0].status, AppendStatus::kCommitted);
}

TEST_F(SqliteStoreTest, WhatWaitsDuringASyncIsOneTransaction) {
  open();
  create_documents(100);
  const auto before = commits();
  hold_a_commit();
  for (int i = 1; i < 100; ++i) {
    submit_first(i);
  }
  vfs_.set_syncs(Syncs::kHonoured);
  wait_for_outcomes(100);
  EXPECT_EQ(commits() - before, 2u);
}

TEST_F(SqliteStoreTest, TransactionHoldsAtMostTheLimitOfOperations) {
  open({.commit_batch_ops = 10});
  create_documents(26);
  const auto before = commits();
  hold_a_commit();
  for (int i = 1; i < 26; ++i) {
    submit_first(i);
  }
  vfs_.set_syncs(Syncs::kHonoured);
  wait_for_outcomes(26);
  EXPECT_EQ(commits() - before, 4u);
}

TEST_F(SqliteStoreTest, AppendBeyondTheQueueIsRefusedAndCounted) {
  open({.commit_queue = 2});
  create_documents(4);
  hold_a_commit();
  for (int i = 1; i < 4; ++i) {
    submit_first(i);
  }
  wait_for_outcomes(1);
  EXPECT_EQ(outcomes_[0].status, AppendStatus::kRefused);
  EXPECT_EQ(outcomes_[0].refusal, ErrorCode::kOverloaded);
  EXPECT_EQ(metrics_.limit("commit_queue").value(), 1u);
  vfs_.set_syncs(Syncs::kHonoured);
  wait_for_outcomes(4);
  EXPECT_EQ(driver().find("2")->head, Revision(1));
  EXPECT_EQ(driver().find("3")->head, Revision(0));
}

TEST_F(SqliteStoreTest, ReadsDontWaitForACommit) {
  open();
  create_documents(2);
  hold_a_commit();
  EXPECT_TRUE(driver().open("1"));
  vfs_.set_syncs(Syncs::kHonoured);
  wait_for_outcomes(1);
}

TEST_F(SqliteStoreTest, OpenReadsTheSnapshotAndTheTailOnly) {
  open();
  ASSERT_TRUE(driver().create("d"));
  ASSERT_EQ(driver().append("d", 1, 5'000), AppendStatus::kCommitted);
  ASSERT_TRUE(driver().write_snapshot("d", make_snapshot(2'500)));
  ASSERT_TRUE(driver().write_snapshot("d", make_snapshot(4'990)));
  const auto before = store_->read_counters().rows.load();
  ASSERT_EQ(driver().open("d")->tail.size(), 10u);
  EXPECT_EQ(store_->read_counters().rows - before, 1u + 1u + 10u);
}

TEST_F(SqliteStoreTest, NoQueryScansATable) {
  open();
  create_documents(20);
  ASSERT_EQ(driver().append("7", 1, 50), AppendStatus::kCommitted);
  ASSERT_TRUE(driver().write_snapshot("7", make_snapshot(20)));
  driver().open("7").value();
  driver().read("7", 10, 20).value();
  driver().read_snapshot("7", 19).value();
  driver().find_client("7", "client").value();
  driver().list("ann", 5);
  EXPECT_EQ(store_->read_counters().fullscan_steps, 0u);
}

TEST_F(SqliteStoreTest, CloseCommitsAndAnswersWhatWaits) {
  open();
  create_documents(10);
  for (int i = 0; i < 10; ++i) {
    submit_first(i);
  }
  store_->close();
  EXPECT_EQ(loop_.run_posted(), 10u);
  for (const AppendOutcome& outcome : outcomes_) {
    EXPECT_EQ(outcome.status, AppendStatus::kCommitted);
  }
}

TEST_F(SqliteStoreTest, ClosedStoreAnswersAndRefuses) {
  open();
  create_documents(1);
  store_->close();
  store_->close();
  EXPECT_EQ(driver().append("0", 1), AppendStatus::kRefused);
  EXPECT_EQ(driver().open("0").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(driver().create("e").error().code, ErrorCode::kUnavailable);
}

TEST_F(SqliteStoreTest, SecondStoreOnTheDirectoryIsRefused) {
  open();
  const auto second = SqliteStore::open(
      {.directory = directory_.path() / "data", .limits = {}, .metrics = metrics_, .vfs_name = {}});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("in use by process"), std::string::npos);
}

TEST_F(SqliteStoreTest, FilesArePrivate) {
  open();
  create_documents(1);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path() / "data")) {
    struct stat status {};

    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 4);  // LOCK, the database, its log and the log's index
}

TEST_F(SqliteStoreTest, CommitsSyncTheDevice) {
  open();
  create_documents(1);
  const auto before = vfs_.syncs_honoured();
  ASSERT_EQ(driver().append("0", 1), AppendStatus::kCommitted);
  EXPECT_GT(vfs_.syncs_honoured(), before);
}

}  // namespace
}  // namespace cloudsync::test
