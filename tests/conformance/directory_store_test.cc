// What every DirectoryStore promises (storage/directory_store.h).
#include "conformance/store_suite.h"

namespace cloudsync::test {
namespace {

template <class Backend>
class DirectoryStore : public StoreSuite<Backend> {};

TYPED_TEST_SUITE(DirectoryStore, StoreBackends, BackendNames);

using Ids = std::vector<std::string>;

TYPED_TEST(DirectoryStore, CreatedDocumentIsFoundAsGiven) {
  auto info = make_document("d");
  info.title = "Ünïcode 😀";
  ASSERT_TRUE(this->driver().create(info));
  EXPECT_EQ(this->driver().find("d").value(), info);
}

TYPED_TEST(DirectoryStore, NewDocumentStartsAtRevisionZero) {
  auto info = make_document("d");
  info.head = Revision(9);
  info.head_hash = hash_at(9);
  info.updated_at = Timestamp(9);
  ASSERT_TRUE(this->driver().create(info));
  EXPECT_EQ(this->driver().find("d").value(), make_document("d"));
}

TYPED_TEST(DirectoryStore, ContentIsTheSnapshotOfRevisionZero) {
  ASSERT_TRUE(this->driver().create(make_document("d"), R"([{"insert":"\n"}])"));
  EXPECT_EQ(this->driver().read_snapshot("d", 0)->content, R"([{"insert":"\n"}])");
}

TYPED_TEST(DirectoryStore, ExistingIdIsRejectedAndUnchanged) {
  ASSERT_TRUE(this->driver().create(make_document("d", "ann"), "\"first\""));
  auto second = make_document("d", "bob");
  second.title = "Second";
  EXPECT_EQ(this->driver().create(second, "\"second\"").error().code, ErrorCode::kBadRequest);
  EXPECT_EQ(this->driver().find("d").value(), make_document("d", "ann"));
  EXPECT_EQ(this->driver().read_snapshot("d", 0)->content, "\"first\"");
  EXPECT_EQ(this->driver().list("bob"), Ids{});
}

TYPED_TEST(DirectoryStore, MissingDocumentIsNotFound) {
  EXPECT_EQ(this->driver().find("missing").error().code, ErrorCode::kNotFound);
}

TYPED_TEST(DirectoryStore, CreatorHasOpenedIt) {
  ASSERT_TRUE(this->driver().create("d"));
  EXPECT_EQ(this->driver().list("ann"), Ids{"d"});
}

TYPED_TEST(DirectoryStore, ListIsLastOpenedFirst) {
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(this->driver().create(id));
  }
  ASSERT_TRUE(this->driver().record_opened("ann", "b", 3'000));
  ASSERT_TRUE(this->driver().record_opened("ann", "a", 2'000));
  EXPECT_EQ(this->driver().list("ann"), (Ids{"b", "a", "c"}));
}

TYPED_TEST(DirectoryStore, EarlierOpeningDoesNotMoveItBack) {
  ASSERT_TRUE(this->driver().create("a"));
  ASSERT_TRUE(this->driver().create("b"));
  ASSERT_TRUE(this->driver().record_opened("ann", "a", 3'000));
  ASSERT_TRUE(this->driver().record_opened("ann", "b", 2'000));
  ASSERT_TRUE(this->driver().record_opened("ann", "a", 1'500));
  EXPECT_EQ(this->driver().list("ann"), (Ids{"a", "b"}));
}

TYPED_TEST(DirectoryStore, ListIsCutAtThePage) {
  for (int i = 0; i < 5; ++i) {
    const auto id = std::to_string(i);
    ASSERT_TRUE(this->driver().create(id));
    ASSERT_TRUE(this->driver().record_opened("ann", id, 2'000 + i));
  }
  EXPECT_EQ(this->driver().list("ann", 2), (Ids{"4", "3"}));
}

TYPED_TEST(DirectoryStore, EachUserListsOnlyWhatTheyOpened) {
  ASSERT_TRUE(this->driver().create("a"));
  ASSERT_TRUE(this->driver().create("b"));
  ASSERT_TRUE(this->driver().record_opened("bob", "b", 2'000));
  EXPECT_EQ(this->driver().list("bob"), Ids{"b"});
  EXPECT_EQ(this->driver().list("nobody"), Ids{});
}

TYPED_TEST(DirectoryStore, OpeningAMissingDocumentIsNotFound) {
  EXPECT_EQ(this->driver().record_opened("bob", "missing", 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->driver().list("bob"), Ids{});
}

TYPED_TEST(DirectoryStore, DirectoryIsThereAfterAReopen) {
  ASSERT_TRUE(this->driver().create("a"));
  ASSERT_TRUE(this->driver().record_opened("bob", "a", 2'000));
  this->reopen();
  EXPECT_EQ(this->driver().find("a").value(), make_document("a"));
  EXPECT_EQ(this->driver().list("bob"), Ids{"a"});
}

}  // namespace
}  // namespace cloudsync::test
