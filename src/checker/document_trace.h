#pragma once
// All that a history says about one document, by revision, and its comparison with the log.

#include "checker/findings.h"
#include "checker/history.h"

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace cloudsync::checker {

/// A client by its number in the history, and its submission.
struct Author {
  std::uint32_t client = 0;
  std::uint64_t seq = 0;

  friend bool operator==(const Author&, const Author&) = default;
};

struct AuthorHash {
  std::size_t operator()(const Author& author) const noexcept {
    return std::hash<std::uint64_t>{}(author.seq * 0x9e3779b97f4a7c15ULL + author.client);
  }
};

/// How somebody came to know which submission became a revision.
enum class Claim : std::uint8_t { kApplied, kAcked, kCommitted };

class DocumentTrace {
 public:
  DocumentTrace(std::string name, Findings& findings) : name_(std::move(name)), out_(findings) {}

  const std::string& name() const { return name_; }

  // --- what was said ---

  void author(std::uint64_t rev, Author author, Claim claim, Where where);
  void hash(std::uint64_t rev, ShortHash hash, Where where);
  /// `invariant` is what is violated if it is not the state of the replay.
  void state(std::uint64_t rev, ShortHash state, Invariant invariant, Where where);

  void type(ot::Type type) { type_ = type_.value_or(type); }

  /// The revision was in the durable log by `t`. A later one may say so of all before
  /// (`and_before`).
  void durable(std::uint64_t rev, std::int64_t t, bool and_before);
  /// A client or reader had the revision at `t`.
  void seen(std::uint64_t rev, std::int64_t t, Where where);
  void acked(std::uint64_t rev, std::int64_t t);
  void read(std::uint64_t rev, std::int64_t after, Where where);
  /// At rest, somebody is at `rev`.
  void at_rest(std::uint64_t rev, Where where);

  void base(const Event& event, Where where);
  /// `author` is the row's.
  void log(const Event& event, Author author, Where where);

  // --- the end ---

  /// Compares everything with the log.
  void finish();

  /// The revision of a submission, if it is in the log.
  std::optional<std::uint64_t> place(Author author) const;

  bool has_log() const { return base_.has_value() || !rows_.empty(); }

  struct Row {
    std::shared_ptr<const LogRow> row;
    Author author;
    Where where;
  };

  /// In order of revisions after finish().
  const std::vector<Row>& rows() const { return rows_; }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  struct Revision {
    std::optional<ShortHash> hash;
    std::optional<Author> author;
    bool acked = false;
    bool committed = false;
    std::int64_t durable = kNever;       // this revision
    std::int64_t durable_upto = kNever;  // this one and all before
    std::int64_t seen = kNever;
    Where hash_where;
    Where author_where;
    Where seen_where;
  };

  struct State {
    std::uint64_t rev = 0;
    ShortHash state = 0;
    Invariant invariant = Invariant::kI1;
    Where where;
  };

  struct Ack {
    std::int64_t t = 0;
    std::uint64_t rev = 0;
  };

  struct Read {
    std::uint64_t rev = 0;
    std::int64_t after = 0;
    Where where;
  };

  struct Base {
    std::uint64_t rev = 0;
    std::optional<ShortHash> hash;
    std::optional<ShortHash> state;
    std::shared_ptr<const JsonValue> content;
    Where where;
  };

  void violate(Invariant invariant, std::uint64_t rev, Where where, std::string what) {
    out_.violate(invariant, name_, rev, where, std::move(what));
  }

  std::uint64_t head() const;
  std::vector<std::uint64_t> said_revisions() const;  // in order
  void order_rows();
  void check_chain();
  void check_said();
  void check_rest();
  void check_durable();
  void check_reads();
  void replay();
  std::optional<ot::Document> start() const;
  void check_states(std::uint64_t rev, const ot::Document& document, std::size_t& next);

  std::string name_;
  Findings& out_;
  std::optional<ot::Type> type_;
  std::unordered_map<std::uint64_t, Revision> revisions_;
  std::unordered_map<Author, std::uint64_t, AuthorHash> places_;
  std::vector<State> states_;
  std::unordered_map<std::uint64_t, ShortHash> first_states_;
  std::vector<Ack> acks_;
  std::vector<Read> reads_;
  std::vector<std::pair<std::uint64_t, Where>> rests_;
  bool tells_durable_ = false;
  std::optional<Base> base_;
  std::vector<Row> rows_;
};

}  // namespace cloudsync::checker
