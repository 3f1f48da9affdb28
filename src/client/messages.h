#pragma once
// What the client's state machine is fed and what it sends, decoded from the JSON of the wire
// (docs/protocol.md sections 3 and 4). Plain values.

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "ot/type.h"

#include <optional>
#include <string>
#include <vector>

namespace cloudsync::client {

/// One committed operation as the server sends it.
struct CommittedOp {
  ClientId client;
  ClientSeq seq;
  ot::Operation op;
};

/// Committed operations `first`, `first` + 1, …: an `ops` event, a catch-up or a fetch-ops reply.
struct OpsBatch {
  Revision first;
  std::vector<CommittedOp> ops;
  /// The log chain behind the last operation, 16 hex digits; empty if unknown.
  std::string hash;

  /// The revision of the last operation; `first` - 1 if there is none.
  Revision last() const { return Revision(first.value() + ops.size() - 1); }
};

/// What submit-op sends.
struct OutgoingSubmission {
  Revision revision;
  ClientSeq seq;
  ot::Operation op;
};

/// Revisions to ask for with fetch-ops, inclusive.
struct FetchRange {
  Revision from;
  Revision to;

  friend bool operator==(const FetchRange&, const FetchRange&) = default;
};

/// Reads `{revision, hash?, ops: [{op, clientId, seq, …}, …]}`, the shape of an `ops` event and of
/// a fetch-ops reply. Errors: kBadRequest for a missing or mistyped member, kOpInvalid for an
/// operation.
Result<OpsBatch> parse_ops(ot::Type type, const JsonObject& message);

/// Reads the array `ops` of a join reply, whose first operation is revision `first`. Its hash is
/// not in the reply unless the catch-up reaches the head.
Result<OpsBatch> parse_catch_up(ot::Type type, Revision first, const JsonArray& ops);

}  // namespace cloudsync::client
