#pragma once
// Engine.IO v4 on one loop: accepts connections, checks who may talk, routes HTTP requests, and
// owns the sessions of its loop. Engines of other loops are reached by posting; a request for a
// session of another loop takes its whole socket there (the sid names the loop). Everything here
// runs on the loop's thread.

#include "base/keyed.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/random.h"
#include "codec/engineio/packet.h"
#include "gateway/access_policy.h"
#include "gateway/connection.h"
#include "gateway/due_times.h"
#include "gateway/engine_application.h"
#include "gateway/message_compression.h"
#include "gateway/peer_limits.h"
#include "gateway/queued_answers.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "runtime/loop.h"

#include <boost/unordered/unordered_flat_set.hpp>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cloudsync::gateway {

class ClientBundle;

struct EngineOptions {
  /// With a slash at both ends. Requests below it are the engine's.
  std::string path = "/socket.io/";
  /// Name of a cookie with the sid in the answer to a polling handshake, for balancers that stick
  /// to it; empty: none.
  std::string cookie = {};
  /// Browsers reach the node by TLS alone: the cookie is Secure.
  bool https = false;
  /// The client library's files, served below the path; may be null.
  const ClientBundle* client_bundle = nullptr;
  /// Negotiate permessage-deflate with WebSocket clients that offer it.
  bool websocket_compression = false;
};

struct EngineDependencies {
  runtime::Loop& loop;
  std::uint32_t loop_index;  ///< below kLoopsMax
  EngineApplication& application;
  const AccessPolicy& policy;
  const Limits& limits;
  RandomSource& random;
  Metrics& metrics;
  PeerLimits& peer_limits;  ///< of the node: one for all loops
  EngineOptions options = {};
};

/// The first character of an Engine.IO sid names the loop.
inline constexpr std::string_view kLoopAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr std::uint32_t kLoopsMax = 64;
static_assert(kLoopAlphabet.size() == kLoopsMax);

class Engine final : public ConnectionOwner {
 public:
  explicit Engine(const EngineDependencies& dependencies);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// All engines of the node, by loop index; before listen().
  void set_peers(std::span<Engine* const> peers) { peers_.assign(peers.begin(), peers.end()); }

  /// Accepts on the endpoint; with `shared` several loops listen on the same one.
  Result<runtime::Endpoint> listen(const runtime::Endpoint& endpoint, bool shared);

  /// The session, or null if it is gone. Whoever asks may change it, so it is looked at in the next
  /// sweep.
  Session* find(SessionId id);

  /// The session of this sid that is not retired, or null; looked at as well.
  Session* find(std::string_view sid);

  /// The same as by id for who only sends to it: it is looked at if its peer does not take that at
  /// once.
  Session* find_receiver(SessionId id);

  /// Calls `visit(session)`; sessions may open and close meanwhile.
  template <class Visit>
  void for_each_session(Visit visit);

  /// Stops accepting and refuses new sessions from now on.
  void drain();
  /// Closes all sessions and connections.
  void close_all();

  runtime::Loop& loop() { return loop_; }

  /// What is refused on this loop is noted here.
  Refusals& refusals() { return refusals_; }

  std::size_t session_count() const { return by_sid_.size(); }

 private:
  struct PointerOf {
    static const Connection* key(const std::unique_ptr<Connection>& element) {
      return element.get();
    }

    static const Connection* key(const Connection* pointer) { return pointer; }
  };

  struct SidOf {
    const std::vector<std::unique_ptr<Session>>* slots;

    std::string key(std::uint32_t slot) const { return (*slots)[slot]->sid(); }

    static std::string_view key(std::string_view sid) { return sid; }
  };

  std::optional<codec::http1::Response> on_head(Connection& connection,
                                                const codec::http1::Request& request) override;
  void on_request(Connection& connection, codec::http1::Request request) override;
  void on_websocket_text(Connection& connection, std::string_view text) override;
  void on_websocket_binary(Connection& connection, std::string_view bytes) override;
  void on_violation(Connection& connection, std::string_view limit_or_reason) override;
  void on_drained(Connection& connection) override;
  void on_ended(Connection& connection) override;
  void on_gone(Connection& connection) override;
  void on_watch(Connection& connection) override;

