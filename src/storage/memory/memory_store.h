#pragma once
// The stores in memory: the reference for the conformance suite, the simulator's disk, and a node
// without durability for trials. Same answers as the durable adapters, given in the order asked;
// deterministic. What it holds survives as long as the object, so a simulated node may crash and
// come back to it.

#include "storage/directory_store.h"
#include "storage/op_store.h"
#include "storage/snapshot_store.h"

#include <functional>
#include <map>
#include <mutex>

namespace cloudsync::storage {

/// What happens to one append, for tests.
enum class AppendFault : std::uint8_t {
  kNone,
  kCommitThenUnknown,  ///< stored if it can be, yet answered kUnknown
  kDropThenUnknown,    ///< not stored, answered kUnknown
  kRefuse,             ///< not stored, answered kRefused
};

class MemoryStore final : public OpStore, public SnapshotStore, public DirectoryStore {
 public:
  /// Asked once for every append, in order, under the store's lock; it must not call the store.
  using FaultPlan = std::function<AppendFault(const Append&)>;

  /// `shared`: several nodes are given it.
  explicit MemoryStore(bool shared = false) : shared_(shared) {}

  void set_append_faults(FaultPlan plan);
  /// While set, everything but append answers kUnavailable; appends follow their own plan.
  void set_unavailable(bool unavailable);

  bool is_shared() const override { return shared_; }

  void append(Append append, Executor& reply_to, UniqueFunction<void(AppendOutcome)> done) override;
  void open_document(DocumentId document,
                     Executor& reply_to,
                     Completion<OpenedDocument> done) override;
  void read_updates(DocumentId document,
                    Revision from,
                    Revision to,
                    ReadBudget budget,
                    Executor& reply_to,
                    Completion<std::vector<Update>> done) override;
  void find_client(DocumentId document,
                   ClientId client,
                   Executor& reply_to,
                   Completion<std::optional<ClientRecord>> done) override;

  void write_snapshot(DocumentId document,
                      Snapshot snapshot,
                      Executor& reply_to,
                      Completion<void> done) override;
  void read_snapshot(DocumentId document,
                     Revision revision,
                     Executor& reply_to,
                     Completion<Snapshot> done) override;

  void create_document(DocumentInfo info,
                       std::string content,
                       Executor& reply_to,
                       Completion<void> done) override;
  void find_document(DocumentId document,
                     Executor& reply_to,
                     Completion<DocumentInfo> done) override;
  void list_documents(UserId user,
                      DocumentPage page,
                      Executor& reply_to,
                      Completion<std::vector<DocumentInfo>> done) override;
  void record_opened(UserId user,
                     DocumentId document,
                     Timestamp at,
                     Executor& reply_to,
                     Completion<void> done) override;

 private:
  struct Document {
    DocumentInfo info;
    std::vector<Update> log;  ///< log[r - 1] is revision r
    std::map<ClientId, ClientRecord> clients;
    std::map<Revision, Snapshot> snapshots;  ///< never empty: revision 0 stays
  };

  /// All of these run under mutex_.
  AppendOutcome append_locked(Append& append);
  AppendOutcome commit(Append& append);
  Result<Document*> find(const DocumentId& document);
  Result<OpenedDocument> open(const DocumentId& document);
  Result<std::vector<Update>> read(const DocumentId& document,
                                   Revision from,
                                   Revision to,
                                   ReadBudget budget);
  Result<void> write(const DocumentId& document, Snapshot snapshot);
  Result<void> create(DocumentInfo info, std::string content);
  std::vector<DocumentInfo> list(const UserId& user, std::size_t count) const;

  // A mutex, because loops of a node and threads of a test share one store; it guards all below.
  const bool shared_;
  std::mutex mutex_;
  FaultPlan fault_plan_;
  bool unavailable_ = false;
  std::map<DocumentId, Document> documents_;
  std::map<UserId, std::map<DocumentId, Timestamp>> opened_;
};

}  // namespace cloudsync::storage
