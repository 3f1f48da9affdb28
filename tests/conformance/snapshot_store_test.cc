// What every SnapshotStore promises (storage/snapshot_store.h).
#include "conformance/store_suite.h"

namespace cloudsync::test {
namespace {

template <class Backend>
class SnapshotStore : public StoreSuite<Backend> {};

TYPED_TEST_SUITE(SnapshotStore, StoreBackends, BackendNames);

TYPED_TEST(SnapshotStore, NewestAtOrBeforeARevisionIsRead) {
  this->create_with_head(100);
  ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(40)));
  ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(90)));
  EXPECT_EQ(this->driver().read_snapshot("d", 39)->revision, Revision(0));
  EXPECT_EQ(this->driver().read_snapshot("d", 40).value(), make_snapshot(40));
  EXPECT_EQ(this->driver().read_snapshot("d", 89).value(), make_snapshot(40));
  EXPECT_EQ(this->driver().read_snapshot("d", 1'000).value(), make_snapshot(90));
}

TYPED_TEST(SnapshotStore, SecondOfARevisionIsIgnored) {
  this->create_with_head(5);
  auto other = make_snapshot(5);
  other.content = "\"other\"";
  ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(5)));
  EXPECT_TRUE(this->driver().write_snapshot("d", other));
  EXPECT_EQ(this->driver().read_snapshot("d", 5).value(), make_snapshot(5));
}

TYPED_TEST(SnapshotStore, OldOnesAreThinnedOut) {
  this->create_with_head(0);
  for (std::uint64_t revision = 1; revision <= 64; ++revision) {
    ASSERT_EQ(this->driver().append("d", revision), storage::AppendStatus::kCommitted);
    ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(revision)));
  }
  std::size_t kept = 0;
  for (std::uint64_t revision = 0; revision <= 64; ++revision) {
    kept += this->driver().read_snapshot("d", revision)->revision == Revision(revision) ? 1 : 0;
  }
  EXPECT_LE(kept, 10u);
  EXPECT_EQ(this->driver().read_snapshot("d", 0)->content, "\"\"");
  EXPECT_EQ(this->driver().read_snapshot("d", 64).value(), make_snapshot(64));
}

TYPED_TEST(SnapshotStore, SnapshotAheadOfTheLogIsRejected) {
  this->create_with_head(5);
  EXPECT_EQ(this->driver().write_snapshot("d", make_snapshot(6)).error().code,
            ErrorCode::kRevisionUnknown);
  EXPECT_EQ(this->driver().open("d")->snapshot.revision, Revision(0));
}

TYPED_TEST(SnapshotStore, MissingDocumentIsNotFound) {
  EXPECT_EQ(this->driver().write_snapshot("missing", make_snapshot(0)).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(this->driver().read_snapshot("missing", 9).error().code, ErrorCode::kNotFound);
}

TYPED_TEST(SnapshotStore, LargeContentComesBack) {
  this->create_with_head(1);
  auto large = make_snapshot(1);
  large.content = std::string(3'000'000, 'x');
  ASSERT_TRUE(this->driver().write_snapshot("d", large));
  EXPECT_EQ(this->driver().read_snapshot("d", 1).value(), large);
}

}  // namespace
}  // namespace cloudsync::test
