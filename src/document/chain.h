#pragma once
// The tamper-evident chain over a document's log (docs/protocol.md section 2): each committed
// operation is hashed together with the hash before it, and the operation itself only through a
// salted digest, so that its text can be erased later while the chain stays verifiable.

#include "base/crypto.h"
#include "base/ids.h"
#include "storage/records.h"

#include <string>
#include <string_view>

namespace cloudsync::document {

/// SHA-256(salt || op), one digest over the concatenated bytes.
Sha256 op_digest(const storage::Salt& salt, std::string_view op);

/// The hash of `update` from its prev_hash, its op_digest and its other fields.
storage::ChainHash chain_hash(const storage::Update& update);

/// Fills in op_digest, prev_hash and hash.
void link(storage::Update& update, const storage::ChainHash& previous);

/// True if `update` follows `previous` at `revision` and its digests are its own.
bool is_linked(const storage::Update& update,
               Revision revision,
               const storage::ChainHash& previous);

/// Identity of a submission as received: SHA-256 over base revision, seq and the operation's
/// canonical JSON text, as fields.
Sha256 submission_hash(Revision base, ClientSeq seq, std::string_view canonical_op);

/// The first 16 hexadecimal digits, as peers see it.
std::string short_hash(const storage::ChainHash& hash);

}  // namespace cloudsync::document
