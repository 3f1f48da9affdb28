#include "base/on_demand.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace cloudsync {
namespace {

struct Counted {
  Counted() { ++made; }

  ~Counted() { --made; }

  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  bool empty() const { return values.empty(); }

  std::vector<int> values;
  static inline int made = 0;
};

TEST(OnDemand, IsReadWithoutBeingMade) {
  const OnDemand<Counted> many[2];
  EXPECT_TRUE(many[0]->values.empty());
  EXPECT_TRUE(many[1]->values.empty());
  EXPECT_EQ(Counted::made, 1);  // the empty one that all are read as
}

TEST(OnDemand, IsMadeForAChangeAndDroppedWhenEmpty) {
  OnDemand<Counted> one;
  const int before = Counted::made;
  EXPECT_EQ(one.get(), nullptr);
  one->values.push_back(7);
  EXPECT_EQ(one.get(), one.operator->());
  EXPECT_EQ(Counted::made, before + 1);
  one.drop_if_empty();
  EXPECT_EQ(std::as_const(one)->values, std::vector<int>{7});
  one->values.clear();
  one.drop_if_empty();
  EXPECT_EQ(Counted::made, before);
}

TEST(OnDemand, IsClearedWhateverIsInIt) {
  OnDemand<Counted> one;
  one->values.push_back(7);
  one.clear();
  EXPECT_TRUE(std::as_const(one)->values.empty());
}

}  // namespace
}  // namespace cloudsync
