#pragma once
// What a run of the system left behind: one event for everything that a client or a node saw, and
// the durable log at the end (docs/history.md). The simulator makes these in memory, the server,
// the load generator and the SDK write them as lines of JSON (history_json.h).

#include "base/ids.h"
#include "base/json.h"
#include "ot/type.h"
#include "storage/records.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::checker {

enum class Kind : std::uint8_t {
  // Written by a client.
  kOpen,     ///< joined with a snapshot: type, rev, hash, state
  kResume,   ///< joined with operations: rev and hash of what it had
  kConn,     ///< connected or not: on
  kSubmit,   ///< an operation became a submission: seq, rev, digest
  kSent,     ///< the submission went out: seq
  kAck,      ///< it was acknowledged: seq, rev
  kReject,   ///< it was refused: seq, text is the error code
  kApply,    ///< a committed operation entered the confirmed copy: rev, author, seq, hash, state
  kLight,    ///< the saved indicator changed: on
  kCopy,     ///< unsent text was given back to the user: text
  kReload,   ///< restarted, goes on from its journal
  kCursor,   ///< at the end: what it shows of author's selection: rev, text is its JSON or empty
  kMembers,  ///< at the end: who it shows as present: ids
  // Written by a node.
  kStart,
  kStop,
  kCrash,
  kAppend,    ///< handed to the store: from, rev is the last
  kCommit,    ///< the store said that it is durable: rev, author, seq, hash
  kAnswer,    ///< an ack left: author, seq, rev
  kPublish,   ///< frames left: from, rev is the last
  kLoad,      ///< read from the durable log: rev is the last read
  kSnapshot,  ///< written: rev, state
  // Of either.
  kRead,   ///< a read or fresh join asked for at `after` was answered: rev
  kFinal,  ///< at rest: rev, hash, state, and of a client `on`, whether it shows "saved"
  // The durable log, exported after everything stopped.
  kBase,  ///< what it starts from: type, rev, hash, state or content
  kLog,   ///< one of its rows: row
};

/// The first 8 bytes of a SHA-256, which are shown as 16 hexadecimal digits.
using ShortHash = std::uint64_t;

ShortHash short_hash(const Sha256& hash);
/// Of the content's canonical JSON. O(length).
ShortHash state_hash(const ot::Document& document);
/// The same of content as normalised JSON text; 0 if it is malformed, which no state is.
ShortHash content_hash(std::string_view content);
/// Of the canonical JSON of [rev, op], the operation as it was submitted.
ShortHash submission_digest(std::uint64_t rev, const JsonValue& op);

/// A row of the durable log.
struct LogRow {
  storage::Update update;
  /// update.op parsed, if the writer has it: saves the checker from parsing.
  std::optional<ot::Operation> op;
  /// The hashes and the salt are whole, so that the chain can be verified. Else only the first 8
  /// bytes of the hashes are known.
  bool is_whole = true;
};

/// Fields that a kind does not list are left as they are here.
struct Event {
  Kind kind = Kind::kStart;
  bool by_node = false;
  bool on = false;
  std::int64_t t = 0;  ///< microseconds, of one clock for all writers of a run
  std::string writer;  ///< client id or node name; empty for kBase and kLog
  std::string doc;
  std::uint64_t rev = 0;
  std::uint64_t seq = 0;
  std::uint64_t from = 0;
  std::int64_t after = 0;
  std::optional<ShortHash> hash;   ///< the log's chain at rev
  std::optional<ShortHash> state;  ///< state_hash() at rev
  ShortHash digest = 0;
  std::string author;  ///< the client whose operation or selection it is
  std::string text;
  std::optional<ot::Type> type;
  std::vector<std::string> ids;
  std::shared_ptr<const LogRow> row;         ///< of kLog
  std::shared_ptr<const JsonValue> content;  ///< of kBase
};

}  // namespace cloudsync::checker
