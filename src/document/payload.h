#pragma once
// The JSON of a document's frames and replies (docs/protocol.md sections 3 and 4), written as text
// directly: stored operations go out as the bytes that were stored.

#include "base/ids.h"
#include "base/json.h"
#include "document/members.h"
#include "storage/records.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::document {

/// Updates in order, borrowed for the call.
using UpdateList = std::vector<const storage::Update*>;

/// The argument of an `ops` event; `updates` is not empty.
std::string ops_event(const DocumentId& document, const UpdateList& updates);

/// `[{"op":…,"userId":…,"clientId":…,"seq":…,"timestamp":…},…]`
void append_ops(std::string& out, const UpdateList& updates);

/// The argument of a `presence` event. `state` is JSON text.
std::string presence_event(const DocumentId& document,
                           Revision revision,
                           const Member& author,
                           std::string_view state);

std::string user_joined_event(const DocumentId& document,
                              const Member& member,
                              Timestamp at,
                              std::size_t member_count);
std::string user_left_event(const DocumentId& document,
                            const Member& member,
                            Timestamp at,
                            std::size_t member_count);

/// The members of a join reply that every kind has, up to "memberCount": without braces. `remote`
/// are listed as well.
std::string join_fields(const storage::DocumentInfo& info,
                        Revision head,
                        const storage::ChainHash& head_hash,
                        const Members& members,
                        MemberId joiner,
                        const std::map<ClientId, RosterMember>& remote,
                        std::size_t member_count);

/// `,"ops":[…]` and, if `following` is set, `,"next":…`.
void append_catch_up(std::string& out,
                     const UpdateList& updates,
                     std::optional<Revision> following);

/// The members of a fetch-ops reply without braces; `updates` is not empty.
std::string fetch_fields(const DocumentId& document,
                         const UpdateList& updates,
                         std::optional<Revision> following);

/// The path of a document's content at a revision.
std::string snapshot_path(const DocumentId& document, Revision revision);

}  // namespace cloudsync::document
