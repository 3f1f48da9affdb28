#pragma once
// One small run that keeps every invariant, to be broken in one thing at a time.

#include "checker/checker.h"
#include "document/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cloudsync::checker {

inline std::vector<std::string> found(const std::vector<Event>& events) {
  std::vector<std::string> names;
  for (const Violation& violation : check(events).violations) {
    names.emplace_back(invariant_name(violation.invariant));
  }
  return names;
}

/// True if the run violates the invariant that is named, whatever else it then violates.
inline bool violates(const std::vector<Event>& events, std::string_view name) {
  const auto names = found(events);
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Ada and Bob type "Hi" and " you" into one document, on a node; time is the number of the event.
class CheckerTest : public ::testing::Test {
 protected:
  CheckerTest() {
    commit("ada", 1, R"(["Hi"])");
    commit("bob", 1, R"([2," you"])");
    open("ada");
    open("bob");
    node(Kind::kLoad, 0);
    submit("ada", 1, 0, R"(["Hi"])");
    committed(1);
    apply("ada", 1);
    apply("bob", 1);
    ack("ada", 1, 1);
    submit("bob", 1, 1, R"([2," you"])");
    committed(2);
    apply("bob", 2);
    ack("bob", 1, 2);
    apply("ada", 2);
    Event& read = node(Kind::kRead, 2);
    read.after = read.t - 1;
    node(Kind::kSnapshot, 2).state = state_of(2);
    for (const char* name : {"ada", "bob"}) {
      light(name, true);
      members(name, {"ada", "bob"});
      cursor(name, "ada", R"({"index":2,"length":0})");
      final(name, 2);
    }
    Event& rest = node(Kind::kFinal, 2);
    rest.hash = hash_of(2);
    rest.state = state_of(2);
    export_log();
  }

  // --- making the run ---

  Event& add(Kind kind, std::string writer, std::string doc = "doc") {
    Event event;
    event.kind = kind;
    event.t = static_cast<std::int64_t>(events_.size());
    event.writer = std::move(writer);
    event.doc = std::move(doc);
    return events_.emplace_back(std::move(event));
  }

  Event& node(Kind kind, std::uint64_t rev) {
    Event& event = add(kind, "node-1");
    event.by_node = true;
    event.rev = rev;
    return event;
  }

  /// Puts a row into the log that is exported at the end.
  void commit(const std::string& client, std::uint64_t seq, std::string op) {
    LogRow row;
    row.update.revision = Revision(log_.size() + 1);
    row.update.client = ClientId(client);
    row.update.seq = ClientSeq(seq);
    row.update.user = UserId("user");
    row.update.created_at = Timestamp(5);
    row.update.op = std::move(op);
    document::link(row.update, log_.empty() ? Sha256{} : log_.back().update.hash);
    log_.push_back(std::move(row));
  }

  ShortHash hash_of(std::uint64_t rev) const {
    return rev == 0 ? 0 : short_hash(log_.at(rev - 1).update.hash);
  }

  ShortHash state_of(std::uint64_t rev) const {
    ot::Document document = ot::make_document(ot::Type::kText);
    for (std::uint64_t i = 0; i < rev; ++i) {
      const auto op =
          ot::parse_committed(ot::Type::kText, parse_json(log_.at(i).update.op).value());
      EXPECT_TRUE(ot::apply(document, *op));
    }
    return state_hash(document);
  }

  void open(const std::string& client) {
    Event& event = add(Kind::kOpen, client);
    event.type = ot::Type::kText;
    event.hash = 0;
    event.state = state_of(0);
  }

  void submit(const std::string& client, std::uint64_t seq, std::uint64_t rev, const char* op) {
    Event& event = add(Kind::kSubmit, client);
    event.seq = seq;
    event.rev = rev;
    event.digest = submission_digest(rev, parse_json(op).value());
    add(Kind::kSent, client).seq = seq;
  }

  void committed(std::uint64_t rev) {
    node(Kind::kAppend, rev).from = rev;
    Event& event = node(Kind::kCommit, rev);
    event.author = log_.at(rev - 1).update.client.value();
    event.seq = log_.at(rev - 1).update.seq.value();
    event.hash = hash_of(rev);
    node(Kind::kPublish, rev).from = rev;
    Event& answer = node(Kind::kAnswer, rev);
    answer.author = log_.at(rev - 1).update.client.value();
    answer.seq = log_.at(rev - 1).update.seq.value();
  }

  void apply(const std::string& client, std::uint64_t rev) {
    Event& event = add(Kind::kApply, client);
    event.rev = rev;
    event.author = log_.at(rev - 1).update.client.value();
    event.seq = log_.at(rev - 1).update.seq.value();
    event.hash = hash_of(rev);
  }

  void ack(const std::string& client, std::uint64_t seq, std::uint64_t rev) {
    Event& event = add(Kind::kAck, client);
    event.seq = seq;
    event.rev = rev;
  }

  void reject(const std::string& client, std::uint64_t seq, std::string code) {
    Event& event = add(Kind::kReject, client);
    event.seq = seq;
    event.text = std::move(code);
  }

  void light(const std::string& client, bool saved) { add(Kind::kLight, client).on = saved; }

  void members(const std::string& client, std::vector<std::string> ids) {
    add(Kind::kMembers, client).ids = std::move(ids);
  }

  void cursor(const std::string& client, const std::string& of, std::string range) {
    Event& event = add(Kind::kCursor, client);
    event.author = of;
    event.rev = 2;
    event.text = std::move(range);
  }

  void final(const std::string& client, std::uint64_t rev) {
    Event& event = add(Kind::kFinal, client);
    event.rev = rev;
    event.hash = hash_of(rev);
    event.state = state_of(rev);
    event.on = true;
  }

  void export_log() {
    Event& base = add(Kind::kBase, "");
    base.type = ot::Type::kText;
    base.hash = 0;
    for (const LogRow& row : log_) {
      export_row(row);
    }
  }

  void export_row(const LogRow& row) {
    Event& event = add(Kind::kLog, "");
    event.rev = row.update.revision.value();
    event.row = std::make_shared<const LogRow>(row);
  }

  // --- breaking it ---

  /// The `number`th event of the kind, from 0, that `writer` wrote.
  Event& the(Kind kind, const std::string& writer = "", std::size_t number = 0) {
    for (Event& event : events_) {
      if (event.kind == kind && (writer.empty() || event.writer == writer) && number-- == 0) {
        return event;
      }
    }
    ADD_FAILURE() << "no such event";
    return events_.front();
  }

  void drop(Kind kind, const std::string& writer = "") {
    const auto is_dropped = [&](const Event& event) {
      return event.kind == kind && (writer.empty() || event.writer == writer);
    };
    events_.erase(std::remove_if(events_.begin(), events_.end(), is_dropped), events_.end());
  }

  /// Changes the last row of the log as somebody would who has the hashes made anew.
  void replace_last_row(const std::function<void(storage::Update&)>& change) {
    Event& last = the(Kind::kLog, "", 1);
    LogRow row = *last.row;
    change(row.update);
    document::link(row.update, row.update.prev_hash);
    last.row = std::make_shared<const LogRow>(row);
  }

  /// So that the log stays the only witness of what it holds.
  void forget_hashes() {
    for (Event& event : events_) {
      if (event.kind != Kind::kBase) {
        event.hash.reset();
      }
    }
  }

  std::vector<LogRow> log_;
  std::vector<Event> events_;
};

}  // namespace cloudsync::checker
