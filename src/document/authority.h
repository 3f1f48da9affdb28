#pragma once
// DocumentAuthority: one document's order of operations, as a pure state machine. It has no store,
// clock, executor or lock: requests and completions come in by calls, what is to be done comes out
// as effects, time and randomness are passed in. So a whole cluster can be simulated from one seed.
//
// A submission's way: duplicate? -> parse, limits -> moved over the log to the head -> queue ->
// batch (moved over its batch-mates, tried on the working copy) -> append -> committed: frame, then
// ack.
//
// The way to the head and over the batch-mates is walked in slices: between two of them other
// documents have their turn.
//
//   kIdle --submissions wait--> kBatching --batch--> kAppending --committed--> kIdle
//                        |--refused--> kIdle       (the batch is answered `unavailable`)
//                        '--conflict, unknown--> kRecovering --log read to its end--> kIdle
//   any --damaged log--> kBroken
//
// In company, what comes faster than a window lets it travels together: a batch begins no sooner
// than limits.batch_window behind the one before it, and presence that changed meanwhile leaves in
// one turn. Who is slower than that, or alone, waits for nothing.
//
// One append is in flight at most. While recovering, no submission is answered: what was committed
// is found in the log by (client, seq), the rest is moved on and appended again.
//
// Other nodes may write to the same log (share_as). What they commit is followed by their
// publications if these come in order, and else by the log: at a gap, at a conflict, at a check of
// the head. A joiner is answered after such a check, so that it finds what anybody was told before.
// Who is there, and where their cursors are, nodes tell each other by rosters: all of it each time,
// as often as they please, and nothing depends on any one of them.
//
// Crash: nothing here is needed afterwards; the store has every acknowledged operation, and the
// last submission of each client for resends.

#include "base/clock.h"
#include "base/limits.h"
#include "base/on_demand.h"
#include "base/random.h"
#include "document/content.h"
#include "document/effects.h"
#include "document/history.h"
#include "document/ledger.h"
#include "document/members.h"
#include "document/payload.h"
#include "document/rebase.h"
#include "document/remote_members.h"
#include "document/work.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cloudsync::document {

/// What the outside knows at the time of a call.
struct Moment {
  Timestamp now;
  TimePoint at;  ///< for the windows; never goes back
  RandomSource& random;
};

class DocumentAuthority {
 public:
  /// Replays the tail over the snapshot. `limits` outlives the authority. Errors: kInternal if the
  /// stored document is damaged or of an unknown type.
  static Result<std::unique_ptr<DocumentAuthority>> open(storage::OpenedDocument opened,
                                                         const Limits& limits);

  // --- requests: each token gets one answer, now or later ---

  void join(Token token, MemberId member, const JoinRequest& request, Timestamp now);
  void submit(Token token, MemberId member, const Submission& submission, Moment moment);
  void fetch(Token token, MemberId member, const FetchRequest& request);
  void presence(MemberId id, const PresenceUpdate& update, Moment moment);
  /// Also for a connection that is gone: whatever the member waits for is still answered. False if
  /// it was neither a member nor joining.
  bool leave(MemberId member, Timestamp now);
  /// Answered when the head is no older than this call.
  void refresh(Token token);

  // --- other nodes ---

  /// Others may write to the log (OpStore::is_shared()), and have members of their own. `node` is
  /// what they know this authority by, and no other.
  void share_as(SharedText node) {
    shared_ = true;
    node_ = std::move(node);
  }

  /// What another node committed, as decode_publication() gives it; in any order, or twice.
  void on_publication(std::vector<storage::Update> updates, Moment moment);
  /// Looks whether the log goes on behind the head, if nothing else would tell. To be called now
  /// and then while the document is shared: that is how long a lost publication may go unnoticed.
  void check_head();

  /// Who is in the document at another node; in any order, or twice.
  void on_roster(Roster roster, Timestamp now);
  /// To be called a few times a second while the document is shared: tells the others who is here,
  /// if that changed, or `is_heartbeat`. A node that was not heard of for three of these is gone.
  void beat(bool is_heartbeat, Timestamp now);

  // --- completions of effects ---

  void on_append(const storage::AppendOutcome& outcome, Moment moment);
  void on_updates(Token token, Result<std::vector<storage::Update>> updates, Moment moment);
  void on_client(const ClientId& client,
                 Result<std::optional<storage::ClientRecord>> record,
                 Timestamp now);
  void on_snapshot();
  void go_on(Moment moment);
  /// The window is over, whatever the time is.
  void on_window(Window window, Moment moment);

  /// Gives up waiting for a store that doesn't answer: every submission is answered `unavailable`,
  /// though some may have been committed. For a shutdown; a resend elsewhere finds out.
  void abandon();

  /// What is to be done now, in order. Empty it after each call.
  std::vector<Effect> take_effects() {
    work_.drop_if_empty();  // the call is over
    elsewhere_.drop_if_empty();
    return std::exchange(effects_, {});
  }

  // --- queries ---

  const storage::DocumentInfo& info() const { return info_; }

  Revision head() const { return history_.head(); }

  /// The content at the head.
  DocumentContent content();

  bool has_members() const { return !members_.empty(); }

  /// Bytes of the content as JSON text, about.
  std::size_t content_bytes() const { return content_.bytes(); }

  /// Nothing is in flight or waiting.
  bool is_quiet() const;

 private:
  enum class Phase : std::uint8_t { kIdle, kBatching, kAppending, kRecovering, kBroken };

