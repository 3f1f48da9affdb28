#include "document/authority.h"

#include "base/assert.h"
#include "document/chain.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {

Result<std::unique_ptr<DocumentAuthority>> DocumentAuthority::open(storage::OpenedDocument opened,
                                                                   const Limits& limits) {
  const auto type = ot::type_from_name(opened.info.type.str());
  if (!type) {
    return fail(ErrorCode::kInternal, "the document is of a type that this version doesn't know");
  }
  CS_TRY_ASSIGN(const JsonValue json, parse_json(opened.snapshot.content));
  auto document = ot::parse_document(*type, json);
  if (!document) {
    return fail(ErrorCode::kInternal, "the document's snapshot is damaged");
  }
  std::unique_ptr<DocumentAuthority> authority(new DocumentAuthority(std::move(opened.info),
                                                                     *type,
                                                                     *std::move(document),
                                                                     opened.snapshot.revision,
                                                                     opened.snapshot.hash,
                                                                     limits));
  for (storage::Update& update : opened.tail) {
    CS_TRY_ASSIGN(Committed committed,
                  authority->apply_committed(
                      std::move(update), authority->head(), authority->history_.head_hash()));
    authority->bytes_since_snapshot_ += committed.update.op.size();
    ++authority->ops_since_snapshot_;
    authority->last_at_ = std::max(authority->last_at_, committed.update.created_at);
    authority->history_.push(std::move(committed));
  }
  if (authority->head() != authority->info_.head ||
      authority->history_.head_hash() != authority->info_.head_hash) {
    return fail(ErrorCode::kInternal, "the document's log does not lead to its head");
  }
  return authority;
}

DocumentAuthority::DocumentAuthority(storage::DocumentInfo info,
                                     ot::Type type,
                                     ot::Document document,
                                     Revision revision,
                                     const storage::ChainHash& hash,
                                     const Limits& limits)
    : limits_(limits),
      info_(std::move(info)),
      content_(std::move(document)),
      history_({.ops = limits.catch_up_ops, .bytes = limits.catch_up_bytes}, revision, hash),
      last_at_(info_.updated_at),
      type_(type),
      members_(limits.members_listed) {}

DocumentContent DocumentAuthority::content() {
  storage::DocumentInfo info = info_;
  info.head = history_.head();
  info.head_hash = history_.head_hash();
  info.updated_at = last_at_;
  return {.info = std::move(info),
          .revision = history_.head(),
          .hash = history_.head_hash(),
          .content = content_.json()};
}

bool DocumentAuthority::is_quiet() const {
  return work_->joins.empty() && work_->moving.empty() && work_->lagging.empty() &&
         work_->queue.empty() && work_->batch.empty() && work_->reads.empty() &&
         !writing_snapshot_ && !work_->checking_head && effects_.empty();
}

// Checks the next operation of the log and applies it to the committed content.
Result<Committed> DocumentAuthority::apply_committed(storage::Update update,
                                                     Revision previous,
                                                     const storage::ChainHash& previous_hash) {
  if (!is_linked(update, next(previous), previous_hash)) {
    return fail(ErrorCode::kInternal, "the document's log is damaged: a hash does not match");
  }
  auto json = parse_json(update.op);
  auto op = json ? ot::parse_committed(type_, *json) : Result<ot::Operation>(fail(json.error()));
  if (!op || !content_.commit(*op)) {
    return fail(ErrorCode::kInternal, "the document's log is damaged: an operation does not fit");
  }
  return Committed{.update = std::move(update), .op = *std::move(op)};
}

void DocumentAuthority::on_updates(Token token,
                                   Result<std::vector<storage::Update>> updates,
                                   Moment moment) {
  const auto found = work_->reads.find(token);
  if (found == work_->reads.end()) {
    return;  // its request was answered meanwhile
  }
  Read purpose = std::move(found->second);
  work_->reads.erase(found);
  if (const auto* join = std::get_if<JoinRead>(&purpose)) {
    on_join_read(join->join, std::move(updates), moment.now);
  } else if (const auto* fetch = std::get_if<FetchRead>(&purpose)) {
    on_fetch_read(*fetch, std::move(updates));
  } else if (auto* rebase = std::get_if<RebaseRead>(&purpose)) {
    on_rebase_read(std::move(rebase->submission), std::move(updates), moment);
  } else if (const auto* recovery = std::get_if<RecoveryRead>(&purpose)) {
    on_recovery_read(recovery->attempt, std::move(updates), moment);
  } else {
    on_head_read(std::move(updates), moment);
  }
}