  /// Takes no further connections for now if there is too much to do for those that there are.
  void limit_arrivals();
  void accept(runtime::SocketId socket, const runtime::Endpoint& peer, bool loopback_listener);
  Connection& add_connection(RequestOrigin origin);
  /// Its socket is gone, or another loop's.
  void remove(Connection& connection);
  void adopt(int descriptor,
             RequestOrigin origin,
             PeerLimits::ConnectionHold peer_hold,
             codec::http1::Request request,
             std::string input);
  bool check_access(Connection& connection, const codec::http1::Request& request);
  /// Adds the CORS headers; true if the request was a preflight and is answered.
  bool answer_cross_origin(Connection& connection, const codec::http1::Request& request);
  void serve_engine(Connection& connection, codec::http1::Request request);
  void open_session(Connection& connection, const codec::http1::Request& request, bool websocket);
  codec::http1::Headers session_cookie(const Session& session) const;
  void serve_session(Connection& connection, codec::http1::Request request, const std::string& sid);
  bool speaks_for(const Connection& connection,
                  const codec::http1::Request& request,
                  const Session& session);
  void continue_session(Connection& connection, codec::http1::Request request, Session& session);
  void move_to_loop(Connection& connection, codec::http1::Request request, std::uint32_t loop);
  void refuse_engine(Connection& connection,
                     const codec::http1::Request& request,
                     codec::engineio::RefusalCode code,
                     std::string_view message = {});
  void refuse_upgrade(Connection& connection, codec::http1::Response response);
  void note_refused_request(const Connection& connection, std::string_view reason);
  /// 429 for a limit of the caller's own, 503 for the node's; with Retry-After.
  void refuse_for_now(Connection& connection, const Error& error);
  /// Why the node takes no further session now, counted; nothing if it does.
  std::optional<Error> refuse_session();
  std::optional<Error> refuse_overloaded();
  /// Sends the application's answer, or refuses it if too many bytes of answers are queued.
  void answer(Connection& connection, codec::http1::Response response);

  Session* session_of(Connection& connection) { return find(connection.session); }

  Session& add_session(const RequestOrigin& origin, const Subject& subject, Transport transport);
  void retire(Session& session);
  /// Of a session: its next look is the next sweep's.
  void look_soon(std::uint32_t slot);
  void schedule_sweep();
  void sweep_at(TimePoint due);
  /// Something is due at `due`: the next sweep comes by then, or in the usual interval if that is
  /// later.
  void sweep_by(TimePoint due);
  void sweep();
  /// The sweep's part that may take several turns, beside further sweeps.
  void look_at_due();
  /// Counts what was queued for a peer when it was looked at.
  void note_queued(std::size_t bytes);
  void check_deadlines(TimePoint now);
  /// Takes a connection off the list of those that are watched.
  void unwatch(const Connection& connection);

  runtime::Loop& loop_;
  const std::uint32_t loop_index_;
  const EngineOptions options_;
  EngineApplication& application_;
  const AccessPolicy& policy_;
  const Limits& limits_;
  RandomSource& random_;
  Metrics& metrics_;
  PeerLimits& peer_limits_;
  ConnectionEnvironment connection_environment_;
  Refusals refusals_;
  SessionEnvironment environment_;
  Gauge& connections_gauge_;
  Gauge& sessions_gauge_;
  Gauge& queued_gauge_;
  Histogram& queue_depth_;
  Histogram& lag_seconds_;
  Counter& accept_lag_limit_;
  Counter& handshakes_limit_;
  QueuedAnswers queued_answers_;
  std::int64_t queued_ = 0;  // seen in the sweep under way
  std::int64_t queued_reported_ = 0;
  std::vector<Engine*> peers_;
  boost::unordered_flat_set<std::unique_ptr<Connection>, KeyHash<PointerOf>, KeyEqual<PointerOf>>
      connections_;
  // By their hash: connections of a few proxies share the texts of their addresses.
  std::array<SharedText, 64> recent_addresses_;
  std::vector<Connection*> watched_;             // those that asked for it, each at its watch_place
  std::vector<std::unique_ptr<Session>> slots_;  // null: free
  DueTimes due_;                                 // of the sessions, by slot
  std::vector<SessionId> free_ids_;              // of next sessions, one for each free slot
  boost::unordered_flat_set<std::uint32_t, KeyHash<SidOf>, KeyEqual<SidOf>>
      by_sid_;  // slots of sessions
  std::optional<runtime::TimerId> sweep_timer_;
  std::optional<runtime::TimerId> looking_;  // at further sessions that are due
  TimePoint sweep_due_;
  Duration lag_{};  // of the last sweep
  // Sessions that were opened by WebSocket and have joined nothing yet. Those of polling may need a
  // connection for that, which the hold would keep out.
  std::size_t arriving_ = 0;
  Counter* arrivals_held_for_ = nullptr;  // the limit that is reached; null: none
  bool draining_ = false;
};

// By index, because sessions may be added meanwhile: answering a poll may go on with a handshake
// that its peer sent behind it. They are removed at the end of the turn only.
template <class Visit>
void Engine::for_each_session(Visit visit) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (Session* session = slots_[i].get()) {
      look_soon(static_cast<std::uint32_t>(i));  // as in find()
      visit(*session);
    }
  }
}

}  // namespace cloudsync::gateway
