#pragma once
// What the stores keep: the rows of the data model (ARCHITECTURE.md), as plain values.

#include "base/crypto.h"
#include "base/ids.h"
#include "base/shared_text.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cloudsync::storage {

/// A link of the tamper-evident chain over a document's log; all zero before revision 1.
using ChainHash = Sha256;
using Salt = std::array<std::uint8_t, 16>;

/// A row of `documents`.
struct DocumentInfo {
  DocumentId id;
  OrgId org;
  SharedText type;  ///< "text", "rich-text", "json"
  SharedText title;
  UserId created_by;
  Timestamp created_at;
  Revision head;
  ChainHash head_hash{};
  /// When the head was committed; created_at at revision 0.
  Timestamp updated_at;

  friend bool operator==(const DocumentInfo&, const DocumentInfo&) = default;
};

/// A row of `document_updates`: one committed operation.
struct Update {
  Revision revision;
  ClientId client;
  ClientSeq seq;
  UserId user;
  /// The operation's JSON text, exactly the bytes that are broadcast.
  std::string op;
  Salt salt{};
  /// SHA-256(salt || op): erasing op and salt keeps the chain verifiable.
  Sha256 op_digest{};
  Timestamp created_at;
  ChainHash prev_hash{};
  ChainHash hash{};

  friend bool operator==(const Update&, const Update&) = default;
};

/// A row of `document_clients`: the last submission of one client that was committed.
struct ClientRecord {
  ClientId client;
  ClientSeq last_seq;
  Revision revision;
  /// Identity of the submission as received (base revision, seq, op text).
  Sha256 submission_hash{};

  friend bool operator==(const ClientRecord&, const ClientRecord&) = default;
};

/// A row of `snapshots`.
struct Snapshot {
  Revision revision;
  std::string content;  ///< JSON text
  ChainHash hash{};     ///< the chain at that revision

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

}  // namespace cloudsync::storage
