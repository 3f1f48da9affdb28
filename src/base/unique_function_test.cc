#include "base/unique_function.h"

#include <gtest/gtest.h>

#include <memory>

namespace cloudsync {
namespace {

TEST(UniqueFunction, OwnsMoveOnlyState) {
  auto number = std::make_unique<int>(41);
  UniqueFunction<int(int)> add = [held = std::move(number)](int more) { return *held + more; };
  UniqueFunction<int(int)> moved = std::move(add);
  EXPECT_FALSE(add);  // NOLINT(bugprone-use-after-move): the moved-from state is the point
  EXPECT_EQ(moved(1), 42);
}

TEST(UniqueFunctionDeathTest, AbortsWhenCalledEmpty) {
  UniqueFunction<void()> empty;
  EXPECT_DEATH(empty(), "an empty function is never called");
}

}  // namespace
}  // namespace cloudsync
