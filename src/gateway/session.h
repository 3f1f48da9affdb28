#pragma once
// An Engine.IO v4 session, over polling or WebSocket with upgrade. One state machine for all
// transports; the HTTP side is in polling.cc, what waits in session_input.cc, heartbeat and
// deadlines in session_time.cc. What its messages mean is its handler's business.
//
//   polling --2probe/3probe, 5--> websocket; any --close--> closed
//
// Contract of the stock server, section by section: docs/protocol.md and the Engine.IO protocol
// (v4). Deadlines are absolute and are checked when a request arrives as well as by the sweep.

#include "base/limits.h"
#include "base/metrics.h"
#include "base/on_demand.h"
#include "codec/engineio/packet.h"
#include "codec/websocket/frame.h"
#include "gateway/connection.h"
#include "gateway/encoded_packet.h"
#include "gateway/message_handler.h"
#include "gateway/peer_limits.h"
#include "gateway/refusals.h"
#include "gateway/requests_in_flight.h"

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::gateway {

enum class Transport : std::uint8_t { kPolling, kWebSocket };

class Session;

/// How far apart pings leave, a group at a time: 390 ms by default. Gathered so, 20,000 of them and
/// their pongs took a sixth less processor time than every 100 ms, since each group wakes its loop
/// and its peers' once; every 1.6 s it would be another 4 % (bench/profiles.md, Heartbeats).
inline Duration ping_grain(const Limits& limits) {
  return std::max(Duration(limits.ping_interval) / 64, Duration(1));
}

/// What a session needs of the gateway around it.
struct SessionEnvironment {
  runtime::Loop& loop;
  const Limits& limits;
  Metrics& metrics;
  Refusals& refusals;
  Counter& queue_limit;     ///< limit="send_queue_bytes"
  Counter& presence_limit;  ///< limit="presence_queue_bytes"
  Counter& requests_limit;  ///< limit="requests_in_flight"
  Counter& stalled_limit;   ///< limit="send_queue_timeout"
  char sid_prefix;          ///< of all sids: names the loop
  EncodedPacket ping = EncodedPacket::from_engine_text("2");
  /// Calls the function on the session, if it is still there, at the end of this turn of the loop.
  /// From any thread.
  std::function<void(SessionId, void (Session::*)())> call_later;
  /// The session is to be looked at, tick(), in the next sweep.
  std::function<void(SessionId)> look_soon;
  /// A session that was opened by WebSocket has joined, or closed before it did. Once.
  std::function<void()> arrived;
  /// The session closed; destroy it soon, not at once.
  std::function<void(Session&)> retire;
  /// Pings leave at this time and whole grains from it.
  TimePoint pings_from;

  /// When a session is pinged that is heard of now: limits.ping_interval later, or up to a grain
  /// before that, together with others.
  TimePoint next_ping() const;
};

// Most sessions are idle, so what only some need, or for some time, is made when it is needed:
// Rest.
class Session {
 public:
  struct Identity {
    SessionId id;
    SidSecret secret;
    SharedText peer;  ///< the address that opened it
  };

  Session(SessionEnvironment& environment,
          Identity identity,
          const Subject& subject,
          Transport transport);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Who gets the messages; set once, before the session opens.
  void set_handler(std::unique_ptr<MessageHandler> handler) { handler_ = std::move(handler); }

  MessageHandler& handler() { return *handler_; }

  /// Its place among the sessions of its address.
  void hold(PeerLimits::Arrival places);

  // --- transports ---
  /// Opens on an accepted WebSocket: sends the open packet.
  void open_websocket(Connection& connection);
  /// Opens on polling: answers the handshake request, with these headers, too.
  void open_polling(Connection& connection, codec::http1::Headers headers = {});
  void on_poll(Connection& connection);
  /// The head of a POST is here, its body is not: nothing, or the refusal of a second one.
  std::optional<codec::http1::Response> on_post_head(Connection& connection);
  /// The body is here, too: the connection brings nothing more, whoever the request turns out to be
  /// for.
  void on_body(Connection& connection);
  void on_post(Connection& connection, codec::http1::Request request);
  /// A WebSocket that wants to take over from polling; it was accepted already.
  void begin_upgrade(Connection& connection);
  void on_websocket_text(Connection& connection, std::string_view text);
  void on_websocket_binary(Connection& connection, std::string_view bytes);
  void on_connection_ended(Connection& connection);
  void on_drained(Connection& connection);

  // --- the handler's side ---
  /// Queues a packet. A queue over limits.send_queue_bytes closes the session: its peer does not
  /// read.
  void send(const EncodedPacket& packet);
  /// Like send(), but of packets with one key only the latest is kept while the peer is slow.
  void send_latest(const std::string& key, const EncodedPacket& packet);

  /// Forgets what send_latest() holds back.
  void drop_latest();

  /// `reason` is one of Socket.IO's.
  void close(std::string_view reason);
  /// Closes for what the peer did or left undone: `cause`, a label, is counted and logged. A peer
  /// on WebSocket gets `code`.
  void refuse(std::string_view cause,
              std::string_view reason,
              std::uint16_t code = codec::websocket::kCloseNoStatus);
  /// The same, but a polling client without a GET is told at its next one, within a time.
  void close_with_farewell(std::string_view reason);

  /// The peer is somebody now: for limits.unjoined_sessions_per_ip and handshakes_at_once.
  void note_joined();

  /// Counts a message that is worked on beyond this call, `weight` times; see requests_in_flight.h.
  RequestTicket begin_request(std::size_t weight);

  /// Heartbeat and deadlines. Comes when it said that it is due, and in the sweep behind any other
  /// call but a send that the peer took. Returns the next time, kNever for none.
  TimePoint tick(TimePoint now);

  /// When tick() is due, if nothing more happens.
  TimePoint next_look(TimePoint now) const {
    return std::min(handler_->next_tick(), next_tick(now, queued_bytes() > 0));
  }

  /// Answers a held poll with what is buffered.
  void flush();
  /// Goes on with the messages that waited: a request was finished, or a new turn has begun.
  void continue_input();

  /// Notes that something of the peer was refused; nothing happens to the session.
  void note_refusal(std::string_view event, std::string_view cause, std::string_view detail = {});

  const Identity& identity() const { return identity_; }

  /// Names the session in URLs.
  std::string sid() const;

  Subject subject() const {
    return {.user = user_,
            .from_cookie = from_cookie_,
            .guests_allowed = guests_allowed_,
            .handshake = rest_->handshake};
  }

  Transport transport() const { return transport_; }

  bool upgrading() const { return polling() != nullptr && polling()->candidate != nullptr; }

  bool closed() const { return closed_; }

  /// Closed, and one GET may take the last packets.
  bool lingering() const { return polling() != nullptr && polling()->linger_deadline != kNever; }

  std::size_t queued_bytes() const;

  /// Polling: bytes that wait for the next GET.
  std::size_t buffered_bytes() const {
    return polling() == nullptr ? 0 : polling()->buffered_bytes;
  }

  /// Whether a packet would leave about now: a GET is held, or a WebSocket has little queued.
  bool writable() const;

 private:
  /// A message of the peer, taken apart now or when enough requests before it are finished.
  struct Message {
    bool binary = false;
    std::string bytes;
  };

  /// A POST of which not all is handled: it is read packet by packet, so that what waits costs no
  /// more than its body.
  struct Post {
    Post(Connection& carrier, std::string payload)
        : connection(&carrier), body(std::move(payload)), reader(body) {}

    Post(const Post&) = delete;
    Post& operator=(const Post&) = delete;

    /// Once; the next answer is dropped.
    void answer(codec::http1::Response response);
    /// The answer when all of it is handled, or will never be.
    void answer_ok();

    Connection* connection;  // null when it needs no answer any more
    const std::string body;
    codec::engineio::PayloadReader reader;
    std::optional<codec::engineio::Packet> waiting;  // was read, and waits for requests before it
  };

  /// What a session needs while it polls, and until what it polled is handled.
  struct Polling {
    Connection* candidate = nullptr;  // a WebSocket that is upgrading
    Connection* poll = nullptr;       // a held GET
    Connection* receiving = nullptr;  // brings the body of a POST
    std::list<EncodedPacket> buffer;  // packets for the next GET
    std::size_t buffered_bytes = 0;
    std::unique_ptr<Post> post;
    TimePoint upgrade_deadline = kNever;
    TimePoint linger_deadline = kNever;
    bool candidate_probed = false;
    bool flush_scheduled = false;

    std::list<EncodedPacket> take_buffer();
    bool unused() const;
  };

  /// What a session needs while something of it waits.
  struct Backlog {
    std::map<std::string, EncodedPacket> latest;  // presence held back
    std::list<Message> waiting;  // what a WebSocket brought in one read, behind requests or a POST
    // Of the WebSocket's queue, when it last moved or was empty:
    std::uint64_t sent_seen = 0;
    TimePoint queue_moved_at;
    bool queue_seen = false;  // at the last look something was queued

    bool empty() const { return latest.empty() && waiting.empty() && !queue_seen; }
  };

  /// The WebSocket close code for a peer that does not read: of those for private use, since 1008
  /// tells a peer that it broke a rule and 1013 that the server is at fault.
  static constexpr std::uint16_t kCloseSlowConsumer = 4008;

  /// What some sessions need for as long as they live, and others for some time or never.
  struct Rest {
    std::unique_ptr<Polling> polling;  // never null while transport_ is kPolling
    std::unique_ptr<Backlog> backlog;
    std::shared_ptr<RequestsInFlight> requests;  // null while there are none
    std::shared_ptr<const Handshake> handshake;
    PeerLimits::UnjoinedHold unjoined;

    /// Gives back what only a busy session needs.
    void drop_unused(Transport transport);
    bool empty() const;
  };

  /// These are null for one that there is none of.
  Polling* polling() const { return rest_->polling.get(); }

  Backlog* backlog() const { return rest_->backlog.get(); }

  RequestsInFlight* requests() const { return rest_->requests.get(); }

  Backlog& make_backlog();

  bool has_input() const {
    return (polling() != nullptr && polling()->post != nullptr) ||
           (backlog() != nullptr && !backlog()->waiting.empty());
  }

  /// The WebSocket is the transport from now on.
  void carry_by(Connection& connection);

  bool is_candidate(const Connection& connection) const {
    return upgrading() && polling()->candidate == &connection;
  }

  void handle_engine_packet(const codec::engineio::Packet& packet);
  void take_message(bool binary, std::string_view bytes);
  bool must_wait();
  void release_input();
  void stop_waiting();
  /// These handle one packet that waits; false if it must wait on.
  bool handle_next();
  bool read_post();
  bool handle_waiting();
  void handle_candidate_text(std::string_view text);
  /// The first packet of a peer whose pong is due gives it the timeout once more: its line may be
  /// busy with a slow upload.
  void note_life();
  /// Whether the peer has taken nothing of its queue for limits.send_queue_timeout. Polling needs
  /// no such: a GET that does not come is a ping that is not answered, an answer that is not taken
  /// is the connection's deadline.
  bool stalled(TimePoint now);
  void expect_ping_soon();
  void ping_if_due(TimePoint now);
  /// When tick() is due again; `queued` to be watched.
  TimePoint next_tick(TimePoint now, bool queued) const;
  /// close(), which gives the WebSocket's code.
  void end(std::string_view reason, std::uint16_t code);
  void retire();
  void end_arrival();
  void complete_upgrade();
  void say_farewell();
  void drop_candidate(std::uint16_t close_code = codec::websocket::kCloseNoStatus);
  void abort_upgrade(std::uint16_t close_code);
  /// A connection that carries no WebSocket of the session, or one that is upgrading.
  void on_request_ended(Connection& connection);
  /// Ends what polls. True if the session lingers for a last GET.
  bool close_polling();
  /// Answers a held GET with a noop.
  void free_poll();
  void send_engine(char type, std::string_view data = {});
  std::string open_packet(bool can_upgrade) const;
  void send_held_presence();

  SessionEnvironment& environment_;
  Identity identity_;
  SharedText user_;
  Connection* websocket_ = nullptr;  // the transport, once it is one
  OnDemand<Rest> rest_;
  std::unique_ptr<MessageHandler> handler_;
  TimePoint heartbeat_;  // when the next ping is due, or the pong
  PeerLimits::SessionHold hold_;
  Transport transport_;
  bool pong_awaited_ = false;
  bool pong_extended_ = false;  // for a sign of life, which counts once
  bool input_held_ = false;     // for too many requests, or what is queued for it
  bool continuing_ = false;     // inside continue_input()
  bool arriving_;               // opened by WebSocket, and neither joined nor closed yet
  bool closed_ = false;
  // Bits, so that it is 96 bytes, a size of malloc's.
  bool joined_ : 1 = false;
  bool from_cookie_ : 1;  // of the subject
  bool guests_allowed_ : 1;
};

}  // namespace cloudsync::gateway
