#pragma once
// The domain's identifiers and counters, one type each.

#include "base/shared_text.h"
#include "base/strong.h"

#include <cstdint>

namespace cloudsync {

using OrgId = Strong<struct OrgIdTag, SharedText>;
using UserId = Strong<struct UserIdTag, SharedText>;
/// 22 characters of base64url (128 random bits): it is also the unguessable link of a guest
/// document.
using DocumentId = Strong<struct DocumentIdTag, SharedText>;
/// One editing client of one user (a browser tab); survives reconnects.
using ClientId = Strong<struct ClientIdTag, SharedText>;

/// Position in a document's log: 0 is the created document, r is reached by operation r.
using Revision = Strong<struct RevisionTag, std::uint64_t>;
/// A client's own counter of submissions: rises, may have gaps, is never used twice.
using ClientSeq = Strong<struct ClientSeqTag, std::uint64_t>;
/// Milliseconds since the Unix epoch.
using Timestamp = Strong<struct TimestampTag, std::int64_t>;

inline Revision next(Revision revision) {
  return Revision(revision.value() + 1);
}

}  // namespace cloudsync
