// What every OpStore promises (storage/op_store.h).
#include "conformance/store_suite.h"

#include <set>
#include <thread>

namespace cloudsync::test {
namespace {

using storage::AppendOutcome;
using storage::AppendStatus;

template <class Backend>
class OpStore : public StoreSuite<Backend> {};

TYPED_TEST_SUITE(OpStore, StoreBackends, BackendNames);

TYPED_TEST(OpStore, AppendMovesTheHead) {
  this->create_with_head(3);
  const auto info = this->driver().find("d");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->head, Revision(3));
  EXPECT_EQ(info->head_hash, hash_at(3));
  EXPECT_EQ(info->updated_at, Timestamp(1'003));
}

TYPED_TEST(OpStore, UpdatesComeBackAsWritten) {
  this->create_with_head(0);
  auto append = make_append("d", 1);
  append.updates[0].op = R"([4,{"i":"ü😀\u0000"}])" + std::string(100'000, 'x');
  const auto written = append.updates;
  ASSERT_EQ(this->driver().append(append).status, AppendStatus::kCommitted);
  EXPECT_EQ(this->driver().read("d", 1, 1).value(), written);
}

TYPED_TEST(OpStore, StaleHeadIsAConflictAndLeavesNothing) {
  this->create_with_head(3);
  auto stale = make_append("d", 3);
  stale.updates[0].op = "late";
  stale.clients[0].client = ClientId("late");
  EXPECT_EQ(this->driver().append(stale).status, AppendStatus::kConflict);
  EXPECT_EQ(this->driver().find("d")->head, Revision(3));
  EXPECT_EQ(this->driver().read("d", 3, 3)->front().op, "3");
  EXPECT_EQ(this->driver().find_client("d", "late").value(), std::nullopt);
}

TYPED_TEST(OpStore, HeadFromTheFutureIsAConflict) {
  this->create_with_head(3);
  EXPECT_EQ(this->driver().append("d", 5), AppendStatus::kConflict);
  EXPECT_EQ(this->driver().find("d")->head, Revision(3));
}

TYPED_TEST(OpStore, OtherHistoryIsAConflict) {
  this->create_with_head(3);
  auto other = make_append("d", 4);
  other.updates[0].prev_hash = hash_at(99);
  EXPECT_EQ(this->driver().append(other).status, AppendStatus::kConflict);
}

TYPED_TEST(OpStore, GapInsideAnAppendIsRefused) {
  this->create_with_head(1);
  auto gap = make_append("d", 2, 2);
  gap.updates[1].revision = Revision(4);
  EXPECT_EQ(this->driver().append(gap).status, AppendStatus::kRefused);
  EXPECT_EQ(this->driver().find("d")->head, Revision(1));
}

TYPED_TEST(OpStore, EmptyAppendIsRefused) {
  this->create_with_head(1);
  auto empty = make_append("d", 2);
  empty.updates.clear();
  EXPECT_EQ(this->driver().append(empty).status, AppendStatus::kRefused);
}

TYPED_TEST(OpStore, AppendToAMissingDocumentIsRefused) {
  EXPECT_EQ(this->driver().append("missing", 1), AppendStatus::kRefused);
}

TYPED_TEST(OpStore, OneDocumentsConflictIsNoOthers) {
  this->create_with_head(1);
  ASSERT_TRUE(this->driver().create("e"));
  std::vector<AppendStatus> statuses;
  const auto note = [&](const AppendOutcome& outcome) { statuses.push_back(outcome.status); };
  auto& store = this->backend_.store();
  store.append(make_append("e", 1), this->loop_, note);
  store.append(make_append("d", 9), this->loop_, note);
  store.append(make_append("e", 2), this->loop_, note);
  this->loop_.run_until([&] { return statuses.size() == 3; });
  EXPECT_EQ(
      statuses,
      (std::vector{AppendStatus::kCommitted, AppendStatus::kConflict, AppendStatus::kCommitted}));
}

TYPED_TEST(OpStore, ConcurrentAppendsOnOneHeadHaveOneWinner) {
  this->create_with_head(0);
  constexpr int kThreads = 4;
  constexpr int kAppends = 25;
  std::vector<std::thread> threads;
  std::atomic<int> committed{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      TestExecutor loop;
      StoreDriver<typename TypeParam::Store> driver(this->backend_.store(), loop);
      for (int revision = 1; revision <= kAppends; ++revision) {
        const auto status = driver.append("d", static_cast<std::uint64_t>(revision));
        committed += status == AppendStatus::kCommitted ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(committed, static_cast<int>(this->driver().find("d")->head.value()));
  EXPECT_EQ(this->driver().read("d", 1, 100)->size(), static_cast<std::size_t>(committed));
}

TYPED_TEST(OpStore, AnswersOfOneDocumentKeepTheOrderAsked) {
  this->create_with_head(0);
  std::vector<int> order;
  for (int i = 1; i <= 20; ++i) {
    this->backend_.store().append(make_append("d", static_cast<std::uint64_t>(i)),
                                  this->loop_,
                                  [&order, i](const AppendOutcome&) { order.push_back(i); });
  }
  this->loop_.run_until([&] { return order.size() == 20; });
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(this->driver().find("d")->head, Revision(20));
}

TYPED_TEST(OpStore, LastSubmissionOfAClientIsFound) {
  this->create_with_head(2);
  EXPECT_EQ(this->driver().find_client("d", "client").value(), make_client(2));
  ASSERT_EQ(this->driver().append("d", 3), AppendStatus::kCommitted);
  EXPECT_EQ(this->driver().find_client("d", "client").value(), make_client(3));
}

TYPED_TEST(OpStore, ClientsOfOtherDocumentsAreNotFound) {
  this->create_with_head(2);
  ASSERT_TRUE(this->driver().create("e"));
  EXPECT_EQ(this->driver().find_client("e", "client").value(), std::nullopt);
  EXPECT_EQ(this->driver().find_client("missing", "client").value(), std::nullopt);
}

TYPED_TEST(OpStore, ReadIsInclusiveAndCutAtTheHead) {
  this->create_with_head(5);
  EXPECT_EQ(revisions_of(*this->driver().read("d", 2, 4)), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(revisions_of(*this->driver().read("d", 4, 99)), (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(revisions_of(*this->driver().read("d", 0, 1)), (std::vector<std::uint64_t>{1}));
}

TYPED_TEST(OpStore, ReadUpToAnyRevisionIsAllowed) {
  this->create_with_head(2);
  const auto last = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(this->driver().read("d", 1, last)->size(), 2u);
  EXPECT_EQ(this->driver().read("d", last, last)->size(), 0u);
}

TYPED_TEST(OpStore, ReadBehindTheHeadIsEmpty) {
  this->create_with_head(2);
  EXPECT_TRUE(this->driver().read("d", 3, 9)->empty());
  EXPECT_TRUE(this->driver().read("d", 2, 1)->empty());
}

TYPED_TEST(OpStore, ReadIsCutByTheCountBudget) {
  this->create_with_head(10);
  EXPECT_EQ(this->driver().read("d", 1, 10, {.updates = 4})->size(), 4u);
  EXPECT_EQ(this->driver().read("d", 1, 10, {.updates = 10})->size(), 10u);
}

TYPED_TEST(OpStore, ReadIsCutByTheByteBudget) {
  this->create_with_head(9);  // one byte of operation each
  EXPECT_EQ(this->driver().read("d", 1, 9, {.bytes = 5})->size(), 5u);
}

TYPED_TEST(OpStore, ReadReturnsOneUpdateBeyondAnyBudget) {
  this->create_with_head(3);
  EXPECT_EQ(this->driver().read("d", 1, 3, {.updates = 1, .bytes = 0})->size(), 1u);
  EXPECT_EQ(this->driver().read("d", 1, 3, {.updates = 0, .bytes = 0})->size(), 1u);
}

TYPED_TEST(OpStore, ReadOfAMissingDocumentIsNotFound) {
  EXPECT_EQ(this->driver().read("missing", 1, 2).error().code, ErrorCode::kNotFound);
}

TYPED_TEST(OpStore, OpenOfANewDocumentIsItsContent) {
  this->create_with_head(0);
  const auto opened = this->driver().open("d");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->info, make_document("d"));
  EXPECT_EQ(opened->snapshot.revision, Revision(0));
  EXPECT_EQ(opened->snapshot.content, "\"\"");
  EXPECT_TRUE(opened->tail.empty());
}

TYPED_TEST(OpStore, OpenIsTheNewestSnapshotAndTheTailBehindIt) {
  this->create_with_head(10);
  ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(4)));
  ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(7)));
  const auto opened = this->driver().open("d");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->snapshot, make_snapshot(7));
  EXPECT_EQ(revisions_of(opened->tail), (std::vector<std::uint64_t>{8, 9, 10}));
  EXPECT_EQ(opened->info.head, Revision(10));
}

TYPED_TEST(OpStore, OpenWithASnapshotAtTheHeadHasNoTail) {
  this->create_with_head(5);
  ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(5)));
  EXPECT_TRUE(this->driver().open("d")->tail.empty());
}

TYPED_TEST(OpStore, OpenOfAMissingDocumentIsNotFound) {
  EXPECT_EQ(this->driver().open("missing").error().code, ErrorCode::kNotFound);
}

TYPED_TEST(OpStore, EverythingIsThereAfterAReopen) {
  this->create_with_head(6);
  ASSERT_TRUE(this->driver().write_snapshot("d", make_snapshot(4)));
  const auto before = this->driver().open("d");
  this->reopen();
  const auto after = this->driver().open("d");
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->info, before->info);
  EXPECT_EQ(after->snapshot, before->snapshot);
  EXPECT_EQ(after->tail, before->tail);
  EXPECT_EQ(this->driver().find_client("d", "client").value(), make_client(6));
  EXPECT_EQ(this->driver().append("d", 7), AppendStatus::kCommitted);
}

}  // namespace
}  // namespace cloudsync::test
