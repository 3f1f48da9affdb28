#include "document/service.h"

#include "base/log.h"
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

class ServiceTest : public testing::Test, public MemberSink {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kOff);
    create("doc");
    make_service();
  }

  void make_service() {
    service = std::make_unique<DocumentService>(
        ServiceDependencies{.executor = executor,
                            .workers = *worker_executor,
                            .ops = store,
                            .snapshots = store,
                            .sink = *this,
                            .clock = clock,
                            .random = random,
                            .metrics = metrics,
                            .limits = limits,
                            .run_after = [this](Duration, UniqueFunction<void()> task) {
                              timers.push_back(std::move(task));
                            }});
  }

  void create(const std::string& id) {
    store.create_document({.id = DocumentId(id),
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
    executor.run();
  }

  void join(MemberId who, const std::string& client, const std::string& document = "doc") {
    service->join(
        who,
        {.document = DocumentId(document),
         .user = UserId("u"),
         .client = ClientId(client),
         .name = client,
         .revision = std::nullopt,
         .hash = {}},
        [this](const Result<JoinReply>& joined) {
          seen.push_back(joined ? "joined" : std::string(error_name(joined.error().code)));
        });
  }

  void disconnect(MemberId who, const std::string& document = "doc") {
    service->disconnect(who, DocumentId(document));
  }

  void submit(MemberId who, std::uint64_t revision, std::uint64_t seq, std::string_view op) {
    service->submit(who,
                    {.document = DocumentId("doc"),
                     .revision = Revision(revision),
                     .seq = ClientSeq(seq),
                     .op = parse_json(op).value()},
                    [this](const Result<Revision>& committed) {
                      seen.push_back(committed ? "ack " + std::to_string(committed->value())
                                               : std::string(error_name(committed.error().code)));
                    });
  }

  /// The content, or the error's name.
  std::string read(std::optional<Revision> revision, const std::string& document = "doc") {
    std::string content = "unanswered";
    service->read(DocumentId(document), revision, [&content](const Result<DocumentContent>& found) {
      content = found ? *found->content : std::string(error_name(found.error().code));
    });
    executor.run();
    return content;
  }

  std::int64_t open_documents() { return metrics.gauge("cloudsync_documents_open", "").value(); }

  std::uint64_t submissions(const std::string& outcome) {
    return metrics.counter("cloudsync_submissions_total", "", "outcome=\"" + outcome + "\"")
        .value();
  }

  void deliver(std::uint32_t /*loop*/, Frame frame) override {
    seen.push_back(std::string(frame.event));
  }

  void supersede(MemberId member) override {
    seen.push_back("superseded " + std::to_string(member.connection));
  }

  Limits limits;
  Executor* worker_executor = &executor;
  ManualClock clock;
  SeededRandom random{1};
  Metrics metrics;
  ManualExecutor executor;
  storage::MemoryStore store;
  std::vector<UniqueFunction<void()>> timers;
  std::unique_ptr<DocumentService> service;
  std::vector<std::string> seen;

  const MemberId ann{.loop = 0, .connection = 1};
  const MemberId bob{.loop = 1, .connection = 2};
};

TEST_F(ServiceTest, AnswersNothingBeforeTheCallReturned) {
  join(ann, "ann");
  EXPECT_TRUE(seen.empty());
  executor.run();
  submit(bob, 0, 1, R"(["x"])");
  EXPECT_EQ(seen, std::vector<std::string>{"joined"});
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"joined", "not_joined"}));
}

TEST_F(ServiceTest, RequestsWaitForTheOpeningInOrder) {
  join(ann, "ann");
  join(bob, "bob");
  executor.run();
  submit(ann, 0, 1, R"(["x"])");
  executor.run();
  EXPECT_EQ(seen,
            (std::vector<std::string>{"joined", "joined", "user-joined", "ops", "ops", "ack 1"}));
  EXPECT_EQ(open_documents(), 1);
}

TEST_F(ServiceTest, AFailedOpeningAnswersEverybodyAndIsTriedAgain) {
  store.set_unavailable(true);
  join(ann, "ann");
  join(bob, "bob");
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"unavailable", "unavailable"}));
  store.set_unavailable(false);
  join(ann, "ann");
  executor.run();
  EXPECT_EQ(seen.back(), "joined");
}

TEST_F(ServiceTest, AMissingDocumentIsNotFound) {
  join(ann, "ann", "none");
  executor.run();
  EXPECT_EQ(seen, std::vector<std::string>{"not_found"});
  EXPECT_EQ(read(std::nullopt, "none"), "not_found");
  EXPECT_EQ(open_documents(), 0);
}

TEST_F(ServiceTest, AnOperationSurvivesTheService) {
  join(ann, "ann");
  executor.run();
  submit(ann, 0, 1, R"(["x"])");
  executor.run();
  make_service();
  EXPECT_EQ(read(std::nullopt), R"("x")");
  join(bob, "ann");
  executor.run();
  submit(bob, 0, 1, R"(["x"])");
  executor.run();
  EXPECT_EQ(seen.back(), "ack 1");
  EXPECT_EQ(submissions("duplicate"), 1U);
}

