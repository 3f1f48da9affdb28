#include "storage/sqlite/document_reader.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

namespace cloudsync::storage {
namespace {

#define CS_DOCUMENT_COLUMNS                                                                     \
  "d.id, d.org_id, d.type, d.title, d.created_by, d.created_at, d.head_revision, d.head_hash, " \
  "d.updated_at"

/// A column of another size than ours leaves zeros, which no hash of a chain ever is.
template <std::size_t kSize>
std::array<std::uint8_t, kSize> to_array(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, kSize> array{};
  if (bytes.size() == kSize) {
    std::copy(bytes.begin(), bytes.end(), array.begin());
  }
  return array;
}

Revision revision(const Statement& row, int column) {
  return Revision(static_cast<std::uint64_t>(row.integer(column)));
}

ClientSeq seq(const Statement& row, int column) {
  return ClientSeq(static_cast<std::uint64_t>(row.integer(column)));
}

std::string text(const Statement& row, int column) {
  return std::string(row.text(column));
}

DocumentInfo to_document(const Statement& row) {
  return {
      .id = DocumentId(text(row, 0)),
      .org = OrgId(text(row, 1)),
      .type = row.text(2),
      .title = row.text(3),
      .created_by = UserId(text(row, 4)),
      .created_at = Timestamp(row.integer(5)),
      .head = revision(row, 6),
      .head_hash = to_array<32>(row.blob(7)),
      .updated_at = Timestamp(row.integer(8)),
  };
}

Update to_update(const Statement& row) {
  return {
      .revision = revision(row, 0),
      .client = ClientId(text(row, 1)),
      .seq = seq(row, 2),
      .user = UserId(text(row, 3)),
      .op = text(row, 4),
      .salt = to_array<16>(row.blob(5)),
      .op_digest = to_array<32>(row.blob(6)),
      .created_at = Timestamp(row.integer(7)),
      .prev_hash = to_array<32>(row.blob(8)),
      .hash = to_array<32>(row.blob(9)),
  };
}

Snapshot to_snapshot(const Statement& row) {
  return {
      .revision = revision(row, 0),
      .content = text(row, 1),
      .hash = to_array<32>(row.blob(2)),
  };
}

/// SQLite's integers are signed: "up to any revision" is the largest of them.
Revision clamp(Revision revision) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return Revision(std::min(revision.value(), kMax));
}

}  // namespace

const std::array<std::string_view, DocumentReader::kSqlCount> DocumentReader::kSql{
    // kFindDocument
    "SELECT " CS_DOCUMENT_COLUMNS " FROM documents d WHERE d.id = ?1",
    // kListDocuments
    "SELECT " CS_DOCUMENT_COLUMNS
    " FROM document_access a JOIN documents d ON d.id = a.document_id WHERE a.user_id = ?1 "
    "ORDER BY a.opened_at DESC, a.document_id DESC LIMIT ?2",
    // kReadSnapshot
    "SELECT revision, content, hash FROM snapshots WHERE document_id = ?1 AND revision <= ?2 "
    "ORDER BY revision DESC LIMIT 1",
    // kReadUpdates
    "SELECT revision, client_id, client_seq, user_id, op, op_salt, op_digest, created_at, "
    "prev_hash, hash FROM document_updates "
    "WHERE document_id = ?1 AND revision BETWEEN ?2 AND ?3 ORDER BY revision",
    // kFindClient
    "SELECT client_id, last_seq, revision, submission_hash FROM document_clients "
    "WHERE document_id = ?1 AND client_id = ?2",
};

Result<DocumentReader> DocumentReader::open(Connection connection, StoreHealth& health) {
  DocumentReader reader(std::move(connection), health);
  for (std::size_t i = 0; i < kSqlCount; ++i) {
    CS_TRY_ASSIGN(reader.statements_[i], reader.connection_.prepare(kSql[i]));
  }
  return reader;
}

Error DocumentReader::unavailable(int code) {
  if (classify_sqlite(code) == SqliteFault::kStore) {
    health_->fail("a read failed: " + describe_sqlite(code));
  } else {
    log_warning("read_refused", {{"reason", describe_sqlite(code)}});
  }
  return {.code = ErrorCode::kUnavailable, .message = "the store can't be read now"};
}

