#pragma once
// A simulated person with a client: edits, connects again when the connection breaks, resends what
// is not answered in time, loses its page and goes on from its journal. What it sees goes into the
// history.

#include "client/document_client.h"
#include "network.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cloudsync::simulation {

class Editor {
 public:
  /// Opens a connection for the editor's line, or returns null if no node can be reached.
  using Connect = std::function<std::shared_ptr<Connection>(Line&, const ClientId&)>;

  Editor(Environment& environment, std::int64_t index, Connect connect);

  // --- what a plan has it do; nothing happens without a page ---

  void start();
  void edit(std::uint64_t key, bool large);
  void select(std::uint64_t key);
  /// The page is gone, and there again after `down`.
  void reload(Duration down);
  void cut();

  // --- queries ---

  const ClientId& id() const { return id_; }

  /// Null without a page.
  const client::DocumentClient* client() const { return client_ ? &*client_ : nullptr; }

  /// Live, everything acknowledged and nothing missing, or it was never started.
  bool is_at_rest() const;

  /// Set if its last submission was acknowledged.
  std::optional<ClientSeq> acknowledged_seq() const;

  Line& line() { return line_; }

  /// Who it shows as present.
  void note_members();
  /// Its last words in the history.
  void note_final();
  /// Which selections of `others` it shows.
  void note_cursors(const std::vector<ClientId>& others);

 private:
  void open_page();
  template <class Task>
  void after(Duration delay, Task task);
  Duration patience(std::uint64_t low_ms, std::uint64_t high_ms);

  void try_connect();
  void on_closed();
  void leave_connection();
  void on_message(const Message& message);
  void on_joined(const JsonObject& body);
  void on_content(Revision head, const std::string& hash, const JsonValue& snapshot);
  void on_submitted(const JsonObject& body);
  void on_fetched(const JsonObject& body);
  void on_ops(const JsonObject& body);
  void on_presence(const JsonObject& body);
  void remember(const client::OpsBatch& batch);
  void note_applied(Revision before);
  void note_light();
  void pump();
  void send_submission(const client::OutgoingSubmission& submission);
  void send_fetch(client::FetchRange range);
  void cut_if_silent(std::uint64_t request);
  void write_journal();
  void on_journal_written(client::Journal written);
  void note(checker::Event event);
  void complain(const std::string& what);

  /// Who made a committed operation.
  struct Committed {
    ClientId client;
    ClientSeq seq;
    std::string hash;
  };

  Environment& environment_;
  ClientId id_;
  Connect connect_;
  Line line_;
  bool started_ = false;
  std::uint64_t page_ = 0;       // which one it is: timers of an earlier one are void
  std::uint64_t decisions_ = 0;  // of how long it waits

  // The page.
  std::optional<client::DocumentClient> client_;
  std::shared_ptr<Connection> connection_;
  bool afresh_ = false;  // the next join is without a revision
  std::uint64_t last_request_ = 0;
  std::uint64_t join_request_ = 0;   // unanswered; 0 if none
  std::uint64_t fetch_request_ = 0;  // unanswered; 0 if none
  std::int64_t join_asked_ = 0;
  std::map<Revision, Committed> seen_;  // not applied yet
  std::set<std::string> members_;       // others that it shows, by client id
  std::optional<bool> light_;
  bool retrying_ = false;                           // a refused submission waits
  std::uint64_t sends_ = 0;                         // of submissions
  std::optional<client::OutgoingSubmission> held_;  // until it is in the journal
  bool journal_dirty_ = false;
  bool journal_writing_ = false;
  std::uint64_t contents_ = 0;  // how often the copy was replaced by the server's

  // What survives it.
  std::optional<client::Journal> journal_;
  ClientSeq journaled_seq_;
  ClientSeq met_seq_;  // the last own one among the committed operations
};

}  // namespace cloudsync::simulation
