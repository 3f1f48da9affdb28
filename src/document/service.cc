#include "document/service.h"

#include "base/assert.h"
#include "base/log.h"
#include "document/service_impl.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {
namespace {

Error closed_error() {
  return {.code = ErrorCode::kUnavailable,
          .message = "the node is shutting down",
          .retry_after_ms = 1'000};
}

Error not_joined() {
  return {.code = ErrorCode::kNotJoined, .message = "join the document first"};
}

}  // namespace

// --- requests ---

void DocumentService::Impl::join(MemberId member, JoinRequest request, Completion<JoinReply> done) {
  if (closing_) {
    done(fail(closed_error()));
    return;
  }
  const DocumentId id = request.document;
  const Token token = ++last_token_;
  joins_.emplace(token, std::move(done));
  with_document(
      id, [this, member, token, join_request = std::move(request)](Result<Document*> document) {
        if (document) {
          (*document)->authority->join(token, member, join_request, deps_.clock.wall());
          return;
        }
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
      (*document)->authority->presence(member, shown, moment());
    }
  });
}

void DocumentService::Impl::leave(MemberId member,
                                  const DocumentId& document,
                                  Completion<void> done) {
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

void DocumentService::Impl::read(const DocumentId& id,
                                 std::optional<Revision> revision,
                                 Completion<DocumentContent> done) {
  if (closing_) {
    done(fail(closed_error()));
    return;
  }
  with_document(id, [this, revision, answer = std::move(done)](Result<Document*> document) mutable {
    if (!document) {
      answer(fail(document.error()));
      return;
    }
    DocumentAuthority& authority = *(*document)->authority;
    if (!is_shared() || (revision && *revision <= authority.head())) {
      read_open(**document, revision, std::move(answer));
      return;
    }
    const Token token = ++last_token_;
    refreshes_.emplace(
        token, [this, revision, call = std::move(answer)](Result<Document*> refreshed) mutable {
          if (refreshed) {
            read_open(**refreshed, revision, std::move(call));
          } else {
            call(fail(refreshed.error()));
          }
        });
    authority.refresh(token);
  });
}

void DocumentService::Impl::read_open(Document& document,
                                      std::optional<Revision> revision,
                                      Completion<DocumentContent> done) {
  DocumentAuthority& authority = *document.authority;
  if (!revision || *revision == authority.head()) {
    done(authority.content());
    return;
  }
  if (*revision > authority.head()) {
    done(fail(ErrorCode::kRevisionUnknown, "the document has not reached that revision"));
    return;
  }
  auto answer = std::make_shared<Completion<DocumentContent>>(std::move(done));
  const bool taken =
      content_reads_.read(authority.info(), *revision, [answer](Result<DocumentContent> content) {
        (*answer)(std::move(content));
      });
  if (!taken) {
    metrics_.count_limit("content_reads");
    (*answer)(fail({.code = ErrorCode::kOverloaded,
                    .message = "too many older revisions are being read",
                    .retry_after_ms = 1'000}));
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
  subscribe(*document);  // before it is read: what comes meanwhile is in what is read, or behind it
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
    unsubscribe(id);
    documents_.erase(id);
    for (Task& task : waiting) {
      task(fail(authority.error()));
    }
    finish_close_if_quiet();
    return;
  }
  document.authority = *std::move(authority);
  if (is_shared()) {
    document.authority->share_as(random_token(deps_.random, 8));
  }
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
    idle_bytes_ -= document.idle_bytes;
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
    document.idle_bytes = authority.content_bytes();
    idle_bytes_ += document.idle_bytes;
    evict_idle();  // may destroy `document`
  }
  finish_close_if_quiet();
}

void DocumentService::Impl::evict_idle() {
  const Limits& limits = deps_.limits;
  while (!idle_.empty()) {
    const bool too_many = idle_.size() > limits.idle_documents;
    if (!too_many && idle_bytes_ <= limits.idle_document_bytes) {
      return;
    }
    metrics_.count_limit(too_many ? "idle_documents" : "idle_document_bytes");
    const auto evicted = documents_.find(idle_.front());
    idle_bytes_ -= evicted->second->idle_bytes;
    unsubscribe(evicted->first);
    documents_.erase(evicted);
    idle_.pop_front();
    --open_count_;
    metrics_.count_documents(-1);
  }
}

// --- closing ---

void DocumentService::Impl::close(UniqueFunction<void()> done) {
  CS_ASSERT(!closing_, "a service closes once");
  closing_ = true;
  closed_ = std::move(done);
  std::vector<DocumentId> ids;  // use() may evict
  for (const auto& [id, document] : documents_) {
    ids.push_back(id);
  }
  for (const DocumentId& id : ids) {
    if (Document* document = find(id)) {
      use(*document);
    }
  }
  finish_close_if_quiet();
}

void DocumentService::Impl::finish_close_if_quiet() {
  if (!closing_ || !closed_ || !content_reads_.idle()) {
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

void DocumentService::disconnect(MemberId member, const DocumentId& document) {
  leave(member, document, [](const Result<void>& /*left*/) {});
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
