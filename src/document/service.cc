#include "document/service.h"

#include "base/assert.h"
#include "base/log.h"
#include "document/authority.h"
#include "document/content_reader.h"
#include "document/service_metrics.h"

#include <algorithm>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

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

Error closed_error() {
  return {.code = ErrorCode::kUnavailable,
          .message = "the node is shutting down",
          .retry_after_ms = 1'000};
}

Error not_joined() {
  return {.code = ErrorCode::kNotJoined, .message = "join the document first"};
}

}  // namespace

class DocumentService::Impl {
 public:
  explicit Impl(ServiceDependencies dependencies)
      : deps_(std::move(dependencies)), metrics_(deps_.metrics) {}

  ~Impl() {
    *alive_ = false;
    metrics_.count_documents(-open_count_);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Runs `task` on the executor, unless this is gone by then: the way in of every call and of
  /// every answer of a store.
  template <class Task>
  void post(Task task) {
    deps_.executor.post(guard(std::move(task)));
  }

  void join(MemberId member, JoinRequest request, Completion<JoinReply> done);
  void submit(MemberId member, Submission submission, Completion<Revision> done);
  void fetch(MemberId member, FetchRequest request, Completion<FetchReply> done);
  void presence(MemberId member, PresenceUpdate update);
  void leave(MemberId member, const DocumentId& document, Completion<void> done);
  void disconnect(MemberId member);
  void read(const DocumentId& document,
            std::optional<Revision> revision,
            Completion<DocumentContent> done);
  void close(UniqueFunction<void()> done);

 private:
  struct Document;
  /// What to do with a document once it is open; or why it could not be opened.
  using Task = UniqueFunction<void(Result<Document*>)>;

  struct Document {
    DocumentId id;
    std::uint64_t generation = 0;                  ///< tells it from an earlier one of the same id
    std::unique_ptr<DocumentAuthority> authority;  ///< null while it is being opened
    std::vector<Task> waiting;                     ///< for the opening
    std::vector<ReadEffect> parked;                ///< failed reads that wait for the next request
    std::optional<std::list<DocumentId>::iterator> idle;  ///< its place in idle_
  };

  struct PendingSubmit {
    Completion<Revision> done;
    TimePoint since;
  };

  template <class F>
  auto guard(F function) {
    return [alive = alive_, call = std::move(function)](auto&&... args) mutable {
      if (*alive) {
        call(std::forward<decltype(args)>(args)...);
      }
    };
  }

  Moment moment() { return {.now = deps_.clock.wall(), .random = deps_.random}; }

  Document* find(const DocumentId& id);
  Document* find(const DocumentId& id, std::uint64_t generation);
  void with_document(const DocumentId& id, Task task);
  void with_open_document(const DocumentId& id, Task task);
  void open(const DocumentId& id);
  void on_opened(const DocumentId& id, Result<storage::OpenedDocument> opened);
  void use(Document& document);
  void settle(Document& document);
  void evict_idle();
  void forget_membership(MemberId member, const DocumentId& document);

  void run_effects(Document& document);
  void carry_out(Document& document, AppendEffect& effect);
  void carry_out(Document& document, ReadEffect& effect);
  void carry_out(Document& document, FindClientEffect& effect);
  void carry_out(Document& document, SnapshotEffect& effect);
  void carry_out(Document& document, DeliverEffect& effect);
  void carry_out(Document& document, SupersedeEffect& effect);
  void carry_out(Document& document, JoinAnswer& answer);
  void carry_out(Document& document, SubmitAnswer& answer);
  void carry_out(Document& document, FetchAnswer& answer);
  void carry_out(Document& document, LimitEffect& effect);
  void carry_out(Document& document, BrokenEffect& effect);
  void read_log(Document& document, const ReadEffect& effect);
  void finish_close_if_quiet();

  ServiceDependencies deps_;
  ServiceMetrics metrics_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  std::unordered_map<DocumentId, std::unique_ptr<Document>> documents_;
  std::uint64_t last_generation_ = 0;
  int open_count_ = 0;
  std::list<DocumentId> idle_;  // quiet and without members, longest idle first
  std::map<MemberId, std::set<DocumentId>> memberships_;  // joined or joining

  Token last_token_ = 0;
  std::map<Token, Completion<JoinReply>> joins_;
  std::map<Token, PendingSubmit> submits_;
  std::map<Token, Completion<FetchReply>> fetches_;

  bool closing_ = false;
  UniqueFunction<void()> closed_;
};

// --- requests ---

void DocumentService::Impl::join(MemberId member, JoinRequest request, Completion<JoinReply> done) {
  if (closing_) {
    done(fail(closed_error()));
    return;
  }
  const DocumentId id = request.document;
  memberships_[member].insert(id);
  const Token token = ++last_token_;
  joins_.emplace(token, std::move(done));
  with_document(
      id, [this, member, token, id, join_request = std::move(request)](Result<Document*> document) {
        if (document) {
          (*document)->authority->join(token, member, join_request, deps_.clock.wall());
          return;
        }
        forget_membership(member, id);
        const auto waiting = joins_.find(token);
        Completion<JoinReply> answer = std::move(waiting->second);
        joins_.erase(waiting);
        answer(fail(document.error()));
      });
}

void DocumentService::Impl::submit(MemberId member,
                                   Submission submission,
                                   Completion<Revision> done) {
  if (closing_) {
    metrics_.count_refused(ErrorCode::kUnavailable);
    done(fail(closed_error()));
    return;
  }
  const DocumentId id = submission.document;
  const Token token = ++last_token_;
  submits_.emplace(token, PendingSubmit{.done = std::move(done), .since = deps_.clock.now()});
  with_open_document(
      id, [this, member, token, sent = std::move(submission)](Result<Document*> document) {
        if (document) {
          (*document)->authority->submit(token, member, sent, moment());
          return;
        }
        const auto waiting = submits_.find(token);
        Completion<Revision> answer = std::move(waiting->second.done);
        submits_.erase(waiting);
        metrics_.count_refused(document.error().code);
        answer(fail(document.error()));
      });
}

void DocumentService::Impl::fetch(MemberId member,
                                  FetchRequest request,
                                  Completion<FetchReply> done) {
  if (closing_) {
    done(fail(closed_error()));
    return;
  }
  const DocumentId id = request.document;
  const Token token = ++last_token_;
  fetches_.emplace(token, std::move(done));
  with_open_document(
      id, [this, member, token, wanted = std::move(request)](Result<Document*> document) {
        if (document) {
          (*document)->authority->fetch(token, member, wanted);
          return;
        }
        const auto waiting = fetches_.find(token);
        Completion<FetchReply> answer = std::move(waiting->second);
        fetches_.erase(waiting);
        answer(fail(document.error()));
      });
}

void DocumentService::Impl::presence(MemberId member, PresenceUpdate update) {
  const DocumentId id = update.document;
  with_open_document(id, [this, member, shown = std::move(update)](Result<Document*> document) {
    if (document) {
      (*document)->authority->presence(member, shown, deps_.clock.wall());
    }
  });
}

void DocumentService::Impl::leave(MemberId member,
                                  const DocumentId& document,
                                  Completion<void> done) {
  forget_membership(member, document);
  auto answer = std::make_shared<Completion<void>>(std::move(done));
  with_open_document(document, [this, member, answer](Result<Document*> opened) {
    const bool left = opened && (*opened)->authority->leave(member, deps_.clock.wall());
    if (left) {
      (*answer)({});
    } else {
      (*answer)(fail(not_joined()));
    }
  });
}

void DocumentService::Impl::disconnect(MemberId member) {
  const auto found = memberships_.find(member);
  if (found == memberships_.end()) {
    return;
  }
  const std::set<DocumentId> documents = std::move(found->second);
  memberships_.erase(found);
  for (const DocumentId& id : documents) {
    with_open_document(id, [this, member](Result<Document*> document) {
      if (document) {
        (*document)->authority->leave(member, deps_.clock.wall());
      }
    });
  }
}

void DocumentService::Impl::read(const DocumentId& id,
                                 std::optional<Revision> revision,
                                 Completion<DocumentContent> done) {
  if (closing_) {
    done(fail(closed_error()));
    return;
  }
  auto answer = std::make_shared<Completion<DocumentContent>>(std::move(done));
  with_document(id, [this, revision, answer](Result<Document*> document) {
    if (!document) {
      (*answer)(fail(document.error()));
      return;
    }
    DocumentAuthority& authority = *(*document)->authority;
    if (!revision || *revision == authority.head()) {
      (*answer)(authority.content());
    } else if (*revision > authority.head()) {
      (*answer)(fail(ErrorCode::kRevisionUnknown, "the document has not reached that revision"));
    } else {
      ContentReader::read(deps_.ops,
                          deps_.snapshots,
                          deps_.executor,
                          authority.info(),
                          *revision,
                          std::move(*answer));
    }
  });
}

void DocumentService::Impl::forget_membership(MemberId member, const DocumentId& document) {
  const auto found = memberships_.find(member);
  if (found != memberships_.end()) {
    found->second.erase(document);
    if (found->second.empty()) {
      memberships_.erase(found);
    }
  }
}

// --- documents ---

DocumentService::Impl::Document* DocumentService::Impl::find(const DocumentId& id) {
  const auto found = documents_.find(id);
  return found == documents_.end() ? nullptr : found->second.get();
}

// The document that a store's answer was meant for, if it is still the same one.
DocumentService::Impl::Document* DocumentService::Impl::find(const DocumentId& id,
                                                             std::uint64_t generation) {
  Document* document = find(id);
  return document != nullptr && document->generation == generation ? document : nullptr;
}

// Runs the task on the document, after opening it if need be.
void DocumentService::Impl::with_document(const DocumentId& id, Task task) {
  Document* document = find(id);
  if (document == nullptr) {
    open(id);
    document = find(id);
  }
  if (document->authority == nullptr) {
    document->waiting.push_back(std::move(task));
    return;
  }
  use(*document);
  task(document);
  settle(*document);
}

// Like with_document for requests that only a member can make: a closed document has none.
void DocumentService::Impl::with_open_document(const DocumentId& id, Task task) {
  if (find(id) == nullptr) {
    task(fail(not_joined()));
    return;
  }
  with_document(id, std::move(task));
}

void DocumentService::Impl::open(const DocumentId& id) {
  auto document = std::make_unique<Document>();
  document->id = id;
  document->generation = ++last_generation_;
  documents_.emplace(id, std::move(document));
  deps_.ops.open_document(
      id, deps_.executor, guard([this, id](Result<storage::OpenedDocument> opened) {
        on_opened(id, std::move(opened));
      }));
}

void DocumentService::Impl::on_opened(const DocumentId& id,
                                      Result<storage::OpenedDocument> opened) {
  Document& document = *find(id);
  auto authority = opened ? DocumentAuthority::open(*std::move(opened), deps_.limits)
                          : fail(std::move(opened).error());
  std::vector<Task> waiting = std::exchange(document.waiting, {});
  if (!authority) {
    if (authority.error().code == ErrorCode::kInternal) {
      log_error("document_open_failed",
                {{"document", id.value()}, {"reason", authority.error().message}});
    }
    documents_.erase(id);
    for (Task& task : waiting) {
      task(fail(authority.error()));
    }
    finish_close_if_quiet();
    return;
  }
  document.authority = *std::move(authority);
  ++open_count_;
  metrics_.count_documents(1);
  for (Task& task : waiting) {
    task(&document);
    run_effects(document);
  }
  settle(document);
}

// The document is needed: it is no longer idle, and reads that wait for that are tried again.
void DocumentService::Impl::use(Document& document) {
  if (document.idle) {
    idle_.erase(*document.idle);
    document.idle.reset();
  }
  for (const ReadEffect& effect : std::exchange(document.parked, {})) {
    read_log(document, effect);
  }
}

// After every call of the authority: carries out what it asks for.
void DocumentService::Impl::settle(Document& document) {
  run_effects(document);
  const DocumentAuthority& authority = *document.authority;
  if (!document.idle && !authority.has_members() && authority.is_quiet()) {
    document.idle = idle_.insert(idle_.end(), document.id);
    evict_idle();  // may destroy `document`
  }
  finish_close_if_quiet();
}

void DocumentService::Impl::evict_idle() {
  while (idle_.size() > deps_.limits.idle_documents) {
    documents_.erase(idle_.front());
    idle_.pop_front();
    --open_count_;
    metrics_.count_documents(-1);
  }
}

// --- effects ---

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
  deps_.snapshots.write_snapshot(
      document.id,
      std::move(effect.snapshot),
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

void DocumentService::Impl::carry_out(Document& /*document*/, DeliverEffect& effect) {
  deps_.sink.deliver(effect.loop, std::move(effect.frame));
}

void DocumentService::Impl::carry_out(Document& document, SupersedeEffect& effect) {
  forget_membership(effect.member, document.id);
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

void DocumentService::Impl::carry_out(Document& /*document*/, LimitEffect& effect) {
  metrics_.count_limit(effect.name);
}

void DocumentService::Impl::carry_out(Document& document, BrokenEffect& effect) {
  log_error("document_broken", {{"document", document.id.value()}, {"reason", effect.why}});
}

// --- closing ---

void DocumentService::Impl::close(UniqueFunction<void()> done) {
  CS_ASSERT(!closing_, "a service closes once");
  closing_ = true;
  closed_ = std::move(done);
  for (auto& [id, document] : documents_) {
    use(*document);
  }
  finish_close_if_quiet();
}

void DocumentService::Impl::finish_close_if_quiet() {
  if (!closing_ || !closed_) {
    return;
  }
  for (const auto& [id, document] : documents_) {
    if (document->authority == nullptr || !document->authority->is_quiet()) {
      return;
    }
  }
  auto done = std::exchange(closed_, nullptr);
  done();
}

// --- the way in: everything runs as a task of the executor, so that no completion comes before its
// call returned, and calls keep their order ---

DocumentService::DocumentService(ServiceDependencies dependencies)
    : impl_(std::make_unique<Impl>(std::move(dependencies))) {}

DocumentService::~DocumentService() = default;

void DocumentService::join(MemberId member, JoinRequest request, Completion<JoinReply> done) {
  impl_->post([impl = impl_.get(),
               member,
               wanted = std::move(request),
               answer = std::move(done)]() mutable {
    impl->join(member, std::move(wanted), std::move(answer));
  });
}

void DocumentService::submit(MemberId member, Submission submission, Completion<Revision> done) {
  impl_->post([impl = impl_.get(),
               member,
               wanted = std::move(submission),
               answer = std::move(done)]() mutable {
    impl->submit(member, std::move(wanted), std::move(answer));
  });
}

void DocumentService::fetch(MemberId member, FetchRequest request, Completion<FetchReply> done) {
  impl_->post([impl = impl_.get(),
               member,
               wanted = std::move(request),
               answer = std::move(done)]() mutable {
    impl->fetch(member, std::move(wanted), std::move(answer));
  });
}

void DocumentService::presence(MemberId member, PresenceUpdate update) {
  impl_->post([impl = impl_.get(), member, wanted = std::move(update)]() mutable {
    impl->presence(member, std::move(wanted));
  });
}

void DocumentService::leave(MemberId member, const DocumentId& document, Completion<void> done) {
  impl_->post([impl = impl_.get(), member, document, answer = std::move(done)]() mutable {
    impl->leave(member, document, std::move(answer));
  });
}

void DocumentService::disconnect(MemberId member) {
  impl_->post([impl = impl_.get(), member] { impl->disconnect(member); });
}

void DocumentService::read(const DocumentId& document,
                           std::optional<Revision> revision,
                           Completion<DocumentContent> done) {
  impl_->post([impl = impl_.get(), document, revision, answer = std::move(done)]() mutable {
    impl->read(document, revision, std::move(answer));
  });
}

void DocumentService::close(UniqueFunction<void()> done) {
  impl_->post(
      [impl = impl_.get(), answer = std::move(done)]() mutable { impl->close(std::move(answer)); });
}

}  // namespace cloudsync::document
