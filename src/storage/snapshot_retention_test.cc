#include "storage/snapshot_retention.h"

#include <gtest/gtest.h>

namespace cloudsync::storage {
namespace {

/// Writes a snapshot every `step` revisions up to `head`, thinning after each.
std::vector<Revision> write_history(std::uint64_t step, std::uint64_t head) {
  std::vector<Revision> kept{Revision(0)};
  for (std::uint64_t revision = step; revision <= head; revision += step) {
    kept.push_back(Revision(revision));
    for (const Revision gone : thin_out(kept)) {
      std::erase(kept, gone);
    }
  }
  return kept;
}

TEST(SnapshotRetention, KeepsTheBaseAndTheNewest) {
  const auto kept = write_history(500, 1'000'000);
  EXPECT_EQ(kept.front(), Revision(0));
  EXPECT_EQ(kept.back(), Revision(1'000'000));
}

TEST(SnapshotRetention, KeepsLogarithmicallyMany) {
  EXPECT_LE(write_history(500, 1'000'000).size(), 25u);
  EXPECT_LE(write_history(1, 100'000).size(), 37u);
}

TEST(SnapshotRetention, ReplayIsProportionalToAge) {
  const std::uint64_t head = 1'000'000;
  const auto kept = write_history(500, head);
  for (std::size_t i = 1; i < kept.size(); ++i) {
    const auto age = head - kept[i].value();
    const auto gap = kept[i].value() - kept[i - 1].value();
    EXPECT_LE(gap, std::max<std::uint64_t>(age, 500)) << "before revision " << kept[i].value();
  }
}

TEST(SnapshotRetention, GapOfAtMostTheAgeBehindItIsAllowed) {
  const std::vector<Revision> kept{Revision(0), Revision(40), Revision(50), Revision(100)};
  EXPECT_EQ(thin_out(kept), std::vector<Revision>{Revision(40)});
  const std::vector<Revision> wide{Revision(0), Revision(40), Revision(51), Revision(100)};
  EXPECT_EQ(thin_out(wide), std::vector<Revision>{});
}

TEST(SnapshotRetention, NothingToDeleteFromNothing) {
  EXPECT_TRUE(thin_out({}).empty());
}

}  // namespace
}  // namespace cloudsync::storage
