#pragma once
// What a conformance test sees: a fresh store of one adapter behind synchronous verbs. A new
// adapter joins by one Backend and one line in StoreBackends.

#include "base/metrics.h"
#include "storage/memory/memory_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "support/store_driver.h"
#include "support/temp_directory.h"

namespace cloudsync::test {

class MemoryBackend {
 public:
  using Store = storage::MemoryStore;

  Store& store() { return store_; }

  /// Leaves only what the adapter promises to keep.
  void reopen() {}

 private:
  Store store_;
};

class SqliteBackend {
 public:
  using Store = storage::SqliteStore;

  SqliteBackend() { reopen(); }

  Store& store() { return *store_; }

  void reopen() {
    store_.reset();
    auto opened = Store::open({.directory = directory_.path() / "data",
                               .limits = {},
                               .metrics = metrics_,
                               .vfs_name = {}});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

 private:
  TempDirectory directory_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
};

template <class Backend>
class StoreSuite : public testing::Test {
 protected:
  StoreDriver<typename Backend::Store> driver() { return {backend_.store(), loop_}; }

  void reopen() { backend_.reopen(); }

  /// A document "d" with revisions 1 … `head`.
  void create_with_head(std::uint64_t head) {
    ASSERT_TRUE(driver().create("d"));
    if (head > 0) {
      ASSERT_EQ(driver().append("d", 1, head), storage::AppendStatus::kCommitted);
    }
  }

  TestExecutor loop_;
  Backend backend_;
};

using StoreBackends = testing::Types<MemoryBackend, SqliteBackend>;

struct BackendNames {
  template <class Backend>
  static std::string GetName(int) {
    return std::is_same_v<Backend, MemoryBackend> ? "Memory" : "Sqlite";
  }
};

}  // namespace cloudsync::test
