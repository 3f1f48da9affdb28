// Two nodes: services on one store and one bus, without faults. tests/simulation has the faults.

#include "base/log.h"
#include "document/service.h"
#include "pubsub/local/local_bus.h"
#include "storage/memory/memory_store.h"

#include <gtest/gtest.h>

#include <deque>

namespace cloudsync::document {
namespace {

class ManualExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> task) override { tasks_.push_back(std::move(task)); }

  void run() {
    while (!tasks_.empty()) {
      UniqueFunction<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }

 private:
  std::deque<UniqueFunction<void()>> tasks_;
};

/// One node with its members' view, one word an event.
class Node final : public MemberSink {
 public:
  Node(ManualExecutor& executor, storage::MemoryStore& store, pubsub::LocalBus& bus)
      : bus_(bus.attach()),
        service_({.executor = executor,
                  .workers = executor,
                  .ops = store,
                  .snapshots = store,
                  .sink = *this,
                  .clock = clock_,
                  .random = random_,
                  .metrics = metrics_,
                  .limits = limits_,
                  .pubsub = bus_.get()}) {}

  void join(const std::string& client) {
    service_.join(
        {.loop = 0, .connection = 1},
        {.document = DocumentId("doc"),
         .user = UserId("u"),
         .client = ClientId(client),
         .name = client,
         .revision = std::nullopt,
         .hash = {}},
        [this](const Result<JoinReply>& joined) { seen.push_back(joined ? "joined" : "refused"); });
  }

  void submit(std::uint64_t revision, std::uint64_t seq, std::string_view op) {
    service_.submit({.loop = 0, .connection = 1},
                    {.document = DocumentId("doc"),
                     .revision = Revision(revision),
                     .seq = ClientSeq(seq),
                     .op = parse_json(op).value()},
                    [this](const Result<Revision>& committed) {
                      seen.push_back(committed ? "ack " + std::to_string(committed->value())
                                               : std::string(error_name(committed.error().code)));
                    });
  }

  void read(std::optional<Revision> revision) {
    service_.read(DocumentId("doc"), revision, [this](const Result<DocumentContent>& found) {
      seen.push_back(found ? *found->content : std::string(error_name(found.error().code)));
    });
  }

  void check_heads() { service_.check_heads(); }

  void deliver(std::uint32_t /*loop*/, Frame frame) override { seen.emplace_back(frame.event); }

  void supersede(MemberId /*member*/) override {}

  std::vector<std::string> seen;

 private:
  std::unique_ptr<pubsub::PubSub> bus_;
  Limits limits_;
  ManualClock clock_;
  SeededRandom random_{1};
  Metrics metrics_;
  DocumentService service_;
};

class TwoNodes : public testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kOff);
    store.create_document({.id = DocumentId("doc"),
                           .org = OrgId("o"),
                           .type = "text",
                           .title = "t",
                           .created_by = UserId("u"),
                           .created_at = Timestamp(1),
                           .head = Revision(0),
                           .head_hash = {},
                           .updated_at = Timestamp(1)},
                          R"("")",
                          executor,
                          [](const Result<void>& created) { ASSERT_TRUE(created); });
    one.join("ann");
    two.join("bob");
    executor.run();
  }

  ManualExecutor executor;
  storage::MemoryStore store;
  pubsub::LocalBus bus;
  Node one{executor, store, bus};
  Node two{executor, store, bus};
};

TEST_F(TwoNodes, ACommitReachesTheOthersMembers) {
  one.submit(0, 1, R"(["a"])");
  executor.run();
  EXPECT_EQ(one.seen, (std::vector<std::string>{"joined", "ops", "ack 1"}));
  EXPECT_EQ(two.seen, (std::vector<std::string>{"joined", "ops"}));
}

TEST_F(TwoNodes, ConcurrentAppendsBothGetIn) {
  one.submit(0, 1, R"(["a"])");
  two.submit(0, 1, R"(["b"])");
  executor.run();
  EXPECT_EQ(one.seen.size() + two.seen.size(), 8U);  // each: joined, ops, ops, ack
  one.read(std::nullopt);
  two.read(std::nullopt);
  executor.run();
  EXPECT_EQ(one.seen.back(), two.seen.back());
}

TEST_F(TwoNodes, AReadSeesWhatAnotherNodeAcknowledged) {
  pubsub::LocalBus elsewhere;
  {
    Node third(executor, store, elsewhere);  // its publications are lost
    third.join("cid");
    executor.run();
    third.submit(0, 1, R"(["c"])");
    executor.run();
  }
  two.read(std::nullopt);
  two.read(Revision(1));
  two.read(Revision(2));
  executor.run();
  EXPECT_EQ(std::vector<std::string>(two.seen.end() - 3, two.seen.end()),
            (std::vector<std::string>{R"("c")", R"("c")", "revision_unknown"}));
}

TEST_F(TwoNodes, ACheckOfTheHeadsFindsALostPublication) {
  pubsub::LocalBus elsewhere;
  Node third(executor, store, elsewhere);
  third.join("cid");
  executor.run();
  third.submit(0, 1, R"(["c"])");
  executor.run();
  EXPECT_EQ(two.seen, std::vector<std::string>{"joined"});
  two.check_heads();
  executor.run();
  EXPECT_EQ(two.seen, (std::vector<std::string>{"joined", "ops"}));
}

}  // namespace
}  // namespace cloudsync::document
