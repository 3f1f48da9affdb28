#include "storage/data_directory.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace cloudsync::storage {
namespace {

namespace fs = std::filesystem;

class DataDirectoryTest : public testing::Test {
 protected:
  DataDirectoryTest() {
    std::string pattern = (fs::temp_directory_path() / "cloudsync_directory_XXXXXX").string();
    parent_ = ::mkdtemp(pattern.data());
  }

  ~DataDirectoryTest() override { fs::remove_all(parent_); }

  static unsigned mode_of(const fs::path& path) {
    struct stat status {};

    ::stat(path.c_str(), &status);
    return status.st_mode & 0777u;
  }

  fs::path parent_;
  SeededRandom random_{1};
};

TEST_F(DataDirectoryTest, CreatesAPrivateDirectory) {
  const auto directory = DataDirectory::open(parent_ / "a" / "b");
  ASSERT_TRUE(directory) << directory.error().message;
  EXPECT_EQ(mode_of(parent_ / "a" / "b"), 0700u);
  EXPECT_EQ(mode_of(parent_ / "a" / "b" / "LOCK"), 0600u);
}

TEST_F(DataDirectoryTest, SecondOwnerIsRefusedByName) {
  const auto first = DataDirectory::open(parent_ / "data");
  const auto second = DataDirectory::open(parent_ / "data");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("in use by process " + std::to_string(::getpid())),
            std::string::npos)
      << second.error().message;
}

TEST_F(DataDirectoryTest, LockEndsWithTheOwner) {
  { const auto first = DataDirectory::open(parent_ / "data"); }
  EXPECT_TRUE(DataDirectory::open(parent_ / "data"));
}

TEST_F(DataDirectoryTest, LockMovesWithTheObject) {
  auto first = DataDirectory::open(parent_ / "data");
  const DataDirectory moved = *std::move(first);
  EXPECT_FALSE(DataDirectory::open(parent_ / "data"));
}

TEST_F(DataDirectoryTest, SecretIsMadeOnceAndPrivate) {
  const auto directory = DataDirectory::open(parent_ / "data");
  const auto made = directory->load_or_create_secret("client", random_);
  const auto loaded = directory->load_or_create_secret("client", random_);
  ASSERT_TRUE(made && loaded);
  EXPECT_EQ(made->size(), 32u);
  EXPECT_EQ(*made, *loaded);
  EXPECT_EQ(mode_of(parent_ / "data" / "client.key"), 0600u);
}

TEST_F(DataDirectoryTest, SecretsOfDifferentNamesDiffer) {
  const auto directory = DataDirectory::open(parent_ / "data");
  EXPECT_NE(*directory->load_or_create_secret("a", random_),
            *directory->load_or_create_secret("b", random_));
}

TEST_F(DataDirectoryTest, DamagedSecretIsRefused) {
  const auto directory = DataDirectory::open(parent_ / "data");
  ASSERT_TRUE(directory->load_or_create_secret("client", random_));
  std::ofstream(parent_ / "data" / "client.key", std::ios::app) << "x";
  EXPECT_FALSE(directory->load_or_create_secret("client", random_));
}

TEST_F(DataDirectoryTest, SecretThatOthersCanReadIsRefused) {
  const auto directory = DataDirectory::open(parent_ / "data");
  ASSERT_TRUE(directory->load_or_create_secret("client", random_));
  ::chmod((parent_ / "data" / "client.key").c_str(), 0644);
  EXPECT_FALSE(directory->load_or_create_secret("client", random_));
}

TEST_F(DataDirectoryTest, FileInTheWayIsReportedWithItsPath) {
  std::ofstream(parent_ / "data") << "x";
  const auto directory = DataDirectory::open(parent_ / "data");
  ASSERT_FALSE(directory);
  EXPECT_NE(directory.error().message.find((parent_ / "data").string()), std::string::npos);
}

}  // namespace
}  // namespace cloudsync::storage
