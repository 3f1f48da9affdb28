#pragma once
// What a document's authority and its surroundings say to each other: requests of members and the
// answers and frames that go back. Plain values; JSON payloads are already encoded
// (docs/protocol.md), since they are made once and shared by every receiver.

#include "base/bytes.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "storage/records.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::document {

/// A member's connection: which loop it lives on, and a number unique on that loop for its
/// lifetime.
struct MemberId {
  std::uint32_t loop = 0;
  std::uint64_t connection = 0;

  friend auto operator<=>(const MemberId&, const MemberId&) = default;
};

struct JoinRequest {
  DocumentId document;
  UserId user;
  ClientId client;
  SharedText name;  ///< display name, already bounded
  /// The id was made for this connection, and this is the first that anybody hears of it: there is
  /// nothing to look up.
  bool client_is_new = false;
  /// The revision and chain hash (16 hex digits) that the client has, for a resume.
  std::optional<Revision> revision;
  std::string hash;
};

struct JoinReply {
  /// Its text is one for all members.
  DocumentId document;
  /// The reply's JSON members without braces, "ok" and "client":
  /// "documentId":…,"type":…,"title":…,"revision":…, … (docs/protocol.md section 3).
  std::string fields;
  /// The member "snapshot" besides, if not null: the content as JSON text, shared by all who join
  /// at this revision.
  SharedBytes snapshot;
};

struct Submission {
  DocumentId document;
  Revision revision;
  ClientSeq seq;
  JsonValue op;
};

struct FetchRequest {
  DocumentId document;
  Revision from;
  Revision to;
};

struct FetchReply {
  std::string fields;  ///< JSON members without braces and "ok"
};

struct PresenceUpdate {
  DocumentId document;
  Revision revision;
  JsonValue state;  ///< null withdraws
};

/// The content of a document at a revision.
struct DocumentContent {
  storage::DocumentInfo info;
  Revision revision;
  storage::ChainHash hash{};
  SharedBytes content;  ///< JSON text
};

/// One event for members of a document that live on one loop.
struct Frame {
  DocumentId document;
  std::string_view event;  ///< "ops", "presence", "user-joined", "user-left": static storage
  SharedBytes payload;     ///< the event's argument as JSON text
  /// Set: for this member alone. Unset: for all members on the loop but `except`.
  std::optional<MemberId> only;
  std::optional<MemberId> except;
  /// Set: may be dropped for a slow member, and a newer frame with the same key replaces it.
  std::optional<ClientId> presence_of;
};

/// Receives what documents send to members. Calls come on the documents' loop, in the order in
/// which they must reach a member; replies to requests are ordered with them.
class MemberSink {
 public:
  virtual ~MemberSink() = default;
  /// `loop` has at least one receiver.
  virtual void deliver(std::uint32_t loop, Frame frame) = 0;
  /// The member's client id was taken over by a newer connection: tell it and disconnect it. The
  /// document has already forgotten it.
  virtual void supersede(MemberId member) = 0;
};

}  // namespace cloudsync::document
