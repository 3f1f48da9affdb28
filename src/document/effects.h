#pragma once
// What a document's authority asks its surroundings to do. The service carries them out in order.

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "document/messages.h"
#include "document/rebase.h"
#include "document/roster.h"
#include "storage/op_store.h"
#include "storage/records.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cloudsync::document {

/// Append, then call on_append.
struct AppendEffect {
  storage::Append append;
};

/// Read the log, then call on_updates with the token. `attempt` counts failures of this read in a
/// row: from 1 on, wait before it.
struct ReadEffect {
  Token token = 0;
  Revision from;
  Revision to;
  storage::ReadBudget budget;
  std::uint32_t attempt = 0;
};

/// Call go_on once, soon, but not at once: the authority has more to do than one turn should take.
struct ContinueEffect {};

enum class Window : std::uint8_t { kBatch, kPresence };

/// Call on_window once, after `wait`, or sooner where time cannot be waited for.
struct WindowEffect {
  Window window = Window::kBatch;
  Duration wait{};
};

/// Look the client up in the store, then call on_client.
struct FindClientEffect {
  ClientId client;
};

/// Write the content down as a snapshot, then call on_snapshot. Its text takes O(size) to make:
/// that is not for the loop.
struct SnapshotEffect {
  Revision revision;
  storage::ChainHash hash;
  ot::Document content;
};

/// Tell the other nodes what was committed.
struct PublishEffect {
  std::vector<storage::Update> updates;
};

struct DeliverEffect {
  std::uint32_t loop = 0;
  Frame frame;
};

struct SupersedeEffect {
  MemberId member;
};

struct JoinAnswer {
  Token token = 0;
  Result<JoinReply> reply;
};

struct SubmitAnswer {
  Token token = 0;
  Result<Revision> reply;
  bool duplicate = false;  ///< a resend of what was answered or is under way
};

struct FetchAnswer {
  Token token = 0;
  Result<FetchReply> reply;
};

/// To refresh().
struct RefreshAnswer {
  Token token = 0;
  Result<void> reply;
};

/// A limit was met; `name` is the field of Limits.
struct LimitEffect {
  std::string_view name;
};

/// Who is in the document here, for the other nodes.
struct RosterEffect {
  Roster roster;
};

/// So many updates of other nodes were found by a check of the head instead of by a publication.
struct MissedEffect {
  std::size_t updates = 0;
};

/// The document can't go on: its log or this code is damaged. Every request is refused from now on.
struct BrokenEffect {
  std::string why;
};

using Effect = std::variant<AppendEffect,
                            ReadEffect,
                            ContinueEffect,
                            WindowEffect,
                            FindClientEffect,
                            SnapshotEffect,
                            PublishEffect,
                            RosterEffect,
                            DeliverEffect,
                            SupersedeEffect,
                            JoinAnswer,
                            SubmitAnswer,
                            FetchAnswer,
                            RefreshAnswer,
                            LimitEffect,
                            MissedEffect,
                            BrokenEffect>;

}  // namespace cloudsync::document
