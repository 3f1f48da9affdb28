#pragma once
// Test support: an authority whose effects are carried out by hand, on a log that the test sees.

#include "document/authority.h"
#include "document/chain.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cloudsync::document {

class AuthorityTest : public testing::Test {
 protected:
  /// Opens a document whose log holds `ops` inserted by "old", with seq 1, 2, ….
  void open(std::string_view type, std::string content, const std::vector<std::string>& ops = {}) {
    storage::OpenedDocument opened;
    opened.info = {.id = DocumentId("doc"),
                   .org = OrgId("org"),
                   .type = type,
                   .title = "T",
                   .created_by = UserId("u-old"),
                   .created_at = Timestamp(500),
                   .head = Revision(ops.size()),
                   .head_hash = {},
                   .updated_at = Timestamp(500)};
    opened.snapshot = {.revision = Revision(0), .content = std::move(content), .hash = {}};
    for (const std::string& op : ops) {
      opened.tail.push_back(next_update("old", opened.tail.size() + 1, op));
      log.push_back(opened.tail.back());
    }
    opened.info.head_hash = log.empty() ? storage::ChainHash{} : log.back().hash;
    auto made = DocumentAuthority::open(std::move(opened), limits);
    ASSERT_TRUE(made) << made.error().message;
    authority = *std::move(made);
  }

  /// What the log would hold next.
  storage::Update next_update(std::string client, std::uint64_t seq, std::string op) const {
    storage::Update update{.revision = Revision(log.size() + 1),
                           .client = ClientId(client),
                           .seq = ClientSeq(seq),
                           .user = UserId("u-" + client),
                           .op = std::move(op),
                           .created_at = Timestamp(600)};
    link(update, log.empty() ? storage::ChainHash{} : log.back().hash);
    return update;
  }

  static MemberId member(std::uint64_t connection, std::uint32_t loop = 0) {
    return {.loop = loop, .connection = connection};
  }

  Token start_join(MemberId who,
                   const std::string& client,
                   std::optional<std::uint64_t> revision = std::nullopt,
                   std::string hash = "") {
    JoinRequest request{.document = DocumentId("doc"),
                        .user = UserId("u-" + client),
                        .client = ClientId(client),
                        .name = client,
                        .revision = std::nullopt,
                        .hash = std::move(hash)};
    if (revision) {
      request.revision = Revision(*revision);
    }
    return start_join(who, request);
  }

  Token start_join(MemberId who, const JoinRequest& request) {
    authority->join(++last_token, who, request, now);
    take();
    return last_token;
  }

  /// Joins a client that the store does not know.
  Token join(MemberId who, const std::string& client) {
    const Token joined = start_join(who, client);
    answer_lookups();
    return joined;
  }

  void answer_lookups(std::optional<storage::ClientRecord> record = std::nullopt) {
    for (const ClientId& client : std::exchange(lookups, {})) {
      authority->on_client(client, record, now);
      take();
    }
  }

  Token submit(MemberId who, std::uint64_t revision, std::uint64_t seq, std::string_view op) {
    authority->submit(++last_token,
                      who,
                      {.document = DocumentId("doc"),
                       .revision = Revision(revision),
                       .seq = ClientSeq(seq),
                       .op = parse_json(op).value()},
                      moment());
    take();
    return last_token;
  }

  Token fetch(MemberId who, std::uint64_t from, std::uint64_t to) {
    authority->fetch(++last_token,
                     who,
                     {.document = DocumentId("doc"), .from = Revision(from), .to = Revision(to)});
    take();
    return last_token;
  }

  void present(MemberId who, std::uint64_t revision, std::string_view state) {
    authority->presence(who,
                        {.document = DocumentId("doc"),
                         .revision = Revision(revision),
                         .state = parse_json(state).value()},
                        moment());
    take();
  }

  /// Stores the append in flight, whatever is answered.
  void store_append() {
    ASSERT_TRUE(append);
    log.insert(log.end(), append->updates.begin(), append->updates.end());
  }

  void answer_append(storage::AppendStatus status, ErrorCode refusal = ErrorCode::kUnavailable) {
    ASSERT_TRUE(append);
    append.reset();
    authority->on_append({.status = status, .reason = {}, .refusal = refusal}, moment());
    take();
  }

  void commit() {
    store_append();
    answer_append(storage::AppendStatus::kCommitted);
  }

