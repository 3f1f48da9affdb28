// DocumentService: carries out what the authorities ask for.

#include "base/crash_point.h"
#include "base/log.h"
#include "document/publication.h"
#include "document/service_impl.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {
namespace {

/// A failed read of the log is tried this often without a wait if there is no timer.
constexpr std::uint32_t kImmediateAttempts = 3;
/// Attempts after close() until the outcome of an append is given up.
constexpr std::uint32_t kClosingAttempts = 5;

/// 100 ms, doubled with each attempt up to 3.2 s.
Duration retry_delay(std::uint32_t attempt) {
  return std::chrono::milliseconds(100) * (1U << std::min(attempt - 1, 5U));
}

}  // namespace

void DocumentService::Impl::run_effects(Document& document) {
  for (Effect& effect : document.authority->take_effects()) {
    std::visit([this, &document](auto& wanted) { carry_out(document, wanted); }, effect);
  }
}

void DocumentService::Impl::carry_out(Document& document, AppendEffect& effect) {
  deps_.ops.append(std::move(effect.append),
                   deps_.executor,
                   guard([this, id = document.id, generation = document.generation](
                             const storage::AppendOutcome& outcome) {
                     CS_CRASH_POINT("before_publish");
                     if (outcome.status != storage::AppendStatus::kCommitted) {
                       log_warning("append_not_committed",
                                   {{"document", id.value()},
                                    {"status", static_cast<int>(outcome.status)},
                                    {"reason", outcome.reason}});
                     }
                     if (Document* found = find(id, generation)) {
                       found->authority->on_append(outcome, moment());
                       settle(*found);
                     }
                   }));
}

void DocumentService::Impl::carry_out(Document& document, ReadEffect& effect) {
  if (effect.attempt == 0) {
    read_log(document, effect);
    return;
  }
  if (closing_ && effect.attempt >= kClosingAttempts) {
    log_error("append_outcome_given_up", {{"document", document.id.value()}});
    document.authority->abandon();
    run_effects(document);
    return;
  }
  if (deps_.run_after) {
    deps_.run_after(retry_delay(effect.attempt),
                    guard([this, id = document.id, generation = document.generation, effect] {
                      if (Document* found = find(id, generation)) {
                        read_log(*found, effect);
                      }
                    }));
  } else if (closing_ || effect.attempt <= kImmediateAttempts) {
    read_log(document, effect);
  } else {
    document.parked.push_back(effect);
  }
}

void DocumentService::Impl::carry_out(Document& document, ContinueEffect& /*effect*/) {
  continuing_.emplace_back(document.id, document.generation);
  if (continuing_.size() == 1) {
    post([this] { continue_one(); });
  }
}

void DocumentService::Impl::carry_out(Document& document, WindowEffect& effect) {
  auto open = guard([this, id = document.id, generation = document.generation, effect] {
    if (Document* found = find(id, generation)) {
      found->authority->on_window(effect.window, moment());
      settle(*found);
    }
  });
  if (deps_.run_after) {
    deps_.run_after(effect.wait, std::move(open));
  } else {
    deps_.executor.post(std::move(open));
  }
}

void DocumentService::Impl::continue_one() {
  const auto [id, generation] = continuing_.front();
  if (Document* found = find(id, generation)) {
    found->authority->go_on(moment());
    settle(*found);
  }
  // Behind the slice: what it adds to the queue must not post a second time.
  continuing_.pop_front();
  if (!continuing_.empty()) {
    post([this] { continue_one(); });
  }
}

void DocumentService::Impl::read_log(Document& document, const ReadEffect& effect) {
  deps_.ops.read_updates(
      document.id,
      effect.from,
      effect.to,
      effect.budget,
      deps_.executor,
      guard([this, id = document.id, generation = document.generation, token = effect.token](
                Result<std::vector<storage::Update>> updates) {
        if (Document* found = find(id, generation)) {
          found->authority->on_updates(token, std::move(updates), moment());
          settle(*found);
        }
      }));
}

void DocumentService::Impl::carry_out(Document& document, FindClientEffect& effect) {
  deps_.ops.find_client(
      document.id,
      effect.client,
      deps_.executor,
      guard([this, id = document.id, generation = document.generation, client = effect.client](
                Result<std::optional<storage::ClientRecord>> record) {
        if (Document* found = find(id, generation)) {
          found->authority->on_client(client, std::move(record), deps_.clock.wall());
          settle(*found);
        }
      }));
}

