// An append that was answered kCommitted survives power loss, wherever it strikes (invariant I9 of
// the design: ack means durable).
#include "base/log.h"
#include "base/metrics.h"
#include "storage/sqlite/sqlite_store.h"
#include "support/power_loss_vfs.h"
#include "support/store_driver.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

namespace cloudsync::test {
namespace {

using storage::AppendOutcome;
using storage::AppendStatus;
using storage::SqliteStore;
using Fault = PowerLossVfs::Fault;
using Loss = PowerLossVfs::Loss;
using Synchronous = storage::Connection::Synchronous;
using Syncs = PowerLossVfs::Syncs;
using Where = PowerLossVfs::Where;

constexpr std::size_t kDocuments = 8;

std::string document_name(std::size_t index) {
  return "document-" + std::to_string(index);
}

/// The operation of a revision: sizes vary, so that commits span pages and the log fills up.
std::string op_text(std::uint64_t revision) {
  return std::to_string(revision) + std::string(revision * 7'919 % 12'000, 'x');
}

storage::Append make_sized_append(const std::string& document,
                                  std::uint64_t first,
                                  std::uint64_t count) {
  auto append = make_append(document, first, count);
  for (storage::Update& update : append.updates) {
    update = make_update(update.revision.value(), op_text(update.revision.value()));
  }
  return append;
}

/// Edits all documents at once, each with one append in flight, up to `goal` revisions or until the
/// store fails; what was refused by a store that goes on is tried again. Remembers what was
/// acknowledged.
class Workload {
 public:
  Workload(SqliteStore& store, TestExecutor& loop, std::uint64_t goal = ~std::uint64_t{0})
      : store_(store), loop_(loop), goal_(goal) {}

  void run() {
    for (std::size_t document = 0; document < kDocuments; ++document) {
      create(document);
    }
    loop_.run_until([this] { return running_ == 0; });
  }

  std::uint64_t acknowledged(std::size_t document) const { return acknowledged_[document]; }

  std::uint64_t attempted(std::size_t document) const { return attempted_[document]; }

 private:
  void create(std::size_t document) {
    ++running_;
    store_.create_document(make_document(document_name(document)),
                           "\"\"",
                           loop_,
                           [this, document](const Result<void>& created) {
                             --running_;
                             if (created) {
                               append_next(document);
                             } else if (may_try_again()) {
                               create(document);
                             }
                           });
  }

  void append_next(std::size_t document) {
    const std::uint64_t first = acknowledged_[document] + 1;
    if (first > goal_) {
      return;
    }
    const std::uint64_t last = first + (first + document) % 3;
    attempted_[document] = last;
    ++running_;
    store_.append(make_sized_append(document_name(document), first, last - first + 1),
                  loop_,
                  [this, document, last](const AppendOutcome& outcome) {
                    --running_;
                    if (outcome.status == AppendStatus::kCommitted) {
                      acknowledged_[document] = last;
                      append_next(document);
                    } else if (outcome.status == AppendStatus::kRefused && may_try_again()) {
                      append_next(document);
                    }
                  });
    if (last % 5 == 0 && first > 1) {
      write_snapshot(document, first - 1);
    }
  }

  void write_snapshot(std::size_t document, std::uint64_t revision) {
    ++running_;
    store_.write_snapshot(DocumentId(document_name(document)),
                          make_snapshot(revision),
                          loop_,
                          [this](const Result<void>&) { --running_; });
  }

  // A fault comes once, and hits one transaction of all documents.
  bool may_try_again() { return store_.health() && ++refusals_ <= 2 * kDocuments; }

  SqliteStore& store_;
  TestExecutor& loop_;
  const std::uint64_t goal_;
  std::size_t refusals_ = 0;
  std::size_t running_ = 0;
  std::array<std::uint64_t, kDocuments> acknowledged_{};
  std::array<std::uint64_t, kDocuments> attempted_{};
};

class SqlitePowerLoss : public testing::Test {
 protected:
  SqlitePowerLoss() { set_log_level(LogLevel::kOff); }

