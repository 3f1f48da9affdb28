#pragma once
// One simulated user: a Socket.IO connection joined to one document, with the real synchronisation
// state machine (src/client) behind it. Loop thread only.
//
//   idle --start()--> connecting --ready--> joining --reply--> joined <----+
//                        |                     |                 |         | reply
//                        +------- lost --------+-----------------+         |
//                        v                                                 |
//      failed <--no reconnect-- lost --reconnect, after a while--> connecting ...

#include "client/document_client.h"
#include "loadtest/http_client.h"
#include "loadtest/measurements.h"
#include "loadtest/member_history.h"
#include "loadtest/options.h"
#include "loadtest/reconnect_backoff.h"
#include "loadtest/shared_document.h"
#include "loadtest/socket_io_client.h"

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace cloudsync::loadtest {

/// What all members share; outlives them.
struct MemberContext {
  runtime::Loop& loop;
  HttpClient& http;
  const Options& options;
  Measurements& measurements;
  std::mt19937_64& random;
  checker::HistoryWriter* history;  ///< may be null
  /// A start(), or what handshake_again() began, ended, joined or not.
  UniqueFunction<void(bool is_first)> on_handshake_over;
  /// Begins a handshake as soon as one may.
  UniqueFunction<void(UniqueFunction<void()>)> handshake_again;
};

class Member final : private SocketIoEvents {
 public:
  enum class State : std::uint8_t { kIdle, kConnecting, kJoining, kJoined, kLost, kFailed };

  /// `document` outlives the member; `number` is its own among all members of this process.
  Member(MemberContext& context, SharedDocument& document, std::size_t number);

  /// Connects. It was `due` then, which is what the time until it joined is counted from.
  void start(TimePoint due);
  /// Makes one random edit that was due at `scheduled`, and sends it as soon as it may.
  void edit(TimePoint scheduled);
  /// Ends the connection for good.
  void leave();
  /// Breaks the connection, to come back as after a failure of the network; nothing if there is
  /// none.
  void break_off();
  /// Reads that many bytes a second from now on, 0: all. A slow reader comes back whenever the
  /// server gave it up.
  void limit_reading(double bytes_per_second);

  /// At rest: writes what it ended with, if it takes part.
  void finish_history();

  State state() const { return state_; }

  /// Joined, everything acknowledged, nothing missing.
  bool quiet() const;

  /// Only with content, which a joined member has.
  const client::DocumentClient& copy() const { return *copy_; }

  /// The content as far as it is known to be others', too: members with the same object show the
  /// same. Else null.
  const SharedContent& shared_content() const { return content_; }

 private:
  struct PendingAck {
    enum class Kind : std::uint8_t { kJoin, kSubmit, kFetch } kind;
    ClientSeq seq;
  };

  void open();
  void give_up_after(Duration delay);
  void on_ready() override;
  bool try_packet(std::string_view text) override;
  void on_event(std::string_view name, const JsonArray& args, std::string_view text) override;
  void on_ack(std::uint64_t id, const JsonArray& args) override;
  void on_disconnected(std::string_view reason) override;

  void on_join_reply(const JsonObject& reply);
  void on_joined();
  void on_submit_reply(const PendingAck& pending, const JsonObject& reply);
  void request(std::string_view event, const JsonObject& body, PendingAck pending);
  void retry_later(std::chrono::milliseconds delay);
  void end_handshake();
  void fail_with(std::string_view code);

  // member_content.cc: what it learns of its document
  Result<void> take_content(const JsonObject& reply);
  Result<void> take_snapshot(Revision revision, std::string hash, const JsonValue& snapshot);
  void load_snapshot(const JsonObject& reply);
  void on_ops_event(const JsonObject& message, std::string_view text);
  using Batch = std::shared_ptr<const client::OpsBatch>;
  void receive(const Batch& batch);
  Result<void> apply(const Batch& batch);
  void measure(const client::OpsBatch& batch);
  void fetch_gap();

  // member_edits.cc: what it writes
  void submit();
  ot::Operation type();
  bool waits_for_more();
  void tell_cursor();
  void submit_at(TimePoint time);
  void measure_acks(ClientSeq last);

  MemberContext& context_;
  SharedDocument& document_;
  const std::size_t number_;
  SocketIoClient connection_;
  MemberHistory history_;
  State state_ = State::kIdle;
  bool in_handshake_ = false;  // it is not reported as over yet
  bool is_first_ = false;      // and a start() began it
  bool leaving_ = false;
  bool breaking_ = false;  // the connection is gone on purpose
  bool slow_ = false;      // since it was first limited
  double read_rate_ = 0;
  bool fetching_ = false;
  ReconnectBackoff backoff_;
  std::uint64_t attempt_ = 0;  // counts connections, so that an old timer or download is known
  std::optional<client::DocumentClient> copy_;
  SharedContent content_;  // what copy_ shows, if others may show it, too
  TimePoint due_;          // to be connected; until it has joined
  std::string auth_json_;  // {"client":{…}} from the first join on

  // What a writer has that a reader needs not.
  struct Keyboard {
    std::size_t keys_left = 0;  // before the cursor jumps
    bool jumped = true;         // since it was told
    TimePoint told_at;
    TimePoint submitted_at;
    bool waits = false;  // for the next time to submit or to tell
  };

  std::unique_ptr<Keyboard> keyboard_;
  EditTimes unsent_;                          // edits composed into the next submission
  std::map<ClientSeq, EditTimes> unacked_;    // edits in operations without an answer, at most two
  std::vector<Batch> early_;                  // live operations while the snapshot is downloaded
  std::map<std::uint64_t, PendingAck> acks_;  // at most a join, a fetch and a submission
  std::uint64_t next_ack_ = 0;
};

}  // namespace cloudsync::loadtest