  /// Answers the reads of the log that are waiting.
  void answer_reads() {
    for (const ReadEffect& read : std::exchange(reads, {})) {
      std::vector<storage::Update> updates;
      std::size_t bytes = 0;
      for (const storage::Update& update : log) {
        if (update.revision < read.from || update.revision > read.to) {
          continue;
        }
        bytes += update.op.size();
        if (updates.size() == read.budget.updates ||
            (!updates.empty() && bytes > read.budget.bytes)) {
          break;
        }
        updates.push_back(update);
      }
      authority->on_updates(read.token, std::move(updates), moment());
      take();
    }
  }

  /// One slice for each that is waiting.
  void go_on() {
    for (std::size_t left = std::exchange(continues, 0); left > 0; --left) {
      authority->go_on(moment());
      take();
    }
  }

  /// Answers reads and gives slices, of which it returns the number, until an append is asked for.
  std::size_t run_to_append() {
    std::size_t slices = 0;
    for (int turns = 0; !append && turns < 10'000; ++turns) {
      answer_reads();
      slices += continues;
      go_on();
    }
    return slices;
  }

  void fail_reads() {
    for (const ReadEffect& read : std::exchange(reads, {})) {
      authority->on_updates(read.token, fail(ErrorCode::kUnavailable, "down"), moment());
      take();
    }
  }

  /// Sorts the effects; `order` keeps what members see, one word each.
  void take() {
    for (Effect& effect : authority->take_effects()) {
      std::visit([this](auto& one) { sort(one); }, effect);
    }
  }

  void sort(AppendEffect& effect) {
    ASSERT_FALSE(append) << "one append is in flight";
    append = std::move(effect.append);
  }

  void sort(ReadEffect& effect) { reads.push_back(effect); }

  void sort(ContinueEffect& /*effect*/) { ++continues; }

  void sort(WindowEffect& effect) { windows.push_back(effect); }

  void sort(FindClientEffect& effect) { lookups.push_back(effect.client); }

  void sort(SnapshotEffect& effect) {
    snapshots.push_back({.revision = effect.revision,
                         .content = to_json(ot::content(effect.content)),
                         .hash = effect.hash});
  }

  void sort(PublishEffect& effect) { published.push_back(std::move(effect.updates)); }

  void sort(RosterEffect& effect) { rosters.push_back(std::move(effect.roster)); }

  void sort(RefreshAnswer& answer) { refreshed.emplace(answer.token, std::move(answer.reply)); }

  void sort(DeliverEffect& effect) {
    order.push_back(std::string(effect.frame.event));
    frames.push_back(std::move(effect));
  }

  void sort(SupersedeEffect& effect) { superseded.push_back(effect.member); }

  void sort(JoinAnswer& answer) {
    order.push_back("joined");
    joins.emplace(answer.token, std::move(answer.reply));
  }

  void sort(SubmitAnswer& answer) {
    order.push_back("ack");
    acks.emplace(answer.token, std::move(answer.reply));
  }

  void sort(FetchAnswer& answer) { fetched.emplace(answer.token, std::move(answer.reply)); }

  void sort(LimitEffect& effect) { reached.push_back(std::string(effect.name)); }

  void sort(MissedEffect& effect) { missed += effect.updates; }

  void sort(BrokenEffect& effect) { broken = effect.why; }

  Moment moment() { return {.now = now, .at = at, .random = random}; }

  std::string content() { return *authority->content().content; }

  ErrorCode refusal(Token of) const { return acks.at(of).error().code; }

  std::string payload(std::size_t frame) const { return *frames.at(frame).frame.payload; }

  /// Nothing waits for company: authority_windows_test.cc is about that.
  Limits limits = [] {
    Limits made;
    made.batch_window = made.presence_window = {};
    return made;
  }();
  Timestamp now{1'000};
  TimePoint at{};
  SeededRandom random{1};
  std::unique_ptr<DocumentAuthority> authority;
  std::vector<Roster> rosters;
  std::size_t missed = 0;  // of updates that no publication told of
  std::vector<storage::Update> log;
  Token last_token = 0;

  std::optional<storage::Append> append;
  std::vector<ReadEffect> reads;
  std::size_t continues = 0;
  std::vector<WindowEffect> windows;
  std::vector<ClientId> lookups;
  std::vector<storage::Snapshot> snapshots;
  std::vector<std::vector<storage::Update>> published;
  std::map<Token, Result<void>> refreshed;
  std::vector<DeliverEffect> frames;
  std::vector<MemberId> superseded;
  std::map<Token, Result<JoinReply>> joins;
  std::map<Token, Result<Revision>> acks;
  std::map<Token, Result<FetchReply>> fetched;
  std::vector<std::string> reached;
  std::vector<std::string> order;
  std::string broken;

  const MemberId ann = member(1);
  const MemberId bob = member(2);
  const MemberId cid = member(3, 1);
};

}  // namespace cloudsync::document