  std::unique_ptr<SqliteStore> open(const TempDirectory& directory,
                                    const std::string& vfs_name,
                                    Synchronous synchronous = Synchronous::kFull) {
    auto opened = SqliteStore::open({.directory = directory.path(),
                                     .limits = {},
                                     .metrics = metrics_,
                                     .vfs_name = vfs_name,
                                     .synchronous = synchronous});
    return opened ? *std::move(opened) : nullptr;
  }

  /// Runs the workload until the power fails at the `calls`-th write or sync, restarts, checks that
  /// each document is whole, and returns how many acknowledged revisions are missing.
  std::uint64_t count_lost(std::uint64_t seed,
                           std::uint64_t calls,
                           Loss loss,
                           Syncs syncs,
                           Where where = Where::kAnywhere,
                           Synchronous synchronous = Synchronous::kFull) {
    const TempDirectory directory;
    TestExecutor loop;
    PowerLossVfs vfs("power_loss", seed);
    auto store = open(directory, vfs.name(), synchronous);
    if (store == nullptr) {
      ADD_FAILURE() << "the store opens while there is power";
      return 0;
    }
    vfs.set_syncs(syncs);
    vfs.cut_power_at(calls, loss, where);
    Workload workload(*store, loop);
    workload.run();
    EXPECT_TRUE(vfs.power_is_off());
    store.reset();
    return count_lost(directory, loop, workload);
  }

  /// What a restarted machine lost of what the workload was told.
  std::uint64_t count_lost(const TempDirectory& directory,
                           TestExecutor& loop,
                           const Workload& workload) {
    const auto store = open(directory, "");
    if (store == nullptr) {
      ADD_FAILURE() << "the store opens after power loss";
      return 0;
    }
    StoreDriver driver(*store, loop);
    std::uint64_t lost = 0;
    for (std::size_t document = 0; document < kDocuments; ++document) {
      const std::uint64_t head = check_document(driver, document);
      EXPECT_LE(head, workload.attempted(document));
      lost += workload.acknowledged(document) - std::min(head, workload.acknowledged(document));
    }
    return lost;
  }

  /// The head of a document after checking every revision up to it.
  static std::uint64_t check_document(StoreDriver<SqliteStore>& driver, std::size_t document) {
    const std::string name = document_name(document);
    const auto info = driver.find(name);
    if (!info) {
      EXPECT_EQ(info.error().code, ErrorCode::kNotFound);
      return 0;
    }
    const std::uint64_t head = info->head.value();
    EXPECT_EQ(info->head_hash, hash_at(head));
    const auto updates = driver.read(name, 1, head + 10, {.updates = 100'000, .bytes = 1u << 30});
    EXPECT_EQ(updates->size(), head);
    for (std::size_t i = 0; i < updates->size(); ++i) {
      EXPECT_EQ((*updates)[i], make_update(i + 1, op_text(i + 1))) << name << " " << i + 1;
    }
    const auto client = driver.find_client(name, "client").value();
    EXPECT_EQ(client ? client->last_seq.value() : 0, head);
    EXPECT_LE(driver.open(name)->snapshot.revision, info->head);
    return head;
  }

  Metrics metrics_;
};

TEST_F(SqlitePowerLoss, AcknowledgedAppendsSurviveTheLossOfEverythingUnsynced) {
  std::mt19937_64 random(1);
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::uint64_t calls = 1 + random() % 1'500;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", power fails at call " + std::to_string(calls));
    EXPECT_EQ(count_lost(seed, calls, Loss::kEverything, Syncs::kHonoured), 0u);
  }
}

TEST_F(SqlitePowerLoss, AcknowledgedAppendsSurviveTornWrites) {
  std::mt19937_64 random(2);
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::uint64_t calls = 1 + random() % 1'500;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", power fails at call " + std::to_string(calls));
    EXPECT_EQ(count_lost(seed, calls, Loss::kRandomSubset, Syncs::kHonoured), 0u);
  }
}

TEST_F(SqlitePowerLoss, AcknowledgedAppendsSurvivePowerLossInACheckpoint) {
  std::mt19937_64 random(3);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::uint64_t calls = 1 + random() % 3'000;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", power fails at call " + std::to_string(calls) +
                 " on the database file");
    const auto loss = seed % 2 == 0 ? Loss::kRandomSubset : Loss::kEverything;
    EXPECT_EQ(count_lost(seed, calls, loss, Syncs::kHonoured, Where::kDatabase), 0u);
  }
}

