#include "base/ids.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

namespace cloudsync {
namespace {

TEST(SharedText, CopiesAreOneText) {
  const SharedText a("a text that is too long to be kept without memory of its own");
  const SharedText b = a;
  EXPECT_EQ(a.str().data(), b.str().data());
  EXPECT_EQ(a, b);
}

TEST(SharedText, EqualAndOrderedByContent) {
  EXPECT_EQ(SharedText("x"), SharedText(std::string("x")));
  EXPECT_LT(SharedText("a"), SharedText("b"));
  EXPECT_LT(SharedText(), SharedText("a"));
  EXPECT_EQ(std::hash<SharedText>{}("x"), std::hash<std::string>{}("x"));
}

TEST(SharedText, EmptyWhenMadeSoOrMovedFrom) {
  SharedText text("x");
  const SharedText other = std::move(text);
  EXPECT_EQ(text.str(), "");  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(other.str(), "x");
  EXPECT_EQ(SharedText(), SharedText(""));
}

TEST(SharedText, SurvivesAssignmentToItself) {
  SharedText text("x");
  const SharedText& same = text;
  text = same;
  EXPECT_EQ(text.str(), "x");
}

TEST(SharedText, CopiesComeAndGoOnAllThreads) {
  const UserId user("one that all know");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([user] {
      for (int k = 0; k < 10'000; ++k) {
        const UserId copy = user;
        ASSERT_EQ(copy, user);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(user.value(), "one that all know");
}

TEST(SharedText, IsAKeyLikeItsString) {
  std::map<ClientId, int> numbers{{ClientId("b"), 2}, {ClientId("a"), 1}};
  EXPECT_EQ(numbers.begin()->second, 1);
  EXPECT_TRUE(numbers.contains(ClientId(std::string("b"))));
}

}  // namespace
}  // namespace cloudsync
