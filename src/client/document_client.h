#pragma once
// DocumentClient: one client's copy of one document and its synchronisation with the server, as a
// pure state machine: no I/O, clock or thread. The owner moves messages between it and a
// connection.
//
// The shown text is confirmed text + in-flight operation + pending operation. One operation is in
// flight; local edits meanwhile are composed into the pending one. A committed operation of another
// client is transformed over both (and they over it), as in Jupiter (Nichols et al. 1995); an own
// one is the acknowledgement. The in-flight operation is kept twice: as first sent, for an
// identical resend after any failure, and transformed, for use on the shown text.
//
//   offline --on_join_*--> live --on_disconnect--> offline
//      any  --on_refused(not retryable), bad input--> stopped --on_join_snapshot--> live
//
// Memory: the text, the two operations, and early operations up to kEarlyOpsMax.

#include "base/error.h"
#include "base/ids.h"
#include "client/messages.h"
#include "client/presence.h"
#include "ot/type.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::client {

/// Operations buffered ahead of a gap; more are dropped and fetched again later.
inline constexpr std::size_t kEarlyOpsMax = 4'096;

/// What has to survive the end of a client, to be kept by its owner (docs/protocol.md section 3):
/// written before a submission is first sent, and after edits as soon as may be. A client that goes
/// on from it under the same id sends the submission again as it was, so that it counts once; edits
/// that are not in the journal were never made. O(1) to copy.
struct Journal {
  struct InFlight {
    OutgoingSubmission sent;
    ot::Operation op;  ///< moved to `revision`
  };

  Revision revision;      ///< of the last committed operation in `document`
  std::string hash;       ///< the chain at `revision`, empty if unknown
  ot::Document document;  ///< as shown, with in_flight and pending
  ClientSeq seq;          ///< the highest used
  std::optional<InFlight> in_flight;
  std::optional<ot::Operation> pending;
};

enum class Status : std::uint8_t {
  kOffline,  ///< not joined; edits are kept
  kLive,     ///< joined
  kStopped,  ///< cannot go on with this copy: keep the text, then join afresh
};

class DocumentClient {
 public:
  /// `last_seq` is the highest sequence number that this client id has ever used in the document.
  DocumentClient(ot::Type type, ClientId self, ClientSeq last_seq = ClientSeq(0));

  /// Goes on from a journal of the same client id: offline, to be resumed. If the resume is refused
  /// (revision_too_old, history_diverged), what is unsaved in document() is to be given to the user
  /// before on_join_snapshot() replaces it.
  DocumentClient(ClientId self, Journal journal);

  // --- joining ---

  /// A join reply with content: replaces the copy. Whatever was unacknowledged is gone: keep
  /// document() before, if unsaved. Errors: kOpInvalid for malformed content; then it is stopped.
  Result<void> on_join_snapshot(Revision revision, std::string hash, const JsonValue& content);

  /// The same with content that the owner has parsed: copies of a document share their memory.
  void on_join_document(Revision revision, std::string hash, ot::Document document);

  /// A join reply with operations, to a request made with resume_revision() and resume_hash().
  /// `head` and `head_hash` are the reply's; if the batch does not reach `head`, gap() asks for the
  /// rest. An unacknowledged operation that is not among them will be sent again.
  Result<void> on_join_ops(const OpsBatch& batch, Revision head, const std::string& head_hash);

  /// The connection is gone (or left the document). Edits go on locally.
  void on_disconnect();

  /// What a resume sends as `revision` and `hash`; an empty hash is left out.
  Revision resume_revision() const { return revision_; }

  const std::string& resume_hash() const { return hash_; }

  /// False until a first snapshot, and when stopped: join without a revision.
  bool can_resume() const { return has_content_ && status_ != Status::kStopped; }

  // --- editing ---

  /// A local edit of the shown text. Errors: kOpInvalid if it does not fit, kUnavailable when there
  /// is no copy to edit (no content yet, or stopped); nothing changed then.
  Result<void> edit(const ot::Operation& op);