TEST_F(ServiceTest, AnswersOfTheStoreToADestroyedServiceAreIgnored) {
  join(ann, "ann");
  executor.run();
  submit(ann, 0, 1, R"(["x"])");
  service.reset();
  executor.run();
  EXPECT_EQ(seen, std::vector<std::string>{"joined"});
  EXPECT_EQ(open_documents(), 0);
}

TEST_F(ServiceTest, ReadsEveryRevision) {
  limits.snapshot_ops = 2;
  join(ann, "ann");
  executor.run();
  for (std::uint64_t i = 0; i < 5; ++i) {
    submit(ann, i, i + 1, R"(["x"])");
    executor.run();
  }
  EXPECT_EQ(read(Revision(0)), R"("")");
  EXPECT_EQ(read(Revision(3)), R"("xxx")");
  EXPECT_EQ(read(Revision(5)), R"("xxxxx")");
  EXPECT_EQ(read(std::nullopt), R"("xxxxx")");
  EXPECT_EQ(read(Revision(6)), "revision_unknown");
}

TEST_F(ServiceTest, ReadsAgainLaterWhileAnOutcomeIsUnknown) {
  join(ann, "ann");
  executor.run();
  store.set_append_faults(
      [](const storage::Append&) { return storage::AppendFault::kCommitThenUnknown; });
  store.set_unavailable(true);
  submit(ann, 0, 1, R"(["x"])");
  executor.run();
  ASSERT_EQ(timers.size(), 1U);
  EXPECT_EQ(seen, std::vector<std::string>{"joined"});
  store.set_unavailable(false);
  timers[0]();
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"joined", "ops", "ack 1"}));
}

TEST_F(ServiceTest, KeepsABoundedNumberOfIdleDocuments) {
  limits.idle_documents = 1;
  create("two");
  create("three");
  for (const char* id : {"doc", "two", "three"}) {
    read(std::nullopt, id);
  }
  EXPECT_EQ(open_documents(), 1);
  join(ann, "ann", "doc");
  executor.run();
  EXPECT_EQ(open_documents(), 2);  // one idle, one in use
  disconnect(ann);
  executor.run();
  EXPECT_EQ(open_documents(), 1);
  EXPECT_EQ(metrics.limit("idle_documents").value(), 3U);
}

TEST_F(ServiceTest, KeepsABoundedAmountOfIdleContent) {
  limits.idle_document_bytes = 15;
  create("other");
  join(ann, "ann");
  executor.run();
  submit(ann, 0, 1, R"(["123456"])");
  executor.run();
  disconnect(ann);
  executor.run();
  EXPECT_EQ(open_documents(), 1);
  join(bob, "bob", "other");
  executor.run();
  disconnect(bob, "other");
  executor.run();
  EXPECT_EQ(open_documents(), 2);
  join(ann, "ann", "other");
  executor.run();
  service->submit(ann,
                  {.document = DocumentId("other"),
                   .revision = Revision(0),
                   .seq = ClientSeq(1),
                   .op = parse_json(R"(["123456"])").value()},
                  [](const Result<Revision>&) {});
  executor.run();
  disconnect(ann, "other");
  executor.run();
  EXPECT_EQ(open_documents(), 1);
  EXPECT_EQ(metrics.limit("idle_document_bytes").value(), 1U);
  EXPECT_EQ(metrics.limit("idle_documents").value(), 0U);
}

TEST_F(ServiceTest, ForgetsAMemberWhoseJoinFailed) {
  join(ann, "ann");
  executor.run();
  seen.clear();
  service->join(ann,
                {.document = DocumentId("doc"),
                 .user = UserId("u"),
                 .client = ClientId("ann"),
                 .name = "ann",
                 .revision = Revision(99),
                 .hash = {}},
                [this](const Result<JoinReply>& joined) {
                  seen.emplace_back(error_name(joined.error().code));
                });
  executor.run();
  EXPECT_EQ(seen, std::vector<std::string>{"revision_unknown"});
  submit(ann, 0, 1, R"(["x"])");  // the earlier join holds
  executor.run();
  EXPECT_EQ(seen.back(), "ack 1");
  disconnect(ann);
  executor.run();
  submit(ann, 1, 2, R"(["x"])");
  executor.run();
  EXPECT_EQ(seen.back(), "not_joined");
}

TEST_F(ServiceTest, KnowsAMemberThatLeftAndCameBackWhileTheDocumentOpened) {
  join(ann, "ann");
  service->leave(ann, DocumentId("doc"), [](const Result<void>&) {});
  join(ann, "ann");
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"not_joined", "joined"}));
  disconnect(ann);
  executor.run();
  submit(ann, 0, 1, R"(["x"])");
  executor.run();
  EXPECT_EQ(seen.back(), "not_joined");
}

