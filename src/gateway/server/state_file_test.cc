#include "gateway/server/state_file.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>

namespace cloudsync::gateway {
namespace {

class StateFileTest : public testing::Test {
 protected:
  ~StateFileTest() override { std::filesystem::remove(path_); }

  const std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / ("state-" + std::to_string(::getpid()));
};

TEST_F(StateFileTest, IsReadOnceAndByItsUserAlone) {
  JsonObject namespaces;
  namespaces["/"] = JsonObject{{"newest", 7}};
  ASSERT_TRUE(write_state_file(path_, Timestamp(1'234), namespaces));

  struct stat status {};

  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto state = take_state_file(path_);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->saved_at, Timestamp(1'234));
  EXPECT_EQ(state->namespaces, namespaces);
  EXPECT_FALSE(std::filesystem::exists(path_));
  const auto again = take_state_file(path_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->namespaces.empty());
}

TEST_F(StateFileTest, ThatIsMalformedIsRefusedAndGone) {
  for (const char* text : {"", "{", "[]", R"({"savedAt":1})", R"({"namespaces":{}})"}) {
    std::ofstream(path_) << text;
    EXPECT_FALSE(take_state_file(path_)) << text;
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
}

TEST_F(StateFileTest, ThatCantBeWrittenIsAnError) {
  EXPECT_FALSE(write_state_file("/nowhere/at/all", Timestamp(1), {}));
}

}  // namespace
}  // namespace cloudsync::gateway