  /// What to send now, if anything: the in-flight operation if it has to be sent (again), exactly
  /// as it was first sent, or else the pending one, which becomes the in-flight one.
  std::optional<OutgoingSubmission> take_submission();

  /// Unset without a copy. What take_submission() gave for the first time is in it from then on.
  std::optional<Journal> journal() const;

  /// No answer came in time: take_submission() gives the same submission again.
  void resend();

  // --- receiving ---

  /// An `ops` event or a fetch-ops reply, in any order: known operations are ignored, early ones
  /// buffered. Errors: kInternal when an operation does not fit (the copies diverged); then
  /// stopped.
  Result<void> on_ops(const OpsBatch& batch);

  /// The same for an owner with many copies of one document, who knows what `batch` makes of this
  /// one's content and has it as `after`. Only with nothing unsaved and no gap, and a batch that
  /// begins behind revision() (asserted). O(1).
  void on_applied_ops(const OpsBatch& batch, const ot::Document& after);

  /// Revisions that are missing before buffered ones or the known head, for fetch-ops.
  std::optional<FetchRange> gap() const;

  /// The ack of a submission. Informational: progress is made by operations alone.
  void on_ack(ClientSeq seq, Revision revision);

  /// A submission was refused. Retryable: take_submission() gives it again, when the owner asks
  /// after a while. kNotJoined: offline. Otherwise stopped, see refusal(). Ignored for another seq
  /// than the one in flight.
  void on_refused(ClientSeq seq, const Error& error);

  // --- presence ---

  /// A presence event of another client; no selection withdraws.
  void on_presence(const ClientId& client, Revision revision, std::optional<ot::Range> selection);

  void on_user_left(const ClientId& client) { presence_.remove(client); }

  const std::map<ClientId, ot::Range>& selections() const { return presence_.shown(); }

  /// Sets the own selection in the shown text; edits move it from then on.
  void select(ot::Range selection);
  /// The own selection, if it is to be sent now, to be tagged with revision(): only when it changed
  /// by select() or a local edit, and nothing is unacknowledged.
  std::optional<ot::Range> take_presence();

  // --- queries ---

  Status status() const { return status_; }

  /// Why it stopped.
  const std::optional<Error>& refusal() const { return refusal_; }

  /// The shown text.
  const ot::Document& document() const { return document_; }

  ot::Type type() const { return type_; }

  const ClientId& self() const { return self_; }

  /// The last committed revision in the shown text.
  Revision revision() const { return revision_; }

  ClientSeq last_seq() const { return seq_; }

  /// True only if every edit was acknowledged, by being met among the committed operations.
  bool saved() const { return !in_flight_ && !pending_; }

  bool in_flight() const { return in_flight_.has_value(); }

  const std::optional<ot::Range>& selection() const { return selection_; }

 private:
  struct InFlight : Journal::InFlight {  // `sent` never changes
    bool to_send = false;                // take_submission() is to give it (again)
  };

  Result<void> stop(Error error);
  void reset();
  Result<void> advance(const OpsBatch& batch);
  Result<void> receive(const CommittedOp& committed);
  bool is_acknowledgement(const CommittedOp& committed) const;
  void keep_early(const OpsBatch& batch);
  Result<void> take_early();
  std::vector<const ot::Operation*> unacknowledged() const;

  ot::Type type_;
  ClientId self_;
  ClientSeq seq_;  // the highest used
  Status status_ = Status::kOffline;
  std::optional<Error> refusal_;

  bool has_content_ = false;
  ot::Document document_;
  Revision revision_;
  std::string hash_;  // the chain at revision_, empty if unknown

  std::optional<InFlight> in_flight_;
  std::optional<ot::Operation> pending_;  // set only if it changes something

  Revision head_;                       // the highest revision heard of
  std::map<Revision, OpsBatch> early_;  // by first revision; every key is above revision_ + 1
  std::size_t early_count_ = 0;         // operations in early_

  PresenceMap presence_;
  std::optional<ot::Range> selection_;
  bool presence_due_ = false;
};

}  // namespace cloudsync::client
