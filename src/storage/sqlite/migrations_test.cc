#include "storage/sqlite/migrations.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cloudsync::storage {
namespace {

namespace fs = std::filesystem;

class MigrationsTest : public testing::Test {
 protected:
  MigrationsTest() {
    std::string pattern = (fs::temp_directory_path() / "cloudsync_migrations_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    const auto path = (directory_ / "test.db").string();
    std::ofstream(path).flush();
    auto connection = Connection::open({.path = path, .vfs_name = {}});
    EXPECT_TRUE(connection);
    connection_.emplace(*std::move(connection));
  }

  ~MigrationsTest() override { fs::remove_all(directory_); }

  std::int64_t count(const std::string& sql) {
    auto statement = connection_->prepare("SELECT count(*) FROM " + sql);
    if (!statement) {
      return -1;
    }
    Execution execution(*statement);
    EXPECT_TRUE(execution.next_row());
    return execution.row().integer(0);
  }

  fs::path directory_;
  std::optional<Connection> connection_;
};

constexpr Migration kFirst{.version = 1, .name = "first", .sql = "CREATE TABLE a (x)"};
constexpr Migration kSecond{.version = 2, .name = "second", .sql = "CREATE TABLE b (x)"};
constexpr Migration kBroken{
    .version = 2, .name = "broken", .sql = "CREATE TABLE c (x); CREATE TABLE a (x)"};

TEST_F(MigrationsTest, FreshDatabaseGetsTheWholeSchema) {
  const auto migrated = migrate(*connection_);
  ASSERT_TRUE(migrated) << migrated.error().message;
  EXPECT_EQ(count("schema_migrations"), static_cast<std::int64_t>(migrations().size()));
  for (const char* table : {"organizations",
                            "users",
                            "documents",
                            "document_updates",
                            "document_clients",
                            "snapshots",
                            "document_access"}) {
    EXPECT_EQ(count(table), 0) << table;
  }
}

TEST_F(MigrationsTest, SecondStartChangesNothing) {
  ASSERT_TRUE(migrate(*connection_));
  ASSERT_TRUE(migrate(*connection_));
  EXPECT_EQ(count("schema_migrations"), static_cast<std::int64_t>(migrations().size()));
}

TEST_F(MigrationsTest, OnlyNewStepsRun) {
  const std::array old{kFirst};
  const std::array current{kFirst, kSecond};
  ASSERT_TRUE(migrate(*connection_, old));
  EXPECT_EQ(count("b"), -1);
  ASSERT_TRUE(migrate(*connection_, current));
  EXPECT_EQ(count("b"), 0);
}

TEST_F(MigrationsTest, NewerDatabaseIsRefused) {
  const std::array newer{kFirst, kSecond};
  const std::array older{kFirst};
  ASSERT_TRUE(migrate(*connection_, newer));
  const auto migrated = migrate(*connection_, older);
  ASSERT_FALSE(migrated);
  EXPECT_NE(migrated.error().message.find("has schema version 2, this program knows up to 1"),
            std::string::npos)
      << migrated.error().message;
}

TEST_F(MigrationsTest, FailingStepLeavesTheOldSchema) {
  const std::array old{kFirst};
  const std::array broken{kFirst, kBroken};
  ASSERT_TRUE(migrate(*connection_, old));
  EXPECT_FALSE(migrate(*connection_, broken));
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(count("c"), -1);
  EXPECT_EQ(count("schema_migrations"), 1);
}

}  // namespace
}  // namespace cloudsync::storage
