// DocumentAuthority: members come, catch up and go.

#include "document/authority.h"
#include "document/chain.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {
namespace {

Error unreadable_log() {
  return {
      .code = ErrorCode::kUnavailable, .message = "the log can't be read", .retry_after_ms = 1'000};
}

UpdateList borrow(const std::vector<storage::Update>& updates, Revision from) {
  UpdateList list;
  for (const storage::Update& update : updates) {
    if (update.revision >= from) {
      list.push_back(&update);
    }
  }
  return list;
}

}  // namespace

// --- joining ---

void DocumentAuthority::join(Token token,
                             MemberId member,
                             const JoinRequest& request,
                             Timestamp now) {
  work_->begin_join(token, {.member = member, .request = request});
  if (phase_ == Phase::kBroken) {
    answer_join(token, fail(ErrorCode::kInternal, "the document is out of order"));
    return;
  }
  if (request.client_is_new || knows(request.client)) {
    ledger_.load(request.client, std::nullopt);  // so it stays known, whoever leaves meanwhile
    admit(token, now);
    return;
  }
  look_up(request.client);
  work_->lookups.at(request.client).push_back(token);
}

void DocumentAuthority::on_client(const ClientId& client,
                                  Result<std::optional<storage::ClientRecord>> record,
                                  Timestamp now) {
  const auto found = work_->lookups.find(client);
  if (found == work_->lookups.end()) {
    return;
  }
  const std::vector<Token> waiting = std::move(found->second);
  work_->lookups.erase(found);
  if (record) {
    ledger_.load(client, *record);
    if (*record && (*record)->revision > head() && phase_ == Phase::kIdle) {
      recover();  // another process has written: what is known here is behind
    }
  }
  for (const Token token : waiting) {
    if (!work_->joins.contains(token)) {
      continue;  // it left meanwhile
    }
    if (record) {
      admit(token, now);
    } else {
      answer_join(token, fail(record.error()));
    }
  }
  maybe_forget(client);
}

// Other nodes may have answered for what this one has not heard of: the joiner is to find it.
void DocumentAuthority::admit(Token token, Timestamp now) {
  if (shared_) {
    wait_for_head({.token = token, .is_join = true});
  } else {
    try_join(token, now);
  }
}

void DocumentAuthority::try_join(Token token, Timestamp now) {
  if (work_->joins.at(token).request.revision) {
    resume(token, now);
  } else {
    join_afresh(token, now);
  }
}

void DocumentAuthority::join_afresh(Token token, Timestamp now) {
  const SharedBytes& json = content_.json();
  if (json->size() <= limits_.inline_snapshot_bytes) {
    finish_join(token, now, {.document = info_.id, .fields = {}, .snapshot = json});
    return;
  }
  std::string fields = ",\"snapshotUrl\":";
  append_json_string(fields, snapshot_path(info_.id, head()));
  finish_join(token, now, {.document = info_.id, .fields = std::move(fields), .snapshot = nullptr});
}

void DocumentAuthority::resume(Token token, Timestamp now) {
  const Revision revision = *work_->joins.at(token).request.revision;
  if (revision > head()) {
    answer_join(token,
                fail(ErrorCode::kRevisionUnknown, "the document has not reached that revision"));
    return;
  }
  if (head().value() - revision.value() > limits_.rebase_ops) {
    effects_.emplace_back(LimitEffect{"rebase_ops"});
    answer_join(token, fail(ErrorCode::kRevisionTooOld, "too many operations behind"));
    return;
  }
  if (const auto hash = history_.hash_at(revision)) {
    finish_resume(token, *hash, held_updates(next(revision), head()), now);
    return;
  }
  // The operation that led to `revision` comes along for its hash.
  const Revision from(std::max<std::uint64_t>(revision.value(), 1));
  storage::ReadBudget budget = catch_up_budget();
  ++budget.updates;
  read(JoinRead{token}, from, head(), budget);
}

void DocumentAuthority::on_join_read(Token token,
                                     Result<std::vector<storage::Update>> updates,
                                     Timestamp now) {
  const auto found = work_->joins.find(token);
  if (found == work_->joins.end()) {
    return;
  }
  const Revision revision = *found->second.request.revision;
  const std::uint64_t first = std::max<std::uint64_t>(revision.value(), 1);
  if (!updates || updates->empty() || updates->front().revision != Revision(first)) {
    answer_join(token, fail(unreadable_log()));
    return;
  }
  const storage::ChainHash& hash =
      revision.value() == 0 ? updates->front().prev_hash : updates->front().hash;
  finish_resume(token, hash, borrow(*updates, next(revision)), now);
}

void DocumentAuthority::finish_resume(Token token,
                                      const storage::ChainHash& hash,
                                      const UpdateList& updates,
                                      Timestamp now) {
  const JoinRequest& request = work_->joins.at(token).request;
  if (!request.hash.empty() && request.hash != short_hash(hash)) {
    answer_join(token,
                fail(ErrorCode::kHistoryDiverged, "the log has another hash at that revision"));
    return;
  }
  const Revision last = updates.empty() ? *request.revision : updates.back()->revision;
  std::string fields;
  append_catch_up(
      fields, updates, last < head() ? std::optional<Revision>(next(last)) : std::nullopt);
  finish_join(token, now, {.document = info_.id, .fields = std::move(fields), .snapshot = nullptr});
}

// Makes the joiner a member and answers it with `content`, its content or catch-up.
void DocumentAuthority::finish_join(Token token, Timestamp now, JoinReply content) {
  const PendingJoin join = work_->joins.at(token);
  bool is_new_client = true;
  if (const Member* holder = members_.find_client(join.request.client)) {
    is_new_client = false;
    if (holder->id() != join.member) {
      const MemberId older = holder->id();
      withdraw_presence(*members_.find(older));
      members_.take(older);
      effects_.emplace_back(SupersedeEffect{older});
    }
  } else if (members_.find(join.member) != nullptr) {
    remove_member(join.member, now);  // a connection has one client id; the newest counts
  }
  if (members_.find(join.member) == nullptr) {
    members_.add({.connection = join.member.connection,
                  .loop = join.member.loop,
                  .client = join.request.client,
                  .user = join.request.user,
                  .name = join.request.name});
  }
  const auto came_over = elsewhere_->shown.extract(join.request.client);
  elsewhere_->count -= came_over.empty() ? 0 : 1;
  content.fields.insert(0,
                        join_fields(info_,
                                    head(),
                                    history_.head_hash(),
                                    members_,
                                    join.member,
                                    elsewhere_->shown,
                                    member_count()));
  answer_join(token, std::move(content));
  roster_due_ = true;
  Member& member = *members_.find(join.member);
  if (!came_over.empty()) {
    come_over(member, came_over.mapped(), now);
  } else if (is_new_client) {
    announce(member, now);
  }
  for (const auto& [client, other] : elsewhere_->shown) {
    if (other.presence) {
      show_remote_presence(other, join.member);
    }
  }
}

void DocumentAuthority::answer_join(Token token, Result<JoinReply> reply) {
  const ClientId client = work_->joins.at(token).request.client;
  work_->end_join(token);
  effects_.emplace_back(JoinAnswer{.token = token, .reply = std::move(reply)});
  maybe_forget(client);
}

// Tells the others of a new member, if it is among the listed.
void DocumentAuthority::announce(const Member& member, Timestamp now) {
  if (!member.listed) {
    effects_.emplace_back(LimitEffect{"members_listed"});
    return;
  }
  deliver("user-joined",
          user_joined_event(info_.id, member, now, member_count()),
          member.id(),
          std::nullopt);
}

// --- leaving ---

bool DocumentAuthority::leave(MemberId member, Timestamp now) {
  bool was_there = false;
  std::vector<Token> cancelled;
  for (const auto& [token, join] : work_->joins) {
    if (join.member == member) {
      cancelled.push_back(token);
    }
  }
  for (const Token token : cancelled) {
    was_there = true;
    answer_join(token, fail(ErrorCode::kNotJoined, "left before the join was done"));
  }
  if (members_.find(member) != nullptr) {
    was_there = true;
    remove_member(member, now);
  }
  return was_there;
}

void DocumentAuthority::remove_member(MemberId id, Timestamp now) {
  Member& found = *members_.find(id);
  withdraw_presence(found);
  const Member member = members_.take(id);
  if (member.listed && elsewhere_->members.has(member.client)) {
    // It went to another node before its connection here was known to be gone.
    elsewhere_->shown.emplace(member.client,
                              RosterMember{.client = member.client,
                                           .user = member.user,
                                           .name = member.name,
                                           .presence = std::nullopt});
  } else if (member.listed) {
    deliver("user-left",
            user_left_event(info_.id, member, now, member_count()),
            std::nullopt,
            std::nullopt);
  }
  show_remote(now);
  if (members_.empty()) {
    tell_roster();  // this may be the last that is asked of the authority
  } else {
    roster_due_ = true;
  }
  maybe_forget(member.client);
}

// --- history ---

void DocumentAuthority::fetch(Token token, MemberId member, const FetchRequest& request) {
  if (members_.find(member) == nullptr) {
    effects_.emplace_back(
        FetchAnswer{token, fail(ErrorCode::kNotJoined, "join the document first")});
  } else if (phase_ == Phase::kBroken) {
    effects_.emplace_back(
        FetchAnswer{token, fail(ErrorCode::kInternal, "the document is out of order")});
  } else if (request.from.value() == 0 || request.from > request.to) {
    effects_.emplace_back(
        FetchAnswer{token, fail(ErrorCode::kBadRequest, "from … to is no range")});
  } else if (request.to > head()) {
    effects_.emplace_back(FetchAnswer{
        token, fail(ErrorCode::kRevisionUnknown, "the document has not reached that revision")});
  } else if (history_.reaches(Revision(request.from.value() - 1))) {
    answer_fetch(token, request.to, held_updates(request.from, request.to));
  } else {
    read(FetchRead{.fetch = token, .to = request.to}, request.from, request.to, catch_up_budget());
  }
}

void DocumentAuthority::on_fetch_read(const FetchRead& fetch,
                                      Result<std::vector<storage::Update>> updates) {
  if (!updates || updates->empty()) {
    effects_.emplace_back(FetchAnswer{fetch.fetch, fail(unreadable_log())});
    return;
  }
  answer_fetch(fetch.fetch, fetch.to, borrow(*updates, Revision(0)));
}

void DocumentAuthority::answer_fetch(Token token, Revision to, const UpdateList& updates) {
  const Revision last = updates.back()->revision;
  effects_.emplace_back(FetchAnswer{
      token,
      FetchReply{fetch_fields(
          info_.id, updates, last < to ? std::optional<Revision>(next(last)) : std::nullopt)}});
}

// Held operations `from` … `to`, at most a catch-up's worth; from - 1 is reached.
UpdateList DocumentAuthority::held_updates(Revision from, Revision to) const {
  UpdateList updates;
  std::size_t bytes = 0;
  for (Revision revision = from; revision <= to && updates.size() < limits_.catch_up_ops;
       revision = next(revision)) {
    const storage::Update& update = history_.at(revision).update;
    bytes += update.op.size();
    if (!updates.empty() && bytes > limits_.catch_up_bytes) {
      break;
    }
    updates.push_back(&update);
  }
  return updates;
}

}  // namespace cloudsync::document
