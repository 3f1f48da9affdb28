#include "checker/document_trace.h"

#include "document/chain.h"

#include <algorithm>
#include <utility>

namespace cloudsync::checker {

// --- what was said ---

void DocumentTrace::author(std::uint64_t rev, Author author, Claim claim, Where where) {
  Revision& revision = revisions_[rev];
  revision.acked |= claim == Claim::kAcked;
  revision.committed |= claim == Claim::kCommitted;
  if (claim == Claim::kCommitted) {
    out_.count(Invariant::kI5);
  }
  if (revision.author == author) {
    return;
  }
  if (revision.author) {
    violate(claim == Claim::kCommitted ? Invariant::kI5
            : claim == Claim::kAcked   ? Invariant::kI2
                                       : Invariant::kI4,
            rev,
            where,
            "the revision was another submission's before");
    return;
  }
  revision.author = author;
  revision.author_where = where;
  const auto [place, is_new] = places_.emplace(author, rev);
  if (!is_new && place->second != rev) {
    violate(Invariant::kI3,
            rev,
            where,
            "the submission is revision " + std::to_string(place->second) + ", too");
  }
}

void DocumentTrace::hash(std::uint64_t rev, ShortHash hash, Where where) {
  Revision& revision = revisions_[rev];
  out_.count(Invariant::kI1);
  if (!revision.hash) {
    revision.hash = hash;
    revision.hash_where = where;
  } else if (*revision.hash != hash) {
    violate(Invariant::kI1, rev, where, "another hash than was seen before");
  }
}

void DocumentTrace::state(std::uint64_t rev, ShortHash state, Invariant invariant, Where where) {
  const auto [first, is_new] = first_states_.emplace(rev, state);
  // One claim of each content is compared with the replay, and all with each other here; snapshots
  // are compared themselves.
  if (is_new || first->second != state || invariant != Invariant::kI1) {
    states_.push_back({.rev = rev, .state = state, .invariant = invariant, .where = where});
  } else {
    out_.count(invariant);
  }
}

void DocumentTrace::durable(std::uint64_t rev, std::int64_t t, bool and_before) {
  tells_durable_ = true;
  Revision& revision = revisions_[rev];
  std::int64_t& since = and_before ? revision.durable_upto : revision.durable;
  since = std::min(since, t);
}

void DocumentTrace::seen(std::uint64_t rev, std::int64_t t, Where where) {
  Revision& revision = revisions_[rev];
  if (t < revision.seen) {
    revision.seen = t;
    revision.seen_where = where;
  }
}

void DocumentTrace::acked(std::uint64_t rev, std::int64_t t) {
  acks_.push_back({.t = t, .rev = rev});
}

void DocumentTrace::read(std::uint64_t rev, std::int64_t after, Where where) {
  reads_.push_back({.rev = rev, .after = after, .where = where});
}

void DocumentTrace::at_rest(std::uint64_t rev, Where where) {
  rests_.emplace_back(rev, where);
}

void DocumentTrace::base(const Event& event, Where where) {
  if (event.type) {
    type_ = event.type;
  }
  if (base_ && (base_->rev != event.rev || base_->hash != event.hash)) {
    violate(Invariant::kI8, event.rev, where, "the log has another base, too");
    return;
  }
  base_ = Base{.rev = event.rev,
               .hash = event.hash,
               .state = event.state,
               .content = event.content,
               .where = where};
}

void DocumentTrace::log(const Event& event, Author author, Where where) {
  rows_.push_back({.row = event.row, .author = author, .where = where});
}

// --- the end ---

std::uint64_t DocumentTrace::head() const {
  return rows_.empty() ? (base_ ? base_->rev : 0) : rows_.back().row->update.revision.value();
}

std::vector<std::uint64_t> DocumentTrace::said_revisions() const {
  std::vector<std::uint64_t> revs;
  revs.reserve(revisions_.size());
  for (const auto& [rev, revision] : revisions_) {
    revs.push_back(rev);
  }
  std::sort(revs.begin(), revs.end());
  return revs;
}

std::optional<std::uint64_t> DocumentTrace::place(Author author) const {
  const auto found = places_.find(author);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

void DocumentTrace::finish() {
  check_durable();
  check_reads();
  if (!has_log()) {
    out_.skip(name_ + ": the history has no log of it (I2, I4 of the log, I6, I8)");
    check_rest();
    for (const State& said : states_) {
      if (said.state != first_states_.at(said.rev)) {
        violate(said.invariant, said.rev, said.where, "another content than was seen before");
      }
    }
    return;
  }
  order_rows();
  check_chain();
  check_said();
  check_rest();
  replay();
}

// Sorts the rows and leaves one of each revision.
void DocumentTrace::order_rows() {
  const auto revision = [](const Row& row) { return row.row->update.revision.value(); };
  std::stable_sort(rows_.begin(), rows_.end(), [&](const Row& a, const Row& b) {
    return revision(a) < revision(b);
  });
  std::vector<Row> kept;
  kept.reserve(rows_.size());
  for (Row& row : rows_) {
    if (!kept.empty() && revision(kept.back()) == revision(row)) {
      if (kept.back().row->update != row.row->update) {
        violate(Invariant::kI5, revision(row), row.where, "the revision is in the log twice");
      }
      continue;
    }
    kept.push_back(std::move(row));
  }
  rows_ = std::move(kept);
}

// I3, I4: revisions without a gap, each linked to the one before, no submission twice.
void DocumentTrace::check_chain() {
  std::uint64_t before = base_ ? base_->rev : 0;
  std::optional<Sha256> previous;
  std::unordered_map<Author, std::uint64_t, AuthorHash> places;
  for (const Row& row : rows_) {
    const storage::Update& update = row.row->update;
    const std::uint64_t rev = update.revision.value();
    out_.count(Invariant::kI3);
    out_.count(Invariant::kI4);
    if (rev <= before && base_) {
      violate(Invariant::kI4, rev, row.where, "before the base of the log");
    } else if (rev != before + 1) {
      violate(Invariant::kI4, rev, row.where, "the revision before is not in the log");
      previous.reset();
    }
    if (!previous && rev == 1) {
      previous = Sha256{};
    }
    const bool is_next = previous ? short_hash(update.prev_hash) == short_hash(*previous)
                         : base_ && base_->hash && rev == base_->rev + 1
                             ? short_hash(update.prev_hash) == *base_->hash
                             : true;
    const bool is_own =
        !row.row->is_whole ||
        document::is_linked(update, update.revision, previous.value_or(update.prev_hash));
    if (!is_next || !is_own) {
      violate(Invariant::kI4, rev, row.where, "the chain of hashes breaks");
    }
    const auto [place, is_new] = places.emplace(row.author, rev);
    if (!is_new) {
      violate(Invariant::kI3,
              rev,
              row.where,
              "the submission is revision " + std::to_string(place->second) + ", too");
    }
    previous = update.hash;
    before = rev;
  }
}

// I1, I2, I4, I5: what clients and nodes were told of revisions is what the log has there.
void DocumentTrace::check_said() {
  const std::uint64_t base = base_ ? base_->rev : 0;
  std::size_t next = 0;
  for (const std::uint64_t rev : said_revisions()) {
    const Revision& said = revisions_.at(rev);
    while (next < rows_.size() && rows_[next].row->update.revision.value() < rev) {
      ++next;
    }
    const Row* row = next < rows_.size() && rows_[next].row->update.revision.value() == rev
                         ? &rows_[next]
                         : nullptr;
    const std::optional<ShortHash> hash =
        row != nullptr ? std::optional(short_hash(row->row->update.hash))
        : rev == base  ? (base_ && base_->hash ? base_->hash : std::nullopt)
                       : std::nullopt;
    const std::optional<ShortHash> known = rev == 0 ? std::optional(ShortHash{0}) : hash;
    if (said.hash && known) {
      out_.count(Invariant::kI1);
      if (*said.hash != *known) {
        violate(Invariant::kI1, rev, said.hash_where, "another hash than the log has");
      }
    }
    if (rev <= base) {
      continue;  // compacted away
    }
    if (said.acked) {
      out_.count(Invariant::kI2);
    }
    const Invariant invariant = said.acked || said.committed ? Invariant::kI2 : Invariant::kI4;
    if (row == nullptr) {
      if (said.author) {
        violate(invariant,
                rev,
                said.author_where,
                said.acked ? "acknowledged, but not in the log" : "seen, but not in the log");
      } else if (said.hash) {
        violate(Invariant::kI2, rev, said.hash_where, "seen, but not in the log");
      }
      continue;
    }
    if (said.author && *said.author != row->author) {
      violate(invariant, rev, said.author_where, "the log has another submission there");
    }
  }
  places_.clear();
  for (const Row& row : rows_) {
    places_.emplace(row.author, row.row->update.revision.value());
  }
}

// I1: at rest everybody is at the head.
void DocumentTrace::check_rest() {
  std::uint64_t head = has_log() ? this->head() : 0;
  for (const auto& [rev, where] : rests_) {
    head = has_log() ? head : std::max(head, rev);
  }
  for (const auto& [rev, where] : rests_) {
    out_.count(Invariant::kI1);
    if (rev != head) {
      violate(
          Invariant::kI1, rev, where, "at rest, but the head is revision " + std::to_string(head));
    }
  }
}

// I9: nobody had a revision before the store said that it is durable.
void DocumentTrace::check_durable() {
  if (!tells_durable_) {
    out_.skip(name_ + ": no node said what it committed (I9)");
    return;
  }
  const std::vector<std::uint64_t> revs = said_revisions();
  std::int64_t upto = kNever;
  for (auto it = revs.rbegin(); it != revs.rend(); ++it) {
    const std::uint64_t rev = *it;
    const Revision& revision = revisions_.at(rev);
    upto = std::min(upto, revision.durable_upto);
    const std::int64_t durable = std::min(upto, revision.durable);
    if (revision.seen == kNever || rev == 0) {
      continue;
    }
    out_.count(Invariant::kI9);
    if (durable == kNever) {
      violate(Invariant::kI9, rev, revision.seen_where, "seen, but nobody committed it");
    } else if (revision.seen < durable) {
      violate(Invariant::kI9,
              rev,
              revision.seen_where,
              "seen " + std::to_string(durable - revision.seen) + " us before it was durable");
    }
  }
}

// I11: who asks after an ack is answered at least its revision.
void DocumentTrace::check_reads() {
  std::sort(acks_.begin(), acks_.end(), [](const Ack& a, const Ack& b) { return a.t < b.t; });
  std::uint64_t highest = 0;
  for (Ack& ack : acks_) {
    highest = std::max(highest, ack.rev);
    ack.rev = highest;
  }
  for (const Read& read : reads_) {
    out_.count(Invariant::kI11);
    // An ack of the same microsecond may have come after the question.
    const auto later = std::lower_bound(
        acks_.begin(), acks_.end(), read.after, [](const Ack& ack, std::int64_t t) {
          return ack.t < t;
        });
    if (later != acks_.begin() && std::prev(later)->rev > read.rev) {
      violate(Invariant::kI11,
              read.rev,
              read.where,
              "revision " + std::to_string(std::prev(later)->rev) +
                  " had been acknowledged before it was asked for");
    }
  }
}

std::optional<ot::Document> DocumentTrace::start() const {
  if (!type_) {
    return std::nullopt;
  }
  if (base_ && base_->content != nullptr) {
    auto document = ot::parse_document(*type_, *base_->content);
    return document ? std::optional(*std::move(document)) : std::nullopt;
  }
  return !base_ || base_->rev == 0 ? std::optional(ot::make_document(*type_)) : std::nullopt;
}

// I1 and I8 by content, I6: every operation of the log fits the one before.
void DocumentTrace::replay() {
  auto document = start();
  if (!document) {
    if (base_ && base_->content != nullptr && type_) {
      violate(Invariant::kI6, base_->rev, base_->where, "the content of the base is malformed");
    } else {
      out_.skip(name_ +
                ": its type or the content of its base is not known (I1 and I8 by content, I6)");
    }
    return;
  }
  std::stable_sort(
      states_.begin(), states_.end(), [](const State& a, const State& b) { return a.rev < b.rev; });
  const std::uint64_t base = base_ ? base_->rev : 0;
  std::size_t next = 0;
  while (next < states_.size() && states_[next].rev < base) {
    ++next;  // compacted away
  }
  if (base_ && base_->state) {
    out_.count(Invariant::kI8);
    if (*base_->state != state_hash(*document)) {
      violate(Invariant::kI8, base, base_->where, "the base has another content than it says");
    }
  }
  check_states(base, *document, next);
  for (const Row& row : rows_) {
    const storage::Update& update = row.row->update;
    const std::uint64_t rev = update.revision.value();
    out_.count(Invariant::kI6);
    auto applied = [&]() -> Result<void> {
      if (row.row->op) {
        return ot::apply(*document, *row.row->op);
      }
      CS_TRY_ASSIGN(const JsonValue json, parse_json(update.op));
      CS_TRY_ASSIGN(const ot::Operation op, ot::parse_committed(*type_, json));
      return ot::apply(*document, op);
    }();
    if (!applied) {
      violate(Invariant::kI6, rev, row.where, "does not fit: " + applied.error().message);
      return;
    }
    check_states(rev, *document, next);
  }
  for (; next < states_.size(); ++next) {
    violate(states_[next].invariant,
            states_[next].rev,
            states_[next].where,
            "a content beyond the end of the log");
  }
}

void DocumentTrace::check_states(std::uint64_t rev,
                                 const ot::Document& document,
                                 std::size_t& next) {
  std::optional<ShortHash> state;
  for (; next < states_.size() && states_[next].rev <= rev; ++next) {
    const State& said = states_[next];
    if (!state) {
      state = state_hash(document);
    }
    out_.count(said.invariant);
    if (said.rev != rev || said.state != *state) {
      violate(said.invariant, said.rev, said.where, "another content than the replay of the log");
    }
  }
}

}  // namespace cloudsync::checker