void DocumentService::Impl::carry_out(Document& document, SnapshotEffect& effect) {
  auto write =
      guard([this, id = document.id, generation = document.generation](storage::Snapshot snapshot) {
        if (Document* found = find(id, generation)) {
          write_snapshot(*found, std::move(snapshot));
        }
      });
  // The document's copy shares its memory with the one that goes on being changed here.
  deps_.workers.post(
      [&executor = deps_.executor, made = std::move(effect), done = std::move(write)]() mutable {
        storage::Snapshot snapshot{.revision = made.revision,
                                   .content = to_json(ot::content(made.content)),
                                   .hash = made.hash};
        executor.post([done = std::move(done), written = std::move(snapshot)]() mutable {
          done(std::move(written));
        });
      });
}

void DocumentService::Impl::write_snapshot(Document& document, storage::Snapshot snapshot) {
  deps_.snapshots.write_snapshot(
      document.id,
      std::move(snapshot),
      deps_.executor,
      guard(
          [this, id = document.id, generation = document.generation](const Result<void>& written) {
            if (!written) {
              log_warning("snapshot_not_written",
                          {{"document", id.value()}, {"reason", written.error().message}});
            }
            if (Document* found = find(id, generation)) {
              found->authority->on_snapshot();
              settle(*found);
            }
          }));
}

void DocumentService::Impl::carry_out(Document& document, PublishEffect& effect) {
  if (deps_.pubsub != nullptr) {
    deps_.pubsub->publish(publication_topic(document.id),
                          share(encode_publication(effect.updates)));
  }
}

void DocumentService::Impl::carry_out(Document& document, RosterEffect& effect) {
  if (tells_presence()) {
    deps_.pubsub->publish(roster_topic(document.id), share(encode_roster(effect.roster)));
  }
}

void DocumentService::Impl::carry_out(Document& /*document*/, DeliverEffect& effect) {
  deps_.sink.deliver(effect.loop, std::move(effect.frame));
  CS_CRASH_POINT("after_publish");
}

void DocumentService::Impl::carry_out(Document& /*document*/, SupersedeEffect& effect) {
  deps_.sink.supersede(effect.member);
}

void DocumentService::Impl::carry_out(Document& /*document*/, JoinAnswer& answer) {
  const auto waiting = joins_.find(answer.token);
  CS_ASSERT(waiting != joins_.end(), "a join is answered once");
  Completion<JoinReply> done = std::move(waiting->second);
  joins_.erase(waiting);
  done(std::move(answer.reply));
}

void DocumentService::Impl::carry_out(Document& /*document*/, SubmitAnswer& answer) {
  const auto waiting = submits_.find(answer.token);
  CS_ASSERT(waiting != submits_.end(), "a submission is answered once");
  PendingSubmit submit = std::move(waiting->second);
  submits_.erase(waiting);
  CS_CRASH_POINT("before_ack");
  if (!answer.reply) {
    metrics_.count_refused(answer.reply.error().code);
  } else if (answer.duplicate) {
    metrics_.count_duplicate();
  } else {
    metrics_.count_committed();
    metrics_.observe_ack(std::chrono::duration<double>(deps_.clock.now() - submit.since).count());
  }
  submit.done(std::move(answer.reply));
}

void DocumentService::Impl::carry_out(Document& /*document*/, FetchAnswer& answer) {
  const auto waiting = fetches_.find(answer.token);
  CS_ASSERT(waiting != fetches_.end(), "a fetch is answered once");
  Completion<FetchReply> done = std::move(waiting->second);
  fetches_.erase(waiting);
  done(std::move(answer.reply));
}

void DocumentService::Impl::carry_out(Document& document, RefreshAnswer& answer) {
  auto waiting = refreshes_.extract(answer.token);
  CS_ASSERT(!waiting.empty(), "a refresh is answered once");
  waiting.mapped()(answer.reply ? Result<Document*>(&document) : fail(answer.reply.error()));
}

void DocumentService::Impl::carry_out(Document& /*document*/, MissedEffect& effect) {
  metrics_.count_missed(effect.updates);
}

void DocumentService::Impl::carry_out(Document& /*document*/, LimitEffect& effect) {
  metrics_.count_limit(effect.name);
}

void DocumentService::Impl::carry_out(Document& document, BrokenEffect& effect) {
  log_error("document_broken", {{"document", document.id.value()}, {"reason", effect.why}});
}

}  // namespace cloudsync::document
