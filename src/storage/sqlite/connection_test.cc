#include "storage/sqlite/connection.h"

#include "base/ids.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cloudsync::storage {
namespace {

namespace fs = std::filesystem;

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    std::string pattern = (fs::temp_directory_path() / "cloudsync_connection_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = (directory_ / "test.db").string();
    std::ofstream(path_).flush();
  }

  ~ConnectionTest() override { fs::remove_all(directory_); }

  Connection open() {
    auto connection = Connection::open({.path = path_, .vfs_name = {}, .counters = &counters_});
    EXPECT_TRUE(connection);
    return *std::move(connection);
  }

  static std::string pragma(Connection& connection, const std::string& name) {
    auto statement = connection.prepare("PRAGMA " + name);
    Execution execution(*statement);
    EXPECT_TRUE(execution.next_row());
    return std::string(execution.row().text(0));
  }

  fs::path directory_;
  std::string path_;
  ReadCounters counters_;
};

TEST_F(ConnectionTest, SettingsAreTheDurableOnes) {
  auto connection = open();
  EXPECT_EQ(pragma(connection, "journal_mode"), "wal");
  EXPECT_EQ(pragma(connection, "synchronous"), "2");  // FULL
  EXPECT_EQ(pragma(connection, "foreign_keys"), "1");
  EXPECT_EQ(pragma(connection, "wal_autocheckpoint"), "0");
}

TEST_F(ConnectionTest, MissingFileIsNotCreated) {
  const auto missing = (directory_ / "missing.db").string();
  EXPECT_FALSE(Connection::open({.path = missing, .vfs_name = {}}));
  EXPECT_FALSE(fs::exists(missing));
}

TEST_F(ConnectionTest, ForeignFileIsRefused) {
  std::ofstream(path_) << std::string(4096, 'x');
  EXPECT_FALSE(Connection::open({.path = path_, .vfs_name = {}}));
}

TEST_F(ConnectionTest, BoundValuesComeBack) {
  auto connection = open();
  ASSERT_TRUE(connection.run("CREATE TABLE t (a INTEGER, b TEXT, c BLOB) STRICT"));
  auto insert = connection.prepare("INSERT INTO t VALUES (?1, ?2, ?3)");
  const std::array<std::uint8_t, 3> bytes{0, 1, 255};
  EXPECT_EQ(Execution(*insert, Revision(7), DocumentId(std::string("a\0b", 3)), bytes).run(), 0);

  auto select = connection.prepare("SELECT a, b, c FROM t");
  Execution execution(*select);
  ASSERT_TRUE(execution.next_row());
  EXPECT_EQ(execution.row().integer(0), 7);
  EXPECT_EQ(execution.row().text(1), std::string_view("a\0b", 3));
  EXPECT_TRUE(std::ranges::equal(execution.row().blob(2), bytes));
}

TEST_F(ConnectionTest, EmptyTextIsNotNull) {
  auto connection = open();
  ASSERT_TRUE(connection.run("CREATE TABLE t (a TEXT NOT NULL) STRICT"));
  auto insert = connection.prepare("INSERT INTO t VALUES (?1)");
  EXPECT_EQ(Execution(*insert, std::string_view()).run(), 0);
}

TEST_F(ConnectionTest, ConstraintFailureIsClassified) {
  auto connection = open();
  ASSERT_TRUE(connection.run("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT"));
  auto insert = connection.prepare("INSERT INTO t VALUES (?1)");
  EXPECT_EQ(Execution(*insert, std::int64_t{1}).run(), 0);
  const int code = Execution(*insert, std::int64_t{1}).run();
  EXPECT_EQ(classify_sqlite(code), SqliteFault::kConstraint);
}

TEST_F(ConnectionTest, ReadsAreCounted) {
  auto connection = open();
  ASSERT_TRUE(connection.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER) STRICT"));
  ASSERT_TRUE(connection.run("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)"));
  auto by_key = connection.prepare("SELECT * FROM t WHERE a = 2");
  Execution(*by_key).run();
  EXPECT_EQ(counters_.rows, 1u);
  EXPECT_EQ(counters_.fullscan_steps, 0u);
  auto by_scan = connection.prepare("SELECT * FROM t WHERE b = 2");
  Execution(*by_scan).run();
  EXPECT_EQ(counters_.rows, 2u);
  EXPECT_GT(counters_.fullscan_steps, 0u);
}

TEST_F(ConnectionTest, PagesInMemoryAreGivenBack) {
  Connection connection = open();
  ASSERT_EQ(connection.execute("CREATE TABLE t (x BLOB)"), SQLITE_OK);
  ASSERT_EQ(connection.execute("INSERT INTO t VALUES (zeroblob(1000000))"), SQLITE_OK);
  const std::int64_t filled = sqlite3_memory_used();
  EXPECT_GT(filled, 1'000'000);
  connection.release_memory();
  EXPECT_LT(sqlite3_memory_used(), filled - 900'000);
}

TEST_F(ConnectionTest, CheckpointResetsTheLog) {
  auto connection = open();
  ASSERT_TRUE(connection.run("CREATE TABLE t (a INTEGER) STRICT"));
  EXPECT_GT(connection.wal_pages(), 0);
  EXPECT_EQ(connection.checkpoint(Connection::CheckpointMode::kTruncate), 0);
  EXPECT_EQ(connection.wal_pages(), 0);
  EXPECT_EQ(fs::file_size(path_ + "-wal"), 0u);
}

TEST(SqliteFaults, AreClassifiedByWhatIsStillTrue) {
  EXPECT_EQ(classify_sqlite(SQLITE_OK), SqliteFault::kNone);
  EXPECT_EQ(classify_sqlite(SQLITE_CONSTRAINT_PRIMARYKEY), SqliteFault::kConstraint);
  EXPECT_EQ(classify_sqlite(SQLITE_FULL), SqliteFault::kTransaction);
  EXPECT_EQ(classify_sqlite(SQLITE_IOERR_FSYNC), SqliteFault::kStore);
  EXPECT_EQ(classify_sqlite(SQLITE_CORRUPT), SqliteFault::kStore);
}

}  // namespace
}  // namespace cloudsync::storage
