#include "gateway/rate_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloudsync::gateway {
namespace {

using std::chrono::seconds;

struct Value {
  TimePoint full_at{};

  bool full(TimePoint now) const { return full_at <= now; }
};

using Table = RateTable<int, Value>;

constexpr TimePoint kStart{seconds(1'000)};

/// Somebody comes, uses what takes `busy` to fill up again, and goes.
void visit(Table& table, int key, TimePoint now, Duration busy) {
  Table::Entry& entry = table.hold(key, now);
  entry.value.full_at = now + busy;
  table.release(entry);
}

TEST(RateTable, RemembersWhoComesBackBeforeItIsForgiven) {
  Table table(10);
  visit(table, 1, kStart, seconds(5));
  EXPECT_EQ(table.hold(1, kStart + seconds(4)).value.full_at, kStart + seconds(5));
}

TEST(RateTable, RemembersWhoHoldsNothingByWhatItDoes) {
  Table table(2);
  table.touch(1, kStart).full_at = kStart + seconds(5);
  table.touch(2, kStart).full_at = kStart + seconds(5);
  EXPECT_EQ(table.touch(1, kStart).full_at, kStart + seconds(5));
  table.touch(3, kStart).full_at = kStart + seconds(5);  // 2 is the longest idle
  EXPECT_EQ(table.touch(1, kStart).full_at, kStart + seconds(5));
  EXPECT_EQ(table.touch(2, kStart).full_at, TimePoint());
  table.touch(4, kStart + seconds(6));
  EXPECT_EQ(table.size(), 1U);
}

TEST(RateTable, ForgetsWhatIsAsGoodAsNew) {
  Table table(10);
  visit(table, 1, kStart, seconds(5));
  visit(table, 2, kStart, seconds(6));
  EXPECT_EQ(table.size(), 2U);
  visit(table, 3, kStart + seconds(5), seconds(5));
  EXPECT_EQ(table.size(), 2U);
}

TEST(RateTable, KeepsWhatIsHeldHoweverOldAndWhereItIs) {
  Table table(2);
  Table::Entry& first = table.hold(1, kStart);
  Table::Entry& again = table.hold(1, kStart);
  EXPECT_EQ(&first, &again);
  table.release(again);
  for (int key = 2; key < 100; ++key) {
    visit(table, key, kStart + seconds(key), seconds(1'000));
  }
  EXPECT_EQ(&table.hold(1, kStart + seconds(1'000)), &first);
}

TEST(RateTable, KeepsWhatSomebodyHoldsOnceMore) {
  Table table(1);
  Table::Entry& held = table.hold(1, kStart);
  table.hold(held);
  table.release(held);
  visit(table, 2, kStart, seconds(1'000));
  visit(table, 3, kStart, seconds(1'000));
  EXPECT_EQ(&table.hold(1, kStart), &held);
}

TEST(RateTable, ForgetsTheLongestGoneAboveItsSize) {
  Table table(3);
  for (int key = 1; key <= 3; ++key) {
    visit(table, key, kStart, seconds(1'000));
  }
  visit(table, 1, kStart, seconds(2'000));
  visit(table, 4, kStart, seconds(1'000));  // 2 was the longest gone
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.hold(1, kStart).value.full_at, kStart + seconds(2'000));
  EXPECT_EQ(table.hold(3, kStart).value.full_at, kStart + seconds(1'000));
  EXPECT_EQ(table.hold(2, kStart).value.full_at, TimePoint());
}

TEST(RateTable, ForgetsWhoIsAsGoodAsNewBeforeWhoIsNot) {
  Table table(3);
  table.touch(1, kStart).full_at = kStart + seconds(1'000);
  for (int key = 2; key < 1'000; ++key) {
    table.touch(key, kStart).full_at = kStart;
  }
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.touch(1, kStart).full_at, kStart + seconds(1'000));
}

TEST(RateTable, StaysBoundedWhoeverComes) {
  Table table(100);
  std::vector<Table::Entry*> held;
  for (int key = 0; key < 10'000; ++key) {
    if (key % 1'000 == 0) {
      held.push_back(&table.hold(-key - 1, kStart));
    }
    visit(table, key, kStart, seconds(1'000));
    ASSERT_LE(table.size(), 100 + held.size());
  }
  for (Table::Entry* entry : held) {
    table.release(*entry);
  }
  EXPECT_EQ(table.size(), 100U);
}

}  // namespace
}  // namespace cloudsync::gateway
