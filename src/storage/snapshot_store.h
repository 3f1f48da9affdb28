#pragma once
// Snapshots: derived from the log, written in the background, so that opening a document costs its
// size plus the tail. Same threading contract as op_store.h.

#include "base/executor.h"
#include "base/result.h"
#include "storage/records.h"

#include <optional>

namespace cloudsync::storage {

class SnapshotStore {
 public:
  virtual ~SnapshotStore() = default;

  /// Keeps the snapshot; a second one of the same revision is ignored. Old ones may be thinned out
  /// (revision 0 and the newest always stay). Errors: kNotFound, kUnavailable.
  virtual void write_snapshot(DocumentId document,
                              Snapshot snapshot,
                              Executor& reply_to,
                              Completion<void> done) = 0;

  /// The newest snapshot at or before `revision`.
  virtual void read_snapshot(DocumentId document,
                             Revision revision,
                             Executor& reply_to,
                             Completion<Snapshot> done) = 0;
};

}  // namespace cloudsync::storage
