#include "disk.h"

#include "document/chain.h"

#include <algorithm>
#include <utility>

namespace cloudsync::simulation {
namespace {

/// A node gives an unanswered append up and looks for itself.
constexpr Duration kAppendTimeout = std::chrono::milliseconds(700);

Error down() {
  return {.code = ErrorCode::kUnavailable, .message = "simulated"};
}

storage::AppendOutcome outcome(storage::AppendStatus status) {
  return {.status = status, .reason = "simulated"};
}

}  // namespace

// --- Disk ---

Disk::Disk(Environment& environment)
    : environment_(environment),
      executor_(environment.world),
      store_(std::make_unique<storage::MemoryStore>()) {}

void Disk::create_document() {
  store_->create_document({.id = kDocument,
                           .org = OrgId("o"),
                           .type = std::string(ot::type_name(environment_.plan.type)),
                           .title = "t",
                           .created_by = UserId("u"),
                           .created_at = Timestamp(1),
                           .head = Revision(0),
                           .head_hash = {},
                           .updated_at = Timestamp(1)},
                          to_json(ot::content(ot::make_document(environment_.plan.type))),
                          executor_,
                          [](const Result<void>&) {});
}

void Disk::append(storage::Append append, UniqueFunction<void(storage::AppendOutcome)> done) {
  if (full()) {
    executor_.post(
        [answer = std::move(done)]() mutable { answer(outcome(storage::AppendStatus::kRefused)); });
    return;
  }
  const Bug bug = environment_.plan.bug;
  const bool keeps = bug == Bug::kSyncOff || bug == Bug::kSyncNormal || bug == Bug::kTornTail;
  auto copy = keeps ? std::optional(append) : std::nullopt;
  store_->append(std::move(append),
                 executor_,
                 [this, kept = std::move(copy), answer = std::move(done)](
                     storage::AppendOutcome result) mutable {
                   if (kept && result.status == storage::AppendStatus::kCommitted) {
                     commits_.push_back(*std::move(kept));
                   }
                   answer(std::move(result));
                 });
}

void Disk::lose_power() {
  ++epoch_;
  const std::size_t kept = commits_kept();
  if (kept < commits_.size()) {
    lost_commits += commits_.size() - kept;
    rebuild(kept);
  }
}

// How many of the commits survive the loss of power.
std::size_t Disk::commits_kept() {
  constexpr std::size_t kCommitsPerCheckpoint = 20;
  Dice dice = environment_.dice(Deciding::kStore, 1'000, epoch_);
  switch (environment_.plan.bug) {
    case Bug::kSyncOff:
      return commits_.size() - std::min<std::size_t>(commits_.size(), dice.number(1, 10));
    case Bug::kSyncNormal:
      return commits_.size() / kCommitsPerCheckpoint * kCommitsPerCheckpoint;
    case Bug::kTornTail:
      return commits_.size() - std::min<std::size_t>(commits_.size(), 1);
    default:
      return commits_.size();
  }
}

void Disk::rebuild(std::size_t commits) {
  commits_.resize(commits);
  store_ = std::make_unique<storage::MemoryStore>();
  create_document();
  for (const storage::Append& commit : commits_) {
    store_->append(commit, executor_, [](const storage::AppendOutcome&) {});
  }
}

void Disk::export_log() {
  checker::Event base = event_of(checker::Kind::kBase);
  base.type = environment_.plan.type;
  environment_.history.log(std::move(base));
  store_->read_updates(kDocument,
                       Revision(1),
                       Revision(kJsonIntegerMax),
                       {.updates = 1'000'000, .bytes = 1'000'000'000},
                       executor_,
                       [this](Result<std::vector<storage::Update>> updates) {
                         Timestamp last;
                         for (storage::Update& update : *updates) {
                           if (update.created_at < last) {
                             environment_.history.complain("revision " +
                                                           std::to_string(update.revision.value()) +
                                                           " is older than the one before it");
                           }
                           last = update.created_at;
                           checker::Event event = event_of(checker::Kind::kLog);
                           event.row = std::make_shared<const checker::LogRow>(checker::LogRow{
                               .update = std::move(update), .op = std::nullopt, .is_whole = true});
                           environment_.history.log(std::move(event));
                         }
                       });
  while (environment_.world.run_one(environment_.world.now())) {
  }
}

// --- DiskClient: appends ---

DiskClient::DiskClient(Environment& environment,
                       Disk& disk,
                       std::int64_t node,
                       std::string name,
                       std::function<void(Duration)> crash,
                       std::function<void(Duration)> crash_at_publish)
    : environment_(environment),
      disk_(disk),
      node_(node),
      name_(std::move(name)),
      crash_(std::move(crash)),
      crash_at_publish_(std::move(crash_at_publish)),
      nobody_(environment.world) {}

/// From here to the store.
Duration DiskClient::travel() {
  const Disk::Counts& counts = disk_.counts(node_);
  Dice dice = environment_.dice(Deciding::kStore, node_, counts.appends, counts.reads);
  const Duration now = environment_.world.now();
  return environment_.faults.passes(kNodes + node_, kStorePlace, now) - now +
         dice.milliseconds(0, static_cast<std::uint64_t>(environment_.plan.store_ms_max)) +
         disk_.slowness();
}

void DiskClient::append(storage::Append append,
                        Executor& reply_to,
                        UniqueFunction<void(storage::AppendOutcome)> done) {
  const std::uint64_t n = ++disk_.counts(node_).appends;
  const Faults& faults = environment_.faults;
  if (const auto ms = faults.find(Act::kCrashBeforeAppend, node_, n)) {
    crash_(*ms);
    return;
  }
  if (const auto ms = faults.find(Act::kCrashInAppend, node_, n)) {
    append_late(std::move(append), n);
    crash_(*ms);
    return;
  }
  auto waiting = std::make_shared<Waiting>(Waiting{.reply_to = &reply_to, .done = std::move(done)});
  if (environment_.plan.bug == Bug::kAckBeforeCommit) {
    append_early_answered(std::move(append), waiting, n);
    return;
  }
  environment_.world.after(
      travel(),
      [this,
       alive = alive_,
       epoch = disk_.epoch(),
       disk = &disk_,
       environment = &environment_,
       wanted = std::move(append),
       waiting,
       n]() mutable {
        if (epoch != disk->epoch()) {
          return;
        }
        if (*alive) {
          carry_out(std::move(wanted), waiting, n);
        } else if (environment->plan.nodes > 1 && !environment->faults.healed() &&
                   environment->dice(Deciding::kStore, 2, n).chance(0.5)) {
          disk->append(std::move(wanted), [](const storage::AppendOutcome&) {});
        }
      });
  environment_.world.after(kAppendTimeout, [this, alive = alive_, waiting] {
    if (*alive) {
      answer_later(waiting, outcome(storage::AppendStatus::kUnknown));
    }
  });
}

// The process died while the append was on its way: the store may carry it out yet, even after the
// next process opened the document; not if there is one node, which has its store to itself.
void DiskClient::append_late(storage::Append append, std::uint64_t n) {
  Dice dice = environment_.dice(Deciding::kStore, 3, node_, n);
  if (dice.chance(0.3)) {
    return;
  }
  environment_.world.after(environment_.plan.nodes > 1 ? dice.milliseconds(0, 500) : Duration(0),
                           [disk = &disk_,
                            environment = &environment_,
                            epoch = disk_.epoch(),
                            wanted = std::move(append)]() mutable {
                             if (epoch == disk->epoch() && !environment->faults.healed()) {
                               disk->append(std::move(wanted),
                                            [](const storage::AppendOutcome&) {});
                             }
                           });
}

void DiskClient::carry_out(storage::Append append,
                           const std::shared_ptr<Waiting>& waiting,
                           std::uint64_t n) {
  const Faults& faults = environment_.faults;
  if (faults.find(Act::kAppendRefused, node_, n)) {
    answer_later(waiting, outcome(storage::AppendStatus::kRefused));
    return;
  }
  if (faults.find(Act::kAppendLost, node_, n)) {
    answer_later(waiting, outcome(storage::AppendStatus::kUnknown));
    return;
  }
  const storage::Append copy = append;
  append_again(copy, n);
  disk_.append(
      std::move(append),
      [this, alive = alive_, copy, waiting, n](const storage::AppendOutcome& result) mutable {
        if (!*alive) {
          return;
        }
        const Faults& still = environment_.faults;
        if (still.find(Act::kAppendUnknown, node_, n)) {
          answer_later(waiting, outcome(storage::AppendStatus::kUnknown));
          return;
        }
        const bool is_committed = result.status == storage::AppendStatus::kCommitted;
        if (const auto ms = still.find(Act::kCrashAfterAppend, node_, n); ms && is_committed) {
          crash_(*ms);
          return;
        }
        answer_later(waiting, result, [this, is_committed, append = std::move(copy), n] {
          if (!is_committed) {
            return;
          }
          note_commit(append);
          if (const auto ms = environment_.faults.find(Act::kCrashAtPublish, node_, n)) {
            crash_at_publish_(*ms);
          }
        });
      });
}

// Over the way back; `before` runs right before the answer. A second answer is dropped.
void DiskClient::answer_later(const std::shared_ptr<Waiting>& waiting,
                              const storage::AppendOutcome& outcome,
                              UniqueFunction<void()> before) {
  const Duration now = environment_.world.now();
  const Duration at = outcome.status == storage::AppendStatus::kUnknown
                          ? now
                          : environment_.faults.passes(kStorePlace, kNodes + node_, now);
  environment_.world.after(
      at - now, [this, alive = alive_, waiting, outcome, first = std::move(before)]() mutable {
        if (!*alive || !waiting->done) {
          return;
        }
        disk_.conflicts += outcome.status == storage::AppendStatus::kConflict ? 1 : 0;
        disk_.unknowns += outcome.status == storage::AppendStatus::kUnknown ? 1 : 0;
        waiting->reply_to->post([told = std::move(first),
                                 done = std::exchange(waiting->done, nullptr),
                                 outcome]() mutable {
          if (told) {
            told();
          }
          done(outcome);
        });
      });
}

void DiskClient::note_commit(const storage::Append& append) {
  for (const storage::Update& update : append.updates) {
    checker::Event event = event_of(checker::Kind::kCommit);
    event.rev = update.revision.value();
    event.author = update.client.value();
    event.seq = update.seq.value();
    event.hash = checker::short_hash(update.hash);
    environment_.history.node(name_, std::move(event));
  }
}

void DiskClient::note_load(Revision revision) {
  checker::Event event = event_of(checker::Kind::kLoad);
  event.rev = revision.value();
  environment_.history.node(name_, std::move(event));
}

// The planted bug of a store that repeats a transaction without looking whether it was committed.
void DiskClient::append_again(const storage::Append& append, std::uint64_t n) {
  if (environment_.plan.bug != Bug::kBlindRetry ||
      !environment_.dice(Deciding::kStore, 4, n).chance(0.05)) {
    return;
  }
  environment_.world.after(Duration(0), [disk = &disk_, again = append]() mutable {
    again.expected_head = again.updates.back().revision;
    storage::ChainHash hash = again.updates.back().hash;
    Revision revision = again.expected_head;
    for (storage::Update& update : again.updates) {
      revision = next(revision);
      update.revision = revision;
      document::link(update, hash);
      hash = update.hash;
    }
    disk->append(std::move(again), [](const storage::AppendOutcome&) {});
  });
}

void DiskClient::append_early_answered(storage::Append append,
                                       const std::shared_ptr<Waiting>& waiting,
                                       std::uint64_t n) {
  waiting->reply_to->post([done = std::move(waiting->done)]() mutable {
    done(outcome(storage::AppendStatus::kCommitted));
  });
  environment_.world.after(
      travel() + environment_.dice(Deciding::kStore, 5, n).milliseconds(0, 20),
      [this, alive = alive_, wanted = std::move(append)]() mutable {
        if (!*alive) {
          return;
        }
        const storage::Append copy = wanted;
        disk_.append(std::move(wanted), [this, alive, copy](const storage::AppendOutcome& result) {
          if (*alive && result.status == storage::AppendStatus::kCommitted) {
            note_commit(copy);
          }
        });
      });
}

// --- DiskClient: everything else ---

// Runs `carry_out` at the store after a while, as long as the process lives: its replies are of no
// use to anybody else.
template <class T>
void DiskClient::call(Executor& reply_to,
                      Completion<T> done,
                      UniqueFunction<void(Executor&, Completion<T>)> carry_out) {
  const std::uint64_t n = ++disk_.counts(node_).reads;
  const bool fails =
      environment_.faults.find(Act::kReadFails, node_, n).has_value() ||
      environment_.faults.passes(kStorePlace, kNodes + node_, environment_.world.now()) >
          environment_.world.now();
  environment_.world.after(
      travel(),
      [alive = alive_,
       fails,
       executor = &reply_to,
       answer = std::move(done),
       run = std::move(carry_out)]() mutable {
        if (!*alive) {
          return;
        }
        if (fails) {
          executor->post([call = std::move(answer)]() mutable { call(fail(down())); });
        } else {
          run(*executor, std::move(answer));
        }
      });
}

void DiskClient::open_document(DocumentId document,
                               Executor& reply_to,
                               Completion<storage::OpenedDocument> done) {
  call<storage::OpenedDocument>(
      reply_to,
      [this, answer = std::move(done)](Result<storage::OpenedDocument> opened) mutable {
        if (opened) {
          note_load(opened->info.head);
        }
        answer(std::move(opened));
      },
      [this, id = std::move(document)](Executor& executor,
                                       Completion<storage::OpenedDocument> answer) {
        disk_.store().open_document(id, executor, std::move(answer));
      });
}

void DiskClient::read_updates(DocumentId document,
                              Revision from,
                              Revision to,
                              storage::ReadBudget budget,
                              Executor& reply_to,
                              Completion<std::vector<storage::Update>> done) {
  call<std::vector<storage::Update>>(
      reply_to,
      [this, answer = std::move(done)](Result<std::vector<storage::Update>> updates) mutable {
        if (updates && !updates->empty()) {
          note_load(updates->back().revision);
        }
        answer(std::move(updates));
      },
      [this, id = std::move(document), from, to, budget](
          Executor& executor, Completion<std::vector<storage::Update>> answer) {
        disk_.store().read_updates(id, from, to, budget, executor, std::move(answer));
      });
}

void DiskClient::find_client(DocumentId document,
                             ClientId client,
                             Executor& reply_to,
                             Completion<std::optional<storage::ClientRecord>> done) {
  using Record = std::optional<storage::ClientRecord>;
  call<Record>(
      reply_to,
      [this, answer = std::move(done)](Result<Record> record) mutable {
        if (record && environment_.plan.bug == Bug::kForgetClients) {
          record->reset();
        }
        if (record && *record) {
          note_load((*record)->revision);
        }
        answer(std::move(record));
      },
      [this, id = std::move(document), wanted = std::move(client)](Executor& executor,
                                                                   Completion<Record> answer) {
        disk_.store().find_client(id, wanted, executor, std::move(answer));
      });
}

void DiskClient::write_snapshot(DocumentId document,
                                storage::Snapshot snapshot,
                                Executor& reply_to,
                                Completion<void> done) {
  const Revision revision = snapshot.revision;
  const checker::ShortHash state = checker::short_hash(
      sha256(as_bytes(to_canonical_json(parse_json(snapshot.content).value()))));
  call<void>(
      reply_to,
      [this, revision, state, answer = std::move(done)](Result<void> written) mutable {
        if (written) {
          checker::Event event = event_of(checker::Kind::kSnapshot);
          event.rev = revision.value();
          event.state = state;
          environment_.history.node(name_, std::move(event));
        }
        answer(std::move(written));
      },
      [this, id = std::move(document), wanted = std::move(snapshot)](
          Executor& executor, Completion<void> answer) mutable {
        disk_.store().write_snapshot(id, std::move(wanted), executor, std::move(answer));
      });
}

void DiskClient::read_snapshot(DocumentId document,
                               Revision revision,
                               Executor& reply_to,
                               Completion<storage::Snapshot> done) {
  call<storage::Snapshot>(reply_to,
                          std::move(done),
                          [this, id = std::move(document), revision](
                              Executor& executor, Completion<storage::Snapshot> answer) {
                            disk_.store().read_snapshot(id, revision, executor, std::move(answer));
                          });
}

}  // namespace cloudsync::simulation
