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

/// Of a bus that loses everything.
class LostMessages final : public pubsub::PubSub {
 public:
  void publish(std::string_view /*topic*/, SharedBytes /*message*/) override {}

  void subscribe(std::string /*topic*/, Executor& /*executor*/, pubsub::Receive /*fn*/) override {}

  void unsubscribe(const std::string& /*topic*/) override {}
};

/// One node with its members' view, one word an event.
class Node final : public MemberSink {
 public:
  Node(ManualExecutor& executor,
       storage::MemoryStore& store,
       std::unique_ptr<pubsub::PubSub> bus,
       const Limits& limits = {})
      : bus_(std::move(bus)),
        limits_(limits),
        service_({.executor = executor,
                  .workers = executor,
                  .ops = store,
                  .snapshots = store,
                  .sink = *this,
                  .clock = clock_,
                  .random = random_,
                  .metrics = metrics_,
                  .limits = limits_,
                  .pubsub = bus_.get(),
                  .run_after = [this](Duration delay, UniqueFunction<void()> task) {
                    timers_.emplace_back(delay, std::move(task));
                  }}) {}

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

  void select() {
    service_.presence({.loop = 0, .connection = 1},
                      {.document = DocumentId("doc"),
                       .revision = Revision(0),
                       .state = JsonObject{{"selection", nullptr}}});
  }

  void disconnect() { service_.disconnect({.loop = 0, .connection = 1}, DocumentId("doc")); }

  void read(std::optional<Revision> revision) {
    service_.read(DocumentId("doc"), revision, [this](const Result<DocumentContent>& found) {
      seen.push_back(found ? *found->content : std::string(error_name(found.error().code)));
    });
  }

  /// The time of the timers that were set comes. True if one was set for `delay`.
  bool pass(Duration delay) {
    bool found = false;
    for (auto& [set, task] : std::exchange(timers_, {})) {
      found = found || set == delay;
      task();
    }
    return found;
  }

  std::uint64_t count(std::string_view counter) {
    return metrics_.counter(std::string(counter), "").value();
  }

  void deliver(std::uint32_t /*loop*/, Frame frame) override { seen.emplace_back(frame.event); }

  void supersede(MemberId /*member*/) override {}

  std::vector<std::string> seen;

 private:
  std::unique_ptr<pubsub::PubSub> bus_;
  const Limits limits_;
  std::vector<std::pair<Duration, UniqueFunction<void()>>> timers_;
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
  storage::MemoryStore store{true};
  pubsub::LocalBus bus;
  Node one{executor, store, bus.attach()};
  Node two{executor, store, bus.attach()};
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

TEST_F(TwoNodes, TellEachOtherWhoIsThereAndWhereTheyAre) {
  const Duration interval = Limits().presence_interval;
  EXPECT_TRUE(one.pass(interval));
  EXPECT_TRUE(two.pass(interval));
  executor.run();
  EXPECT_EQ(one.seen, (std::vector<std::string>{"joined", "user-joined"}));
  EXPECT_EQ(two.seen, one.seen);
  one.select();
  executor.run();
  EXPECT_TRUE(one.pass(interval));
  executor.run();
  EXPECT_EQ(two.seen.back(), "presence");
  one.disconnect();
  executor.run();
  EXPECT_EQ(two.seen.back(), "user-left");
  EXPECT_EQ(two.seen.size(), 4U);
}

TEST_F(TwoNodes, AReadSeesWhatAnotherNodeAcknowledged) {
  {
    Node third(executor, store, std::make_unique<LostMessages>());
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

/// Two nodes whose bus loses everything; `interval` is that of the checks of the heads.
class TwoDeafNodes : public TwoNodes {
 protected:
  static Limits checking(std::chrono::milliseconds interval) {
    Limits limits;
    limits.head_check_interval = interval;
    return limits;
  }

  /// What "bob" at `node` sees of an operation of "cid" at another, once the timers were due.
  std::vector<std::string> seen_of_another(Node& node, std::chrono::milliseconds interval) {
    Node another(executor, store, std::make_unique<LostMessages>());
    node.join("bob");
    another.join("cid");
    executor.run();
    another.submit(0, 1, R"(["c"])");
    executor.run();
    EXPECT_EQ(node.seen, std::vector<std::string>{"joined"});
    EXPECT_EQ(node.pass(interval), interval > std::chrono::milliseconds(0));
    executor.run();
    return node.seen;
  }
};

TEST_F(TwoDeafNodes, AreBroughtUpToDateByTheChecksOfTheHeadsAlone) {
  constexpr std::chrono::milliseconds kInterval{700};
  Node node(executor, store, std::make_unique<LostMessages>(), checking(kInterval));
  EXPECT_EQ(seen_of_another(node, kInterval), (std::vector<std::string>{"joined", "ops"}));
  EXPECT_EQ(node.count("cloudsync_head_checks_total"), 1U);
  EXPECT_EQ(node.count("cloudsync_updates_missed_total"), 1U);
  EXPECT_TRUE(node.pass(kInterval));  // and again
  EXPECT_EQ(node.count("cloudsync_head_checks_total"), 2U);
  EXPECT_EQ(node.count("cloudsync_updates_missed_total"), 1U);
  executor.run();
}

TEST_F(TwoDeafNodes, NeedNoBusForThat) {
  constexpr std::chrono::milliseconds kInterval{700};
  Node node(executor, store, nullptr, checking(kInterval));
  EXPECT_EQ(seen_of_another(node, kInterval), (std::vector<std::string>{"joined", "ops"}));
}

TEST_F(TwoDeafNodes, StayBehindWithoutThem) {
  constexpr std::chrono::milliseconds kNoChecks{0};
  Node node(executor, store, std::make_unique<LostMessages>(), checking(kNoChecks));
  EXPECT_EQ(seen_of_another(node, kNoChecks), std::vector<std::string>{"joined"});
}

TEST(OneNode, WithAStoreOfItsOwnChecksNoHeads) {
  ManualExecutor executor;
  storage::MemoryStore store;
  Node node(executor, store, nullptr);
  EXPECT_FALSE(node.pass(Limits().head_check_interval));
}

}  // namespace
}  // namespace cloudsync::document