TEST_F(ServiceTest, ReadsOneOlderRevisionAtATimeAndSharesIt) {
  limits.content_reads = 2;
  join(ann, "ann");
  executor.run();
  for (std::uint64_t i = 0; i < 4; ++i) {
    submit(ann, i, i + 1, R"(["x"])");
    executor.run();
  }
  seen.clear();
  for (const std::uint64_t revision : {1U, 1U, 2U, 3U}) {
    service->read(
        DocumentId("doc"), Revision(revision), [this](const Result<DocumentContent>& read) {
          seen.push_back(read ? *read->content : std::string(error_name(read.error().code)));
        });
  }
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"overloaded", R"("x")", R"("x")", R"("xx")"}));
  EXPECT_EQ(metrics.limit("content_reads").value(), 1U);
}

TEST_F(ServiceTest, LeavingTwiceIsNotJoined) {
  join(ann, "ann");
  executor.run();
  for (int i = 0; i < 2; ++i) {
    service->leave(ann, DocumentId("doc"), [this](const Result<void>& left) {
      seen.push_back(left ? "left" : std::string(error_name(left.error().code)));
    });
  }
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"joined", "left", "not_joined"}));
}

TEST_F(ServiceTest, AMemberThatDisconnectsBeforeItsReplyIsNoMember) {
  join(ann, "ann");
  disconnect(ann);
  executor.run();
  EXPECT_EQ(seen, std::vector<std::string>{"not_joined"});
  join(bob, "bob");
  executor.run();
  EXPECT_EQ(seen.back(), "joined");  // nobody was told of ann
}

TEST_F(ServiceTest, ATakeoverIsTold) {
  join(ann, "ann");
  join(bob, "ann");
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"joined", "superseded 1", "joined"}));
}

TEST_F(ServiceTest, ClosesAfterTheAppendsInFlight) {
  join(ann, "ann");
  executor.run();
  submit(ann, 0, 1, R"(["x"])");
  service->close([this] { seen.push_back("closed"); });
  submit(ann, 1, 2, R"(["y"])");
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"joined", "unavailable", "ops", "ack 1", "closed"}));
}

TEST_F(ServiceTest, ClosesAfterTheReadsInFlight) {
  join(ann, "ann");
  executor.run();
  submit(ann, 0, 1, R"(["a"])");
  executor.run();
  seen.clear();
  service->read(DocumentId("doc"), Revision(0), [this](const Result<DocumentContent>& read) {
    seen.push_back(*read->content);
  });
  service->close([this] { seen.push_back("closed"); });
  executor.run();
  EXPECT_EQ(seen, (std::vector<std::string>{R"("")", "closed"}));
}

TEST_F(ServiceTest, ClosingGivesUpAStoreThatNeverAnswers) {
  join(ann, "ann");
  executor.run();
  store.set_append_faults(
      [](const storage::Append&) { return storage::AppendFault::kDropThenUnknown; });
  store.set_unavailable(true);
  submit(ann, 0, 1, R"(["x"])");
  service->close([this] { seen.push_back("closed"); });
  executor.run();
  for (std::size_t i = 0; i < timers.size(); ++i) {
    UniqueFunction<void()> timer = std::move(timers[i]);
    timer();
    executor.run();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"joined", "unavailable", "closed"}));
}

TEST_F(ServiceTest, AWorkerWritesSnapshotsOut) {
  ManualExecutor workers;
  worker_executor = &workers;
  limits.snapshot_ops = 1;
  make_service();
  const auto newest = [this] {
    storage::Snapshot found;
    store.read_snapshot(DocumentId("doc"), Revision(9), executor, [&](auto snapshot) {
      found = std::move(snapshot).value();
    });
    executor.run();
    return found;
  };
  join(ann, "ann");
  executor.run();
  submit(ann, 0, 1, R"(["a"])");
  executor.run();
  EXPECT_EQ(newest().revision, Revision(0));
  submit(ann, 1, 2, R"(["b"])");  // not in it
  executor.run();
  workers.run();
  executor.run();
  EXPECT_EQ(newest().revision, Revision(1));
  EXPECT_EQ(newest().content, R"("a")");
}

TEST_F(ServiceTest, CountsWhatHappened) {
  join(ann, "ann");
  executor.run();
  submit(ann, 0, 1, R"(["x"])");
  executor.run();
  submit(ann, 0, 1, R"(["x"])");
  submit(ann, 0, 2, R"([9,"x"])");
  executor.run();
  EXPECT_EQ(submissions("committed"), 1U);
  EXPECT_EQ(submissions("duplicate"), 1U);
  EXPECT_EQ(submissions("op_invalid"), 1U);
  EXPECT_EQ(metrics.counter("cloudsync_operations_total", "").value(), 1U);
  EXPECT_EQ(metrics.histogram("cloudsync_ack_seconds", "", latency_bounds()).count(), 1U);
}

}  // namespace
}  // namespace cloudsync::document
