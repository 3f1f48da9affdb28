#pragma once
// Reads a document's content at an older revision: the snapshot at or before it, and the log from
// there. Bounded by the snapshots' distance, in pieces that leave the executor free in between.

#include "base/executor.h"
#include "document/messages.h"
#include "ot/type.h"
#include "storage/op_store.h"
#include "storage/snapshot_store.h"

#include <memory>

namespace cloudsync::document {

/// One read. It lives as long as a store's answer is awaited.
class ContentReader : public std::enable_shared_from_this<ContentReader> {
 public:
  /// The stores and the executor outlive the read. Calls `done` on the executor, never before it
  /// returns. Errors: kNotFound, kRevisionUnknown if the log ends earlier, kUnavailable, kInternal.
  static void read(storage::OpStore& ops,
                   storage::SnapshotStore& snapshots,
                   Executor& executor,
                   storage::DocumentInfo info,
                   Revision revision,
                   Completion<DocumentContent> done);

 private:
  ContentReader(storage::OpStore& ops,
                Executor& executor,
                storage::DocumentInfo info,
                Revision revision,
                Completion<DocumentContent> done);

  void on_snapshot(Result<storage::Snapshot> snapshot);
  void read_on();
  void on_updates(Result<std::vector<storage::Update>> updates);
  Result<void> apply(const storage::Update& update);
  void finish();

  storage::OpStore& ops_;
  Executor& executor_;
  storage::DocumentInfo info_;
  Revision target_;
  Completion<DocumentContent> done_;

  ot::Document document_;
  Revision at_;
  storage::ChainHash hash_{};
};

}  // namespace cloudsync::document