// One write or sync fails, the store goes on or closes, and later the power fails.
TEST_F(SqlitePowerLoss, AcknowledgedAppendsSurviveAWriteOrSyncThatFails) {
  std::mt19937_64 random(4);
  constexpr std::array kFaults{Fault::kWriteFails, Fault::kWriteShort, Fault::kSyncFails};
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::uint64_t calls = 1 + random() % 500;
    const Fault fault = kFaults.at(seed % kFaults.size());
    SCOPED_TRACE("seed " + std::to_string(seed) + ", call " + std::to_string(calls) + " fails");
    const TempDirectory directory;
    TestExecutor loop;
    PowerLossVfs vfs("power_loss", seed);
    auto store = open(directory, vfs.name());
    ASSERT_NE(store, nullptr);
    vfs.fail_at(calls, fault);
    Workload workload(*store, loop, /*goal=*/40);
    workload.run();
    // Only a full disk is something that the store goes on after.
    EXPECT_EQ(store->health().has_value(), fault == Fault::kWriteShort);
    EXPECT_EQ(workload.acknowledged(0) >= 40, fault == Fault::kWriteShort);
    vfs.cut_power(seed % 2 == 0 ? Loss::kRandomSubset : Loss::kEverything);
    store.reset();
    EXPECT_EQ(count_lost(directory, loop, workload), 0u);
  }
}

// A process that dies between a write and its sync leaves what it wrote to the kernel, and the next
// process reads it there: what it then knows to be committed (and would acknowledge to a client
// that sends the same again) must survive power loss, too.
TEST_F(SqlitePowerLoss, WhatARestartedProcessReadsIsDurable) {
  std::mt19937_64 random(5);
  std::uint64_t unacknowledged = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::uint64_t syncs = 1 + random() % 20;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", dies before sync " + std::to_string(syncs));
    const TempDirectory directory;
    TestExecutor loop;
    PowerLossVfs vfs("power_loss", seed);
    auto store = open(directory, vfs.name());
    ASSERT_NE(store, nullptr);
    vfs.kill_process_at(syncs);
    Workload workload(*store, loop);
    workload.run();
    EXPECT_TRUE(vfs.process_is_dead());
    store.reset();
    vfs.begin_process();

    store = open(directory, vfs.name());
    ASSERT_NE(store, nullptr);
    StoreDriver driver(*store, loop);
    std::array<std::uint64_t, kDocuments> heads{};
    for (std::size_t document = 0; document < kDocuments; ++document) {
      heads.at(document) = check_document(driver, document);
      EXPECT_GE(heads.at(document), workload.acknowledged(document));
      unacknowledged += heads.at(document) - workload.acknowledged(document);
    }
    vfs.cut_power(Loss::kEverything);
    store.reset();

    store = open(directory, "");
    ASSERT_NE(store, nullptr);
    StoreDriver restarted(*store, loop);
    for (std::size_t document = 0; document < kDocuments; ++document) {
      EXPECT_EQ(check_document(restarted, document), heads.at(document));
    }
  }
  EXPECT_GT(unacknowledged, 0u) << "no process died between a write and its answer";
}

// The controls: what the tests above are to notice, they notice. Without syncs (a device that lies,
// or SQLite told not to) the same workload loses acknowledged appends.
TEST_F(SqlitePowerLoss, WithoutSyncsAcknowledgedAppendsAreLost) {
  EXPECT_GT(count_lost(1, 500, Loss::kEverything, Syncs::kIgnored), 0u);
}

TEST_F(SqlitePowerLoss, WithSynchronousOffAcknowledgedAppendsAreLost) {
  EXPECT_GT(
      count_lost(1, 500, Loss::kEverything, Syncs::kHonoured, Where::kAnywhere, Synchronous::kOff),
      0u);
}

TEST_F(SqlitePowerLoss, WithSynchronousNormalAcknowledgedAppendsAreLost) {
  EXPECT_GT(
      count_lost(
          1, 500, Loss::kEverything, Syncs::kHonoured, Where::kAnywhere, Synchronous::kNormal),
      0u);
}

}  // namespace
}  // namespace cloudsync::test
