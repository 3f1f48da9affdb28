#pragma once
// The SQL that changes documents, inside a transaction that the committer holds. Each document's
// append runs in its own savepoint: what one of them can't store doesn't touch the others. Used by
// the committer thread alone.

#include "storage/op_store.h"
#include "storage/sqlite/connection.h"

#include <array>
#include <variant>

namespace cloudsync::storage {

struct CreateDocument {
  DocumentInfo info;
  std::string content;
};

struct WriteSnapshot {
  DocumentId document;
  Snapshot snapshot;
};

struct RecordOpened {
  UserId user;
  DocumentId document;
  Timestamp at;
};

/// Everything that is written beside appends.
using Write = std::variant<CreateDocument, WriteSnapshot, RecordOpened>;

class DocumentWriter {
 public:
  /// Prepares the statements. Errors: kUnavailable.
  static Result<DocumentWriter> open(Connection connection);

  /// Each returns SQLite's code: 0 if `outcome` was set and holds once the transaction commits,
  /// else the transaction can't go on.
  int append(const Append& append, AppendOutcome& outcome);
  int write(const Write& write, Result<void>& outcome);

  Connection& connection() { return connection_; }

 private:
  enum Sql : std::uint8_t {
    kSavepoint,
    kRelease,
    kRollbackTo,
    kAdvanceHead,
    kFindDocument,
    kInsertUpdate,
    kUpsertClient,
    kInsertOrganization,
    kInsertUser,
    kInsertDocument,
    kUpsertAccess,
    kInsertSnapshot,
    kSnapshotRevisions,
    kDeleteSnapshot,
    kSqlCount,
  };

  static const std::array<std::string_view, kSqlCount> kSql;

  explicit DocumentWriter(Connection connection) : connection_(std::move(connection)) {}

  template <class... Values>
  int run(Sql sql, const Values&... values);

  int append_rows(const Append& append, AppendOutcome& outcome);
  int insert_rows(const Append& append);
  int explain_refusal(const Append& append, AppendOutcome& outcome);
  int write_rows(const CreateDocument& create, Result<void>& outcome);
  int write_rows(const WriteSnapshot& write, Result<void>& outcome);
  int write_rows(const RecordOpened& opened, Result<void>& outcome);
  int insert_user(const UserId& user, const OrgId& org, Timestamp at);
  int thin_out_snapshots(const DocumentId& document);

  Connection connection_;
  std::array<Statement, kSqlCount> statements_;  ///< destroyed before the connection
};

}  // namespace cloudsync::storage
