#include "faulty_store.h"

#include "document/chain.h"

#include <utility>

namespace cloudsync::simulation {
namespace {

Error down() {
  return {.code = ErrorCode::kUnavailable, .message = "simulated"};
}

/// Answers through an executor that may be gone by then: the reference is used while its process
/// lives.
template <class T>
void answer_failed(Executor& reply_to, Completion<T> done) {
  reply_to.post([answer = std::move(done)]() mutable { answer(fail(down())); });
}

}  // namespace

FaultyStore::FaultyStore(World& world, const Plan& plan)
    : world_(world), plan_(plan), nobody_(world) {
  disk_.set_append_faults([this](const storage::Append&) {
    if (healed_) {
      return storage::AppendFault::kNone;
    }
    if (world_.chance(plan_.append_unknown)) {
      return world_.chance(0.5) ? storage::AppendFault::kCommitThenUnknown
                                : storage::AppendFault::kDropThenUnknown;
    }
    return world_.chance(plan_.append_refused) ? storage::AppendFault::kRefuse
                                               : storage::AppendFault::kNone;
  });
}

void FaultyStore::later(UniqueFunction<void()> call) {
  world_.after(delay(), [this, process = process_, run = std::move(call)]() mutable {
    if (process == process_) {
      run();
    }
  });
}

void FaultyStore::append(storage::Append append,
                         Executor& reply_to,
                         UniqueFunction<void(storage::AppendOutcome)> done) {
  if (plan_.bug == Bug::kAckBeforeCommit) {
    append_early_answered(std::move(append), reply_to, std::move(done));
    return;
  }
  world_.after(delay(),
               [this,
                process = process_,
                wanted = std::move(append),
                executor = &reply_to,
                answer = std::move(done)]() mutable {
                 if (process == process_) {
                   const storage::Append copy = wanted;
                   disk_.append(
                       std::move(wanted),
                       *executor,
                       [this, call = std::move(answer)](storage::AppendOutcome outcome) mutable {
                         count(outcome.status);
                         call(std::move(outcome));
                       });
                   append_again(copy);
                   return;
                 }
                 append_late(std::move(wanted));
               });
}

// The process died while the append was on its way: the disk may carry it out yet, even after the
// next process opened the document.
void FaultyStore::append_late(storage::Append append) {
  if (world_.chance(0.5)) {
    return;
  }
  world_.after(world_.milliseconds(0, 500), [this, wanted = std::move(append)]() mutable {
    disk_.append(std::move(wanted), nobody_, [](const storage::AppendOutcome&) {});
  });
}

void FaultyStore::count(storage::AppendStatus status) {
  conflicts_ += status == storage::AppendStatus::kConflict ? 1 : 0;
  unknowns_ += status == storage::AppendStatus::kUnknown ? 1 : 0;
}

// The planted bug of a store that repeats a transaction without looking whether it was committed.
void FaultyStore::append_again(const storage::Append& append) {
  if (plan_.bug != Bug::kBlindRetry || !world_.chance(0.05)) {
    return;
  }
  storage::Append again = append;
  again.expected_head = append.updates.back().revision;
  storage::ChainHash hash = append.updates.back().hash;
  Revision revision = again.expected_head;
  for (storage::Update& update : again.updates) {
    revision = next(revision);
    update.revision = revision;
    document::link(update, hash);
    hash = update.hash;
  }
  disk_.append(std::move(again), nobody_, [](const storage::AppendOutcome&) {});
}

void FaultyStore::append_early_answered(storage::Append append,
                                        Executor& reply_to,
                                        UniqueFunction<void(storage::AppendOutcome)> done) {
  reply_to.post([answer = std::move(done)]() mutable {
    answer({.status = storage::AppendStatus::kCommitted, .reason = {}});
  });
  later([this, wanted = std::move(append)]() mutable {
    disk_.append(std::move(wanted), nobody_, [](const storage::AppendOutcome&) {});
  });
}

void FaultyStore::open_document(DocumentId document,
                                Executor& reply_to,
                                Completion<storage::OpenedDocument> done) {
  later([this, id = std::move(document), executor = &reply_to, answer = std::move(done)]() mutable {
    if (fails()) {
      answer_failed(*executor, std::move(answer));
    } else {
      disk_.open_document(std::move(id), *executor, std::move(answer));
    }
  });
}

void FaultyStore::read_updates(DocumentId document,
                               Revision from,
                               Revision to,
                               storage::ReadBudget budget,
                               Executor& reply_to,
                               Completion<std::vector<storage::Update>> done) {
  later([this,
         id = std::move(document),
         from,
         to,
         budget,
         executor = &reply_to,
         answer = std::move(done)]() mutable {
    if (fails()) {
      answer_failed(*executor, std::move(answer));
    } else {
      disk_.read_updates(std::move(id), from, to, budget, *executor, std::move(answer));
    }
  });
}

void FaultyStore::find_client(DocumentId document,
                              ClientId client,
                              Executor& reply_to,
                              Completion<std::optional<storage::ClientRecord>> done) {
  later([this,
         id = std::move(document),
         wanted = std::move(client),
         executor = &reply_to,
         answer = std::move(done)]() mutable {
    if (fails()) {
      answer_failed(*executor, std::move(answer));
    } else if (plan_.bug == Bug::kForgetClients) {
      executor->post([call = std::move(answer)]() mutable {
        const Result<std::optional<storage::ClientRecord>> nobody{std::in_place};
        call(nobody);
      });
    } else {
      disk_.find_client(std::move(id), std::move(wanted), *executor, std::move(answer));
    }
  });
}

void FaultyStore::write_snapshot(DocumentId document,
                                 storage::Snapshot snapshot,
                                 Executor& reply_to,
                                 Completion<void> done) {
  later([this,
         id = std::move(document),
         wanted = std::move(snapshot),
         executor = &reply_to,
         answer = std::move(done)]() mutable {
    if (fails()) {
      answer_failed(*executor, std::move(answer));
    } else {
      disk_.write_snapshot(std::move(id), std::move(wanted), *executor, std::move(answer));
    }
  });
}

void FaultyStore::read_snapshot(DocumentId document,
                                Revision revision,
                                Executor& reply_to,
                                Completion<storage::Snapshot> done) {
  disk_.read_snapshot(std::move(document), revision, reply_to, std::move(done));
}

}  // namespace cloudsync::simulation
