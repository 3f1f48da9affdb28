#pragma once
// Told what leaves a node, for a history of its run (docs/history.md).

#include "base/ids.h"

namespace cloudsync::api {

/// Called on any loop.
class Observer {
 public:
  virtual ~Observer() = default;
  /// An ack is about to leave.
  virtual void answered(const DocumentId& document,
                        const ClientId& client,
                        ClientSeq seq,
                        Revision revision) = 0;
  /// The head, asked for at `asked`, is about to be sent.
  virtual void read(const DocumentId& document, Revision revision, Timestamp asked) = 0;
};

}  // namespace cloudsync::api
