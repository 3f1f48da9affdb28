#include "storage/sqlite/document_writer.h"

#include "storage/append_rules.h"
#include "storage/snapshot_retention.h"

#include <sqlite3.h>

/// Returns a result code that is not 0 from the enclosing function.
#define CS_TRY_CODE(expression)                                   \
  do {                                                            \
    if (const int cs_code = (expression); cs_code != SQLITE_OK) { \
      return cs_code;                                             \
    }                                                             \
  } while (false)

namespace cloudsync::storage {

const std::array<std::string_view, DocumentWriter::kSqlCount> DocumentWriter::kSql{
    "SAVEPOINT one",
    "RELEASE one",
    "ROLLBACK TO one",
    // kAdvanceHead: the compare-and-append. The hash is compared too, so a node whose memory holds
    // another history (a database restored under it) can't continue the log.
    "UPDATE documents SET head_revision = ?2, head_hash = ?3, updated_at = ?4 "
    "WHERE id = ?1 AND head_revision = ?5 AND head_hash = ?6",
    // kFindDocument
    "SELECT org_id, head_revision FROM documents WHERE id = ?1",
    // kInsertUpdate
    "INSERT INTO document_updates (document_id, revision, client_id, client_seq, user_id, op, "
    "op_salt, op_digest, created_at, prev_hash, hash) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    // kUpsertClient
    "INSERT INTO document_clients (document_id, client_id, last_seq, revision, submission_hash) "
    "VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (document_id, client_id) DO UPDATE SET last_seq = excluded.last_seq, "
    "revision = excluded.revision, submission_hash = excluded.submission_hash",
    // kInsertOrganization
    "INSERT INTO organizations (id, name, created_at) VALUES (?1, '', ?2) "
    "ON CONFLICT (id) DO NOTHING",
    // kInsertUser
    "INSERT INTO users (id, org_id, kind, display_name, created_at) "
    "VALUES (?1, ?2, 'guest', '', ?3) ON CONFLICT (id) DO NOTHING",
    // kInsertDocument
    "INSERT INTO documents (id, org_id, type, title, created_by, created_at, head_revision, "
    "head_hash, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?6) "
    "ON CONFLICT (id) DO NOTHING",
    // kUpsertAccess
    "INSERT INTO document_access (user_id, document_id, opened_at) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (user_id, document_id) DO UPDATE "
    "SET opened_at = max(opened_at, excluded.opened_at)",
    // kInsertSnapshot
    "INSERT INTO snapshots (document_id, revision, content, hash) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (document_id, revision) DO NOTHING",
    // kSnapshotRevisions
    "SELECT revision FROM snapshots WHERE document_id = ?1 ORDER BY revision",
    // kDeleteSnapshot
    "DELETE FROM snapshots WHERE document_id = ?1 AND revision = ?2",
};

Result<DocumentWriter> DocumentWriter::open(Connection connection) {
  DocumentWriter writer(std::move(connection));
  for (std::size_t i = 0; i < kSqlCount; ++i) {
    CS_TRY_ASSIGN(writer.statements_[i], writer.connection_.prepare(kSql[i]));
  }
  return writer;
}

template <class... Values>
int DocumentWriter::run(Sql sql, const Values&... values) {
  return Execution(statements_[sql], values...).run();
}

int DocumentWriter::append(const Append& append, AppendOutcome& outcome) {
  if (auto malformation = find_malformation(append)) {
    outcome = {.status = AppendStatus::kRefused, .reason = *std::move(malformation)};
    return SQLITE_OK;
  }
  CS_TRY_CODE(run(kSavepoint));
  const int code = append_rows(append, outcome);
  if (classify_sqlite(code) == SqliteFault::kConstraint) {
    outcome = {.status = AppendStatus::kRefused, .reason = describe_sqlite(code)};
    CS_TRY_CODE(run(kRollbackTo));
  } else if (code != SQLITE_OK) {
    return code;
  }
  return run(kRelease);
}

int DocumentWriter::append_rows(const Append& append, AppendOutcome& outcome) {
  const Update& last = append.updates.back();
  CS_TRY_CODE(run(kAdvanceHead,
                  append.document,
                  last.revision,
                  last.hash,
                  last.created_at,
                  append.expected_head,
                  append.updates.front().prev_hash));
  if (connection_.changes() == 0) {
    return explain_refusal(append, outcome);
  }
  CS_TRY_CODE(insert_rows(append));
  outcome = {.status = AppendStatus::kCommitted, .reason = {}};
  return SQLITE_OK;
}

int DocumentWriter::insert_rows(const Append& append) {
  for (const Update& update : append.updates) {
    CS_TRY_CODE(run(kInsertUpdate,
                    append.document,
                    update.revision,
                    update.client,
                    update.seq,
                    update.user,
                    std::string_view(update.op),
                    update.salt,
                    update.op_digest,
                    update.created_at,
                    update.prev_hash,
                    update.hash));
  }
  for (const ClientRecord& client : append.clients) {
    CS_TRY_CODE(run(kUpsertClient,
                    append.document,
                    client.client,
                    client.last_seq,
                    client.revision,
                    client.submission_hash));
  }
  return SQLITE_OK;
}

int DocumentWriter::explain_refusal(const Append& append, AppendOutcome& outcome) {
  Execution find(statements_[kFindDocument], append.document);
  switch (find.step()) {
    case Statement::Step::kRow:
      outcome = {.status = AppendStatus::kConflict, .reason = "the head is another"};
      return SQLITE_OK;
    case Statement::Step::kDone:
      outcome = {.status = AppendStatus::kRefused, .reason = "no such document"};
      return SQLITE_OK;
    case Statement::Step::kError:
      break;
  }
  return find.error();
}

int DocumentWriter::write(const Write& write, Result<void>& outcome) {
  CS_TRY_CODE(run(kSavepoint));
  outcome = Result<void>();
  const int code = std::visit([&](const auto& rows) { return write_rows(rows, outcome); }, write);
  if (classify_sqlite(code) == SqliteFault::kConstraint) {
    outcome = fail(ErrorCode::kBadRequest, "the store's schema refuses this");
  } else if (code != SQLITE_OK) {
    return code;
  }
  if (!outcome) {
    CS_TRY_CODE(run(kRollbackTo));
  }
  return run(kRelease);
}

int DocumentWriter::insert_user(const UserId& user, const OrgId& org, Timestamp at) {
  CS_TRY_CODE(run(kInsertOrganization, org, at));
  return run(kInsertUser, user, org, at);
}

int DocumentWriter::write_rows(const CreateDocument& create, Result<void>& outcome) {
  const DocumentInfo& info = create.info;
  CS_TRY_CODE(insert_user(info.created_by, info.org, info.created_at));
  CS_TRY_CODE(run(kInsertDocument,
                  info.id,
                  info.org,
                  info.type.str(),
                  info.title.str(),
                  info.created_by,
                  info.created_at,
                  ChainHash{}));
  if (connection_.changes() == 0) {
    outcome = fail(ErrorCode::kBadRequest, "the document exists");
    return SQLITE_OK;
  }
  CS_TRY_CODE(
      run(kInsertSnapshot, info.id, Revision(0), std::string_view(create.content), ChainHash{}));
  return run(kUpsertAccess, info.created_by, info.id, info.created_at);
}

int DocumentWriter::write_rows(const WriteSnapshot& write, Result<void>& outcome) {
  const Snapshot& snapshot = write.snapshot;
  {
    Execution find(statements_[kFindDocument], write.document);
    const auto found = find.step();
    if (found == Statement::Step::kError) {
      return find.error();
    }
    if (found == Statement::Step::kDone) {
      outcome = fail(ErrorCode::kNotFound, "no such document");
      return SQLITE_OK;
    }
    if (find.row().integer(1) < static_cast<std::int64_t>(snapshot.revision.value())) {
      outcome = fail(ErrorCode::kRevisionUnknown, "the snapshot is ahead of the log");
      return SQLITE_OK;
    }
  }
  CS_TRY_CODE(run(kInsertSnapshot,
                  write.document,
                  snapshot.revision,
                  std::string_view(snapshot.content),
                  snapshot.hash));
  return thin_out_snapshots(write.document);
}

int DocumentWriter::thin_out_snapshots(const DocumentId& document) {
  std::vector<Revision> kept;
  {
    Execution revisions(statements_[kSnapshotRevisions], document);
    auto step = revisions.step();
    for (; step == Statement::Step::kRow; step = revisions.step()) {
      kept.emplace_back(static_cast<std::uint64_t>(revisions.row().integer(0)));
    }
    if (step == Statement::Step::kError) {
      return revisions.error();
    }
  }
  for (const Revision superfluous : thin_out(kept)) {
    CS_TRY_CODE(run(kDeleteSnapshot, document, superfluous));
  }
  return SQLITE_OK;
}

int DocumentWriter::write_rows(const RecordOpened& opened, Result<void>& outcome) {
  OrgId org;
  {
    Execution find(statements_[kFindDocument], opened.document);
    const auto found = find.step();
    if (found == Statement::Step::kError) {
      return find.error();
    }
    if (found == Statement::Step::kDone) {
      outcome = fail(ErrorCode::kNotFound, "no such document");
      return SQLITE_OK;
    }
    org = OrgId(std::string(find.row().text(0)));
  }
  CS_TRY_CODE(insert_user(opened.user, org, opened.at));
  return run(kUpsertAccess, opened.user, opened.document, opened.at);
}

}  // namespace cloudsync::storage
