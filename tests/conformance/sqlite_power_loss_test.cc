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
using Loss = PowerLossVfs::Loss;
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

/// Edits all documents at once, each with one append in flight, until the store fails; remembers
/// what was acknowledged.
class Workload {
 public:
  Workload(SqliteStore& store, TestExecutor& loop) : store_(store), loop_(loop) {}

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
                             }
                           });
  }

  void append_next(std::size_t document) {
    const std::uint64_t first = acknowledged_[document] + 1;
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

  SqliteStore& store_;
  TestExecutor& loop_;
  std::size_t running_ = 0;
  std::array<std::uint64_t, kDocuments> acknowledged_{};
  std::array<std::uint64_t, kDocuments> attempted_{};
};

class SqlitePowerLoss : public testing::Test {
 protected:
  SqlitePowerLoss() { set_log_level(LogLevel::kOff); }

  std::unique_ptr<SqliteStore> open(const TempDirectory& directory, const std::string& vfs_name) {
    auto opened = SqliteStore::open(
        {.directory = directory.path(), .limits = {}, .metrics = metrics_, .vfs_name = vfs_name});
    return opened ? *std::move(opened) : nullptr;
  }

  /// Runs the workload until the power fails at the `calls`-th write or sync, restarts, checks that
  /// each document is whole, and returns how many acknowledged revisions are missing.
  std::uint64_t count_lost(std::uint64_t seed,
                           std::uint64_t calls,
                           Loss loss,
                           Syncs syncs,
                           Where where = Where::kAnywhere) {
    const TempDirectory directory;
    TestExecutor loop;
    PowerLossVfs vfs("power_loss", seed);
    auto store = open(directory, vfs.name());
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

    store = open(directory, "");
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

// The control: without syncs (synchronous = OFF, or a device that lies) the same workload must lose
// acknowledged appends, otherwise the tests above would prove nothing.
TEST_F(SqlitePowerLoss, WithoutSyncsAcknowledgedAppendsAreLost) {
  EXPECT_GT(count_lost(1, 500, Loss::kEverything, Syncs::kIgnored), 0u);
}

}  // namespace
}  // namespace cloudsync::test