Error DocumentReader::missing(const Execution& execution, Statement::Step step) {
  if (step == Statement::Step::kError) {
    return unavailable(execution.error());
  }
  return {.code = ErrorCode::kNotFound, .message = "no such document"};
}

template <class Read>
auto DocumentReader::in_transaction(Read read) -> decltype(read()) {
  if (const int code = connection_.execute("BEGIN"); code != SQLITE_OK) {
    return fail(unavailable(code));
  }
  auto result = read();
  connection_.execute("ROLLBACK");  // nothing was written
  return result;
}

Result<OpenedDocument> DocumentReader::open_document(const DocumentId& document) {
  return in_transaction([&]() -> Result<OpenedDocument> {
    OpenedDocument opened;
    CS_TRY_ASSIGN(opened.info, find_document(document));
    CS_TRY_ASSIGN(opened.snapshot, read_snapshot(document, opened.info.head));
    Execution tail(
        statements_[kReadUpdates], document, next(opened.snapshot.revision), opened.info.head);
    auto step = tail.step();
    for (; step == Statement::Step::kRow; step = tail.step()) {
      opened.tail.push_back(to_update(tail.row()));
    }
    if (step == Statement::Step::kError) {
      return fail(unavailable(tail.error()));
    }
    return opened;
  });
}

Result<std::vector<Update>> DocumentReader::read_updates(const DocumentId& document,
                                                         Revision from,
                                                         Revision to,
                                                         ReadBudget budget) {
  std::vector<Update> updates;
  std::size_t bytes = 0;
  Execution range(statements_[kReadUpdates], document, clamp(from), clamp(to));
  auto step = range.step();
  for (; step == Statement::Step::kRow; step = range.step()) {
    bytes += range.row().text(4).size();
    if (!updates.empty() && bytes > budget.bytes) {
      return updates;
    }
    updates.push_back(to_update(range.row()));
    if (updates.size() >= budget.updates) {
      return updates;
    }
  }
  if (step == Statement::Step::kError) {
    return fail(unavailable(range.error()));
  }
  if (updates.empty()) {
    CS_TRY(find_document(document));  // nothing in the range, or no document?
  }
  return updates;
}

Result<std::optional<ClientRecord>> DocumentReader::find_client(const DocumentId& document,
                                                                const ClientId& client) {
  Execution find(statements_[kFindClient], document, client);
  const auto step = find.step();
  if (step == Statement::Step::kError) {
    return fail(unavailable(find.error()));
  }
  if (step == Statement::Step::kDone) {
    return std::optional<ClientRecord>();
  }
  return std::optional(ClientRecord{
      .client = ClientId(text(find.row(), 0)),
      .last_seq = seq(find.row(), 1),
      .revision = revision(find.row(), 2),
      .submission_hash = to_array<32>(find.row().blob(3)),
  });
}

Result<Snapshot> DocumentReader::read_snapshot(const DocumentId& document, Revision at_most) {
  Execution find(statements_[kReadSnapshot], document, clamp(at_most));
  const auto step = find.step();
  if (step != Statement::Step::kRow) {
    return fail(missing(find, step));
  }
  return to_snapshot(find.row());
}

Result<DocumentInfo> DocumentReader::find_document(const DocumentId& document) {
  Execution find(statements_[kFindDocument], document);
  const auto step = find.step();
  if (step != Statement::Step::kRow) {
    return fail(missing(find, step));
  }
  return to_document(find.row());
}

Result<std::vector<DocumentInfo>> DocumentReader::list_documents(const UserId& user,
                                                                 DocumentPage page) {
  std::vector<DocumentInfo> listed;
  Execution list(statements_[kListDocuments], user, static_cast<std::int64_t>(page.count));
  auto step = list.step();
  for (; step == Statement::Step::kRow; step = list.step()) {
    listed.push_back(to_document(list.row()));
  }
  if (step == Statement::Step::kError) {
    return fail(unavailable(list.error()));
  }
  return listed;
}

}  // namespace cloudsync::storage
