#include "storage/memory/memory_store.h"

#include "storage/answer.h"
#include "storage/append_rules.h"
#include "storage/snapshot_retention.h"

#include <algorithm>

namespace cloudsync::storage {
namespace {

AppendOutcome outcome(AppendStatus status, std::string reason) {
  return {.status = status, .reason = std::move(reason)};
}

}  // namespace

void MemoryStore::set_append_faults(FaultPlan plan) {
  const std::lock_guard lock(mutex_);
  fault_plan_ = std::move(plan);
}

void MemoryStore::set_unavailable(bool unavailable) {
  const std::lock_guard lock(mutex_);
  unavailable_ = unavailable;
}

void MemoryStore::append(Append append,
                         Executor& reply_to,
                         UniqueFunction<void(AppendOutcome)> done) {
  const std::lock_guard lock(mutex_);
  answer(reply_to, std::move(done), append_locked(append));
}

AppendOutcome MemoryStore::append_locked(Append& append) {
  switch (fault_plan_ ? fault_plan_(append) : AppendFault::kNone) {
    case AppendFault::kNone:
      return commit(append);
    case AppendFault::kCommitThenUnknown:
      commit(append);
      return outcome(AppendStatus::kUnknown, "injected: the answer was lost");
    case AppendFault::kDropThenUnknown:
      return outcome(AppendStatus::kUnknown, "injected: the request was lost");
    case AppendFault::kRefuse:
      return outcome(AppendStatus::kRefused, "injected: refused");
  }
  return outcome(AppendStatus::kRefused, "unknown fault");
}

AppendOutcome MemoryStore::commit(Append& append) {
  if (auto malformation = find_malformation(append)) {
    return outcome(AppendStatus::kRefused, *std::move(malformation));
  }
  const auto found = documents_.find(append.document);
  if (found == documents_.end()) {
    return outcome(AppendStatus::kRefused, "no such document");
  }
  Document& document = found->second;
  if (document.info.head != append.expected_head ||
      document.info.head_hash != append.updates.front().prev_hash) {
    return outcome(AppendStatus::kConflict, "the head is another");
  }
  const Update& last = append.updates.back();
  document.info.head = last.revision;
  document.info.head_hash = last.hash;
  document.info.updated_at = last.created_at;
  std::move(append.updates.begin(), append.updates.end(), std::back_inserter(document.log));
  for (ClientRecord& client : append.clients) {
    document.clients.insert_or_assign(client.client, client);
  }
  return {.status = AppendStatus::kCommitted, .reason = {}};
}

Result<MemoryStore::Document*> MemoryStore::find(const DocumentId& document) {
  if (unavailable_) {
    return fail(ErrorCode::kUnavailable, "the store is unavailable");
  }
  const auto found = documents_.find(document);
  if (found == documents_.end()) {
    return fail(ErrorCode::kNotFound, "no such document");
  }
  return &found->second;
}

void MemoryStore::open_document(DocumentId document,
                                Executor& reply_to,
                                Completion<OpenedDocument> done) {
  const std::lock_guard lock(mutex_);
  answer(reply_to, std::move(done), open(document));
}

Result<OpenedDocument> MemoryStore::open(const DocumentId& document) {
  CS_TRY_ASSIGN(Document * found, find(document));
  const Snapshot& newest = found->snapshots.rbegin()->second;
  const auto tail = found->log.begin() + static_cast<std::ptrdiff_t>(newest.revision.value());
  return OpenedDocument{.info = found->info, .snapshot = newest, .tail = {tail, found->log.end()}};
}

void MemoryStore::read_updates(DocumentId document,
                               Revision from,
                               Revision to,
                               ReadBudget budget,
                               Executor& reply_to,
                               Completion<std::vector<Update>> done) {
  const std::lock_guard lock(mutex_);
  answer(reply_to, std::move(done), read(document, from, to, budget));
}

Result<std::vector<Update>> MemoryStore::read(const DocumentId& document,
                                              Revision from,
                                              Revision to,
                                              ReadBudget budget) {
  CS_TRY_ASSIGN(Document * found, find(document));
  std::vector<Update> updates;
  std::size_t bytes = 0;
  const std::uint64_t last = std::min(to, found->info.head).value();
  for (std::uint64_t revision = std::max<std::uint64_t>(from.value(), 1); revision <= last;
       ++revision) {
    const Update& update = found->log[revision - 1];
    bytes += update.op.size();
    if (!updates.empty() && (updates.size() >= budget.updates || bytes > budget.bytes)) {
      break;
    }
    updates.push_back(update);
  }
  return updates;
}

void MemoryStore::find_client(DocumentId document,
                              ClientId client,
                              Executor& reply_to,
                              Completion<std::optional<ClientRecord>> done) {
  const std::lock_guard lock(mutex_);
  Result<std::optional<ClientRecord>> found = std::optional<ClientRecord>();
  if (unavailable_) {
    found = fail(ErrorCode::kUnavailable, "the store is unavailable");
  } else if (const auto owner = documents_.find(document); owner != documents_.end()) {
    const auto record = owner->second.clients.find(client);
    if (record != owner->second.clients.end()) {
      found = std::optional(record->second);
    }
  }
  answer(reply_to, std::move(done), std::move(found));
}

void MemoryStore::write_snapshot(DocumentId document,
                                 Snapshot snapshot,
                                 Executor& reply_to,
                                 Completion<void> done) {
  const std::lock_guard lock(mutex_);
  answer(reply_to, std::move(done), write(document, std::move(snapshot)));
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved from
Result<void> MemoryStore::write(const DocumentId& document, Snapshot snapshot) {
  CS_TRY_ASSIGN(Document * found, find(document));
  if (snapshot.revision > found->info.head) {
    return fail(ErrorCode::kRevisionUnknown, "the snapshot is ahead of the log");
  }
  const Revision revision = snapshot.revision;
  found->snapshots.try_emplace(revision, std::move(snapshot));
  std::vector<Revision> kept;
  for (const auto& entry : found->snapshots) {
    kept.push_back(entry.first);
  }
  for (const Revision superfluous : thin_out(kept)) {
    found->snapshots.erase(superfluous);
  }
  return {};
}

void MemoryStore::read_snapshot(DocumentId document,
                                Revision revision,
                                Executor& reply_to,
                                Completion<Snapshot> done) {
  const std::lock_guard lock(mutex_);
  auto found = find(document);
  if (!found) {
    answer<Result<Snapshot>>(reply_to, std::move(done), fail(found.error()));
    return;
  }
  // Revision 0 is always there, so there is one at or before any revision.
  const auto after = (*found)->snapshots.upper_bound(revision);
  answer<Result<Snapshot>>(reply_to, std::move(done), std::prev(after)->second);
}

void MemoryStore::create_document(DocumentInfo info,
                                  std::string content,
                                  Executor& reply_to,
                                  Completion<void> done) {
  const std::lock_guard lock(mutex_);
  answer(reply_to, std::move(done), create(std::move(info), std::move(content)));
}

Result<void> MemoryStore::create(DocumentInfo info, std::string content) {
  if (unavailable_) {
    return fail(ErrorCode::kUnavailable, "the store is unavailable");
  }
  if (documents_.contains(info.id)) {
    return fail(ErrorCode::kBadRequest, "the document exists");
  }
  info.head = Revision(0);
  info.head_hash = {};
  info.updated_at = info.created_at;
  opened_[info.created_by][info.id] = info.created_at;
  Document& document = documents_[info.id];
  document.snapshots.try_emplace(
      Revision(0), Snapshot{.revision = Revision(0), .content = std::move(content), .hash = {}});
  document.info = std::move(info);
  return {};
}

void MemoryStore::find_document(DocumentId document,
                                Executor& reply_to,
                                Completion<DocumentInfo> done) {
  const std::lock_guard lock(mutex_);
  auto found = find(document);
  answer<Result<DocumentInfo>>(
      reply_to,
      std::move(done),
      found ? Result<DocumentInfo>((*found)->info) : Result<DocumentInfo>(fail(found.error())));
}

void MemoryStore::list_documents(UserId user,
                                 DocumentPage page,
                                 Executor& reply_to,
                                 Completion<std::vector<DocumentInfo>> done) {
  const std::lock_guard lock(mutex_);
  Result<std::vector<DocumentInfo>> listed = list(user, page.count);
  if (unavailable_) {
    listed = fail(ErrorCode::kUnavailable, "the store is unavailable");
  }
  answer(reply_to, std::move(done), std::move(listed));
}

std::vector<DocumentInfo> MemoryStore::list(const UserId& user, std::size_t count) const {
  const auto opened = opened_.find(user);
  if (opened == opened_.end()) {
    return {};
  }
  std::vector<std::pair<Timestamp, DocumentId>> order;
  for (const auto& [document, at] : opened->second) {
    order.emplace_back(at, document);
  }
  std::sort(order.begin(), order.end(), std::greater<>());
  order.resize(std::min(order.size(), count));
  std::vector<DocumentInfo> listed;
  listed.reserve(order.size());
  for (const auto& entry : order) {
    listed.push_back(documents_.at(entry.second).info);
  }
  return listed;
}

void MemoryStore::record_opened(
    UserId user, DocumentId document, Timestamp at, Executor& reply_to, Completion<void> done) {
  const std::lock_guard lock(mutex_);
  auto found = find(document);
  Result<void> recorded;
  if (found) {
    Timestamp& opened = opened_[std::move(user)][std::move(document)];
    opened = std::max(opened, at);
  } else {
    recorded = fail(found.error());
  }
  answer(reply_to, std::move(done), std::move(recorded));
}

}  // namespace cloudsync::storage
