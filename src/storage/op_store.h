#pragma once
// The durable log of operations, the only truth about a document. The store arbitrates: an append
// succeeds only on the head it expects, so no revision is ever written twice, whoever wakes up
// late. Implementations are thread-safe and answer by posting to the executor given with the call,
// exactly once, never before the call returns.

#include "base/executor.h"
#include "base/result.h"
#include "storage/records.h"

#include <optional>
#include <string>
#include <vector>

namespace cloudsync::storage {

/// Operations of one document that are committed together or not at all.
struct Append {
  DocumentId document;
  Revision expected_head;
  /// Revisions expected_head + 1, + 2, …; not empty.
  std::vector<Update> updates;
  /// The last submission of each client in this append, written in the same transaction.
  std::vector<ClientRecord> clients;
};

enum class AppendStatus : std::uint8_t {
  kCommitted,  ///< durable: it survives power loss
  kConflict,   ///< the head is another; nothing was stored
  kRefused,    ///< surely not stored (no such document, store closed, disk full before the commit)
  kUnknown,    ///< the commit may have happened; read the log to find out
};

struct AppendOutcome {
  AppendStatus status = AppendStatus::kRefused;
  std::string reason;  ///< for the log, when not committed
  /// What a refused submitter is told: kOverloaded if the queue of the store is full.
  ErrorCode refusal = ErrorCode::kUnavailable;
};

struct OpenedDocument {
  DocumentInfo info;
  Snapshot snapshot;         ///< the newest one
  std::vector<Update> tail;  ///< snapshot.revision + 1 … info.head
};

/// What one read may return at most.
struct ReadBudget {
  std::size_t updates = 1'000;
  std::size_t bytes = 256 * 1024;  ///< of operation text; at least one update is returned
};

class OpStore {
 public:
  virtual ~OpStore() = default;

  /// Whether other processes may append to it, so that what this one knows of a document may be
  /// behind. Always the same. Cheap.
  virtual bool is_shared() const = 0;

  virtual void append(Append append,
                      Executor& reply_to,
                      UniqueFunction<void(AppendOutcome)> done) = 0;

  /// Reads as many rows as the newest snapshot plus the tail behind it. Errors: kNotFound,
  /// kUnavailable.
  virtual void open_document(DocumentId document,
                             Executor& reply_to,
                             Completion<OpenedDocument> done) = 0;

  /// Updates `from` … `to` (inclusive), cut short by the budget or by the head. Errors: kNotFound,
  /// kUnavailable.
  virtual void read_updates(DocumentId document,
                            Revision from,
                            Revision to,
                            ReadBudget budget,
                            Executor& reply_to,
                            Completion<std::vector<Update>> done) = 0;

  /// The last committed submission of a client in a document, if any.
  virtual void find_client(DocumentId document,
                           ClientId client,
                           Executor& reply_to,
                           Completion<std::optional<ClientRecord>> done) = 0;
};

}  // namespace cloudsync::storage