void DocumentAuthority::on_snapshot() {
  writing_snapshot_ = false;
}

void DocumentAuthority::abandon() {
  answer_everything({.code = ErrorCode::kUnavailable,
                     .message = "the document is being closed",
                     .retry_after_ms = 1'000});
}

void DocumentAuthority::break_down(const Error& error) {
  answer_everything(error);
  effects_.emplace_back(BrokenEffect{.why = error.message});
}

// Answers all that waits with `error` and takes no more.
void DocumentAuthority::answer_everything(const Error& error) {
  phase_ = Phase::kBroken;
  while (!work_->awaited.empty()) {
    answer_pending(ClientId(work_->awaited.begin()->first), fail(error));
  }
  for (const auto& [token, purpose] : work_->reads) {
    if (const auto* fetch = std::get_if<FetchRead>(&purpose)) {
      effects_.emplace_back(FetchAnswer{.token = fetch->fetch, .reply = fail(error)});
    }
  }
  for (const auto& [token, join] : work_->joins) {
    effects_.emplace_back(JoinAnswer{.token = token, .reply = fail(error)});
  }
  for (const auto* waiters : {&work_->head_waiters, &work_->late_head_waiters}) {
    for (const HeadWaiter& waiter : *waiters) {
      if (!waiter.is_join) {  // those were answered with the joins
        effects_.emplace_back(RefreshAnswer{.token = waiter.token, .reply = fail(error)});
      }
    }
  }
  work_.clear();
}

storage::ReadBudget DocumentAuthority::catch_up_budget() const {
  return {.updates = limits_.catch_up_ops, .bytes = limits_.catch_up_bytes};
}

void DocumentAuthority::read(Read purpose, Revision from, Revision to, storage::ReadBudget budget) {
  const auto* recovery = std::get_if<RecoveryRead>(&purpose);
  const std::uint32_t attempt = recovery == nullptr ? 0 : recovery->attempt;
  ++last_read_;
  work_->reads.emplace(last_read_, std::move(purpose));
  effects_.emplace_back(ReadEffect{
      .token = last_read_, .from = from, .to = to, .budget = budget, .attempt = attempt});
}

// What the store has of the client was asked, or there is nothing: it is a member or has a
// submission under way. One that joins, or that was met in the log while it is looked up, is
// remembered.
bool DocumentAuthority::knows(const ClientId& client) const {
  return ledger_.remembers(client) || members_.has_client(client) ||
         work_->awaited.contains(client);
}

// Without a member, a join or a submission, the store's record of a client is enough. Of a member
// that has submitted nothing, that it is one.
void DocumentAuthority::maybe_forget(const ClientId& client) {
  if (work_->joining.contains(client)) {
    return;
  }
  if (members_.has_client(client) || work_->awaited.contains(client)) {
    ledger_.forget_silent(client);
  } else {
    ledger_.forget(client);
  }
}

void DocumentAuthority::deliver(std::string_view event,
                                std::string payload,
                                std::optional<MemberId> except,
                                const std::optional<ClientId>& presence_of) {
  const std::vector<std::uint32_t> loops = members_.loops(except);
  if (loops.empty()) {
    return;
  }
  const SharedBytes shared = share(std::move(payload));
  for (const std::uint32_t loop : loops) {
    const bool is_here = except && except->loop == loop;
    effects_.emplace_back(DeliverEffect{.loop = loop,
                                        .frame = {.document = info_.id,
                                                  .event = event,
                                                  .payload = shared,
                                                  .only = std::nullopt,
                                                  .except = is_here ? except : std::nullopt,
                                                  .presence_of = presence_of}});
  }
}

}  // namespace cloudsync::document
