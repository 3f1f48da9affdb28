#pragma once
// The SQL that reads documents, over a read-only connection of its own. What needs several
// statements runs in one read transaction, so that it sees one state of the log. Used by one reader
// thread.

#include "storage/directory_store.h"
#include "storage/op_store.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/store_health.h"

#include <array>

namespace cloudsync::storage {

/// Errors of every method: kUnavailable, and kNotFound where the interfaces say so.
class DocumentReader {
 public:
  /// `health` outlives the reader; it learns of I/O errors.
  static Result<DocumentReader> open(Connection connection, StoreHealth& health);

  Result<OpenedDocument> open_document(const DocumentId& document);
  Result<std::vector<Update>> read_updates(const DocumentId& document,
                                           Revision from,
                                           Revision to,
                                           ReadBudget budget);
  Result<std::optional<ClientRecord>> find_client(const DocumentId& document,
                                                  const ClientId& client);
  Result<Snapshot> read_snapshot(const DocumentId& document, Revision at_most);
  Result<DocumentInfo> find_document(const DocumentId& document);
  Result<std::vector<DocumentInfo>> list_documents(const UserId& user, DocumentPage page);

  /// Nothing was read for a while.
  void release_memory() { connection_.release_memory(); }

 private:
  enum Sql : std::uint8_t {
    kFindDocument,
    kListDocuments,
    kReadSnapshot,
    kReadUpdates,
    kFindClient,
    kSqlCount,
  };

  static const std::array<std::string_view, kSqlCount> kSql;

  DocumentReader(Connection connection, StoreHealth& health)
      : connection_(std::move(connection)), health_(&health) {}

  /// Runs `read` in one transaction.
  template <class Read>
  auto in_transaction(Read read) -> decltype(read());
  Error unavailable(int code);
  /// kNotFound if the execution found nothing, kUnavailable if it failed.
  Error missing(const Execution& execution, Statement::Step step);

  Connection connection_;
  StoreHealth* health_;
  std::array<Statement, kSqlCount> statements_;  ///< destroyed before the connection
};

}  // namespace cloudsync::storage