  DocumentAuthority(storage::DocumentInfo info,
                    ot::Type type,
                    ot::Document document,
                    Revision revision,
                    const storage::ChainHash& hash,
                    const Limits& limits);

  // authority.cc
  Result<Committed> apply_committed(storage::Update update,
                                    Revision previous,
                                    const storage::ChainHash& previous_hash);
  void answer_everything(const Error& error);
  void break_down(const Error& error);
  void read(Read purpose, Revision from, Revision to, storage::ReadBudget budget);
  storage::ReadBudget catch_up_budget() const;
  bool knows(const ClientId& client) const;
  void maybe_forget(const ClientId& client);
  void deliver(std::string_view event,
               std::string payload,
               std::optional<MemberId> except,
               const std::optional<ClientId>& presence_of);

  // authority_join.cc
  void admit(Token token, Timestamp now);
  void try_join(Token token, Timestamp now);
  void join_afresh(Token token, Timestamp now);
  void resume(Token token, Timestamp now);
  void answer_join(Token token, Result<JoinReply> reply);
  void on_join_read(Token token, Result<std::vector<storage::Update>> updates, Timestamp now);
  void on_fetch_read(const FetchRead& fetch, Result<std::vector<storage::Update>> updates);
  void finish_resume(Token token,
                     const storage::ChainHash& hash,
                     const UpdateList& updates,
                     Timestamp now);
  void finish_join(Token token, Timestamp now, JoinReply content);
  void announce(const Member& member, Timestamp now);
  void remove_member(MemberId id, Timestamp now);
  void answer_fetch(Token token, Revision to, const UpdateList& updates);
  UpdateList held_updates(Revision from, Revision to) const;

  // authority_presence.cc
  void withdraw_presence(Member& member);
  void show_soon(Member& member, Moment moment);
  void deliver_presence();
  std::optional<JsonObject> moved_state(const PresenceUpdate& update, const ClientId& author) const;
  void tell_roster();
  void show_remote(Timestamp now);
  void show_remote_presence(const RosterMember& member, std::optional<MemberId> only);
  void come_over(Member& member, const RosterMember& shown, Timestamp now);
  std::size_t member_count() const;

  // authority_follow.cc
  void look_up(const ClientId& client);
  void wait_for_head(HeadWaiter waiter);
  void read_head();
  void on_head_read(Result<std::vector<storage::Update>> updates, Moment moment);
  void finish_head_check(const Result<void>& checked, Timestamp now);

  bool can_follow(const std::vector<storage::Update>& updates) const;
  bool follow(std::vector<storage::Update> updates);

  // authority_submit.cc
  void answer_submit(Token token, Result<Revision> reply, bool duplicate = false);
  void answer_pending(const ClientId& client, const Result<Revision>& reply);
  void refuse_invalid(const PendingSubmission& submission, Error error);
  bool answer_if_known(Token token, const PendingSubmission& submission);
  Result<Revision> reply_to_met(const PendingSubmission& submission);
  bool join_pending(Token token, const PendingSubmission& submission);
  Result<void> check_admissible(const PendingSubmission& submission) const;
  void move_to_head(Moving moving, Moment moment);
  Result<Committed> take_read(Moving& moving) const;
  void on_rebase_read(PendingSubmission submission,
                      Result<std::vector<storage::Update>> updates,
                      Moment moment);
  RebaseStep step(PendingSubmission& submission, const Committed& committed, Slice& slice);
  void pause(Turn turn);
  void give_up(const PendingSubmission& submission, const Error& error);

  // authority_queue.cc
  void enqueue(PendingSubmission submission);
  void start_batch(Moment moment);
  void make_batch(Moment moment);
  void go_on_recovering();
  bool move_laggards(Slice& slice);
  bool form_batch(Slice& slice, Moment moment);
  bool move_candidate(Slice& slice);
  bool add_candidate(Slice& slice, Moment moment);
  void refuse_candidate(Error error);
  PendingSubmission take_candidate();
  void append_batch(Moment moment);

  // authority_windows.cc
  Duration window(Duration full) const;
  bool hold(Window window, Moment moment);

  // authority_commit.cc
  void on_committed(Moment moment);
  void on_refused(const storage::AppendOutcome& outcome, Moment moment);
  void recover();
  void on_recovery_read(std::uint32_t attempt,
                        Result<std::vector<storage::Update>> updates,
                        Moment moment);
  void publish(std::vector<Committed> batch);
  void write_snapshot_if_due();

  const Limits& limits_;
  storage::DocumentInfo info_;  // its head fields are of the time of opening: see history_
  Content content_;             // committed part at history_.head()
  History history_;
  Timestamp last_at_;  // created_at of the head
  ot::Type type_;
  Phase phase_ = Phase::kIdle;
  bool writing_snapshot_ = false;
  bool shared_ = false;
  bool roster_due_ = false;

  Members members_;
  OnDemand<Elsewhere> elsewhere_;
  ClientLedger ledger_;  // of clients that are known here those who join or have submitted
  OnDemand<Work> work_;  // a document at rest has none

  /// What is not due before `opens_at`.
  struct Holding {
    TimePoint opens_at;
    bool held = false;  // a WindowEffect is under way
  };

  Holding batch_holding_;
  Holding presence_holding_;

  Token last_read_ = 0;

  SharedText node_;
  std::uint64_t last_roster_ = 0;
  Revision heard_;  // the last revision that another node said there is

  std::uint64_t ops_since_snapshot_ = 0;
  std::size_t bytes_since_snapshot_ = 0;

  std::vector<Effect> effects_;
};

}  // namespace cloudsync::document
