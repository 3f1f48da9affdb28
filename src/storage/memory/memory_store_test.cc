// Only what the conformance suite (tests/conformance) doesn't cover: the injected faults.
#include "storage/memory/memory_store.h"

#include <gtest/gtest.h>

#include <deque>

namespace cloudsync::storage {
namespace {

class QueueExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> task) override { tasks.push_back(std::move(task)); }

  void run() {
    while (!tasks.empty()) {
      auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }

  std::deque<UniqueFunction<void()>> tasks;
};

class MemoryStoreFaults : public testing::Test {
 protected:
  MemoryStoreFaults() {
    store_.create_document({.id = kDocument,
                            .org = {},
                            .type = "text",
                            .title = {},
                            .created_by = {},
                            .created_at = {},
                            .head = {},
                            .updated_at = {}},
                           "\"\"",
                           loop_,
                           [](const Result<void>&) {});
    loop_.run();
  }

  AppendStatus append_first() {
    Append append{
        .document = kDocument, .expected_head = Revision(0), .updates = {}, .clients = {}};
    append.updates.resize(1);
    append.updates[0].revision = Revision(1);
    std::optional<AppendStatus> status;
    store_.append(
        std::move(append), loop_, [&](const AppendOutcome& outcome) { status = outcome.status; });
    loop_.run();
    return status.value();
  }

  std::size_t stored() {
    std::size_t count = 0;
    store_.read_updates(
        kDocument,
        Revision(1),
        Revision(9),
        {},
        loop_,
        [&](const Result<std::vector<Update>>& updates) { count = updates->size(); });
    loop_.run();
    return count;
  }

  const DocumentId kDocument{"d"};
  QueueExecutor loop_;
  MemoryStore store_;
};

TEST_F(MemoryStoreFaults, LostAnswerIsStored) {
  store_.set_append_faults([](const Append&) { return AppendFault::kCommitThenUnknown; });
  EXPECT_EQ(append_first(), AppendStatus::kUnknown);
  EXPECT_EQ(stored(), 1u);
}

TEST_F(MemoryStoreFaults, LostRequestIsNotStored) {
  store_.set_append_faults([](const Append&) { return AppendFault::kDropThenUnknown; });
  EXPECT_EQ(append_first(), AppendStatus::kUnknown);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(MemoryStoreFaults, RefusedIsNotStored) {
  store_.set_append_faults([](const Append&) { return AppendFault::kRefuse; });
  EXPECT_EQ(append_first(), AppendStatus::kRefused);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(MemoryStoreFaults, PlanEndsWhenCleared) {
  store_.set_append_faults([](const Append&) { return AppendFault::kRefuse; });
  store_.set_append_faults(nullptr);
  EXPECT_EQ(append_first(), AppendStatus::kCommitted);
}

TEST_F(MemoryStoreFaults, UnavailableStoreSaysSo) {
  store_.set_unavailable(true);
  std::optional<ErrorCode> code;
  store_.open_document(
      kDocument, loop_, [&](const Result<OpenedDocument>& opened) { code = opened.error().code; });
  loop_.run();
  EXPECT_EQ(code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace cloudsync::storage
