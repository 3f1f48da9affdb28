#pragma once
// The history that a node writes of its run (docs/history.md), if it is asked to. It watches what
// goes through the store and to members from outside, so that the parts know nothing of it.

#include "api/observer.h"
#include "base/result.h"
#include "checker/history_file.h"
#include "document/messages.h"
#include "storage/op_store.h"
#include "storage/snapshot_store.h"

#include <atomic>
#include <memory>
#include <string>

namespace cloudsync::node {

/// Thread-safe: each event is one write.
class History final : public api::Observer {
 public:
  /// Appends to the file. Errors: kUnavailable.
  static Result<std::unique_ptr<History>> open(const std::string& path);

  /// An event of this node, now.
  checker::Event make(checker::Kind kind, const DocumentId& document = DocumentId()) const;

  void write(const checker::Event& event) { write_lines(checker::to_line(event) + '\n'); }

  /// The node goes on without its history if it can't be written.
  void write_lines(const std::string& lines);

  void answered(const DocumentId& document,
                const ClientId& client,
                ClientSeq seq,
                Revision revision) override;
  void read(const DocumentId& document, Revision revision, Timestamp asked) override;

 private:
  History(checker::HistoryWriter writer, std::string node)
      : writer_(std::move(writer)), node_(std::move(node)) {}

  checker::HistoryWriter writer_;
  std::string node_;
  std::atomic<bool> failed_{false};
};

/// A store whose appends, commits, loads and snapshots are written down. What was committed is in
/// the history before anybody hears of it.
class RecordedStore final : public storage::OpStore, public storage::SnapshotStore {
 public:
  /// All outlive this.
  RecordedStore(storage::OpStore& ops, storage::SnapshotStore& snapshots, History& history)
      : ops_(ops), snapshots_(snapshots), history_(history) {}

  bool is_shared() const override { return ops_.is_shared(); }

  void append(storage::Append append,
              Executor& reply_to,
              UniqueFunction<void(storage::AppendOutcome)> done) override;
  void open_document(DocumentId document,
                     Executor& reply_to,
                     Completion<storage::OpenedDocument> done) override;
  void read_updates(DocumentId document,
                    Revision from,
                    Revision to,
                    storage::ReadBudget budget,
                    Executor& reply_to,
                    Completion<std::vector<storage::Update>> done) override;
  void find_client(DocumentId document,
                   ClientId client,
                   Executor& reply_to,
                   Completion<std::optional<storage::ClientRecord>> done) override;
  void write_snapshot(DocumentId document,
                      storage::Snapshot snapshot,
                      Executor& reply_to,
                      Completion<void> done) override;
  void read_snapshot(DocumentId document,
                     Revision revision,
                     Executor& reply_to,
                     Completion<storage::Snapshot> done) override;

 private:
  storage::OpStore& ops_;
  storage::SnapshotStore& snapshots_;
  History& history_;
};

/// Writes down the operations that a loop's documents publish, and passes everything on.
class RecordedSink final : public document::MemberSink {
 public:
  /// Both outlive this.
  RecordedSink(document::MemberSink& sink, History& history) : sink_(sink), history_(history) {}

  void deliver(std::uint32_t loop, document::Frame frame) override;

  void supersede(document::MemberId member) override { sink_.supersede(member); }

 private:
  document::MemberSink& sink_;
  History& history_;
};

}  // namespace cloudsync::node
