#include "base/few.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace cloudsync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pointee;

TEST(Few, TakesEightBytesMoreThanItsElement) {
  static_assert(sizeof(Few<void*>) == 16);
}

TEST(Few, KeepsTheOrder) {
  Few<std::string> few;
  EXPECT_TRUE(few.empty());
  EXPECT_THAT(few, IsEmpty());
  for (const char* text : {"a", "b", "c"}) {
    EXPECT_EQ(few.push_back(text), text);
  }
  EXPECT_EQ(few.size(), 3U);
  EXPECT_THAT(few, ElementsAre("a", "b", "c"));
  EXPECT_THAT(std::as_const(few), ElementsAre("a", "b", "c"));
}

TEST(Few, ErasesAny) {
  Few<std::string> few;
  for (const char* text : {"a", "b", "c", "d"}) {
    few.push_back(text);
  }
  few.erase(few.begin() + 1);
  EXPECT_THAT(few, ElementsAre("a", "c", "d"));
  few.erase(few.end() - 1);
  few.erase(few.begin());
  EXPECT_THAT(few, ElementsAre("c"));
  few.push_back("e");
  EXPECT_THAT(few, ElementsAre("c", "e"));
  few.erase(few.begin());
  few.erase(few.begin());
  EXPECT_THAT(few, IsEmpty());
}

TEST(Few, FindsTheFirst) {
  Few<std::string> few;
  const auto is_long = [](const std::string& text) { return text.size() > 1; };
  EXPECT_EQ(few.find(is_long), nullptr);
  for (const char* text : {"a", "bb", "cc"}) {
    few.push_back(text);
  }
  EXPECT_EQ(few.find(is_long), few.begin() + 1);
  EXPECT_EQ(std::as_const(few).find(is_long), few.begin() + 1);
}

TEST(Few, ReturnsTheBlockWhenOneIsLeft) {
  Few<std::string> few;
  few.push_back("a");
  few.push_back("b");
  few.erase(few.begin());
  const char* start = reinterpret_cast<const char*>(&few);
  const char* element = reinterpret_cast<const char*>(few.begin());
  EXPECT_GE(element, start);
  EXPECT_LT(element, start + sizeof(few));
}

TEST(Few, HoldsWhatIsOnlyMoved) {
  Few<std::unique_ptr<int>> few;
  few.push_back(std::make_unique<int>(1));
  few.push_back(std::make_unique<int>(2));
  Few<std::unique_ptr<int>> moved = std::exchange(few, {});
  EXPECT_THAT(few, IsEmpty());
  EXPECT_THAT(moved, ElementsAre(Pointee(1), Pointee(2)));
  few = std::move(moved);
  EXPECT_TRUE(moved.empty());
  moved = std::move(few);
  EXPECT_THAT(few, IsEmpty());
  moved.clear();
  EXPECT_TRUE(moved.empty());
}

}  // namespace
}  // namespace cloudsync
