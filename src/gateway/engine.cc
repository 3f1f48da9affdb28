#include "gateway/engine.h"

#include "base/assert.h"
#include "codec/websocket/frame.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace cloudsync::gateway {

namespace {

/// Deadlines are met to within this time; requests check them exactly.
constexpr std::chrono::milliseconds kSweepInterval{100};

/// The same while nothing is due before: a timer costs a loop that sleeps 70 µs on a virtual
/// machine, a tenth of what its 17,500 idle sessions do.
constexpr std::chrono::seconds kIdleSweepInterval{1};

/// Sessions that are looked at, most of them pinged, in one turn: some 6 µs each with their sends,
/// so that others' messages wait a millisecond at most for those who joined at the same time.
constexpr std::size_t kLooksPerTurn = 128;

/// The whole message (Engine.IO protocol, v4).
constexpr std::string_view kPong = "3";

/// Bytes. By default presence waits from 64 KiB on, and a connection is closed above 1 MiB.
constexpr std::array kQueueBounds = {1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0};

}  // namespace

Engine::Engine(const EngineDependencies& dependencies)
    : loop_(dependencies.loop),
      loop_index_(dependencies.loop_index),
      options_(dependencies.options),
      application_(dependencies.application),
      policy_(dependencies.policy),
      limits_(dependencies.limits),
      random_(dependencies.random),
      metrics_(dependencies.metrics),
      peer_limits_(dependencies.peer_limits),
      connection_environment_(
          loop_, *this, limits_, options_.path, dependencies.options.websocket_compression),
      refusals_(loop_, metrics_),
      environment_{.loop = loop_,
                   .limits = limits_,
                   .metrics = metrics_,
                   .refusals = refusals_,
                   .queue_limit = metrics_.limit("send_queue_bytes"),
                   .presence_limit = metrics_.limit("presence_queue_bytes"),
                   .requests_limit = metrics_.limit("requests_in_flight"),
                   .stalled_limit = metrics_.limit("send_queue_timeout"),
                   .sid_prefix = kLoopAlphabet[loop_index_],
                   .call_later =
                       [this](SessionId id, void (Session::*function)()) {
                         loop_.post([this, id, function] {
                           if (Session* found = find(id)) {
                             (found->*function)();
                           }
                         });
                       },
                   .look_soon = [this](SessionId id) { look_soon(slot_of(id)); },
                   .arrived = [this] { --arriving_; },
                   .retire = [this](Session& session) { retire(session); },
                   // Not all loops' at the same time.
                   .pings_from = loop_.now() + ping_grain(limits_) * loop_index_ / kLoopsMax},
      connections_gauge_(metrics_.gauge("cloudsync_connections", "Open TCP connections.")),
      sessions_gauge_(metrics_.gauge("cloudsync_sessions", "Open Engine.IO sessions.")),
      queued_gauge_(metrics_.gauge("cloudsync_send_queue_bytes",
                                   "Bytes queued for peers at the last sweep.")),
      queue_depth_(metrics_.histogram("cloudsync_connection_queue_bytes",
                                      "Bytes queued for a connection, of those with any, at each "
                                      "sweep (every 100 ms, if busy).",
                                      kQueueBounds)),
      lag_seconds_(metrics_.histogram(
          "cloudsync_loop_lag_seconds",
          "How late the sweep of a loop was (every 100 ms, and every second of a "
          "loop that is idle).",
          latency_bounds())),
      accept_lag_limit_(metrics_.limit("accept_lag")),
      handshakes_limit_(metrics_.limit("handshakes_at_once")),
      queued_answers_(metrics_.gauge("cloudsync_http_answer_bytes",
                                     "Bytes of large HTTP answers that peers have not taken."),
                      limits_.http_answer_bytes),
      by_sid_(0, KeyHash<SidOf>{{&slots_}}, KeyEqual<SidOf>{{&slots_}}) {
  // Growing would hash the sids of all sessions at once: tens of milliseconds of a large loop.
  by_sid_.reserve(std::min<std::size_t>(limits_.connections, kSlotsMax));
  schedule_sweep();
}

Engine::~Engine() = default;

Result<runtime::Endpoint> Engine::listen(const runtime::Endpoint& endpoint, bool shared) {
  const bool loopback = runtime::is_loopback(endpoint.address);
  return loop_.listen(
      endpoint, shared, [this, loopback](runtime::SocketId socket, const runtime::Endpoint& peer) {
        accept(socket, peer, loopback);
      });
}

void Engine::accept(runtime::SocketId socket, const runtime::Endpoint& peer, bool loopback) {
  SharedText& address =
      recent_addresses_[std::hash<std::string>{}(peer.address) % recent_addresses_.size()];
  if (address.str() != peer.address) {
    address = peer.address;
  }
  Connection& connection = add_connection({.address = address, .loopback_listener = loopback});
  connection.bind(socket);
  loop_.attach(socket, connection);
  const auto open = static_cast<std::size_t>(connections_gauge_.value());
  if (open > limits_.connections) {
    metrics_.limit("connections").add();
    refusals_.note({"connection_refused", "connections", peer.address});
    connection.abort();
    return;
  }
  if (auto hold = peer_limits_.connect(peer.address, loop_.now())) {
    connection.peer_hold = *std::move(hold);
  } else {
    refusals_.note({"connection_refused", "connections_per_ip", peer.address});
    connection.abort();
  }
}

Connection& Engine::add_connection(RequestOrigin origin) {
  auto connection = std::make_unique<Connection>(connection_environment_, std::move(origin));
  Connection& reference = *connection;
  connections_.insert(std::move(connection));
  connections_gauge_.add(1);
  return reference;
}

void Engine::on_gone(Connection& connection) {
  queued_answers_.remove(connection);
  remove(connection);
}

void Engine::on_watch(Connection& connection) {
  connection.watch_place = static_cast<std::uint32_t>(watched_.size());
  watched_.push_back(&connection);
  sweep_by(TimePoint::min());
}

void Engine::unwatch(const Connection& connection) {
  watched_.back()->watch_place = connection.watch_place;
  watched_[connection.watch_place] = watched_.back();
  watched_.pop_back();
}

void Engine::remove(Connection& connection) {
  connections_gauge_.add(-1);
  if (connection.watched()) {
    unwatch(connection);
  }
  const auto found = connections_.find(&connection);
  CS_ASSERT(found != connections_.end(), "a connection goes once");
  connections_.erase(found);
}

void Engine::on_ended(Connection& connection) {
  if (Session* session = session_of(connection)) {
    session->on_connection_ended(connection);
  }
}

void Engine::on_drained(Connection& connection) {
  queued_answers_.remove(connection);
  if (Session* session = find_receiver(connection.session)) {
    session->on_drained(connection);
  }
}

void Engine::on_websocket_text(Connection& connection, std::string_view text) {
  Session* session = find_receiver(connection.session);
  if (session == nullptr) {
    return;
  }
  session->on_websocket_text(connection, text);
  const std::uint32_t slot = slot_of(connection.session);
  if (text == kPong) {
    // All that an idle peer says: not worth another look when it has left the caches.
    const TimePoint next = session->next_look(loop_.now());
    due_.at(slot, next);
    sweep_by(next);
  } else {
    look_soon(slot);
  }
}

void Engine::on_websocket_binary(Connection& connection, std::string_view bytes) {
  if (Session* session = session_of(connection)) {
    session->on_websocket_binary(connection, bytes);
  }
}

void Engine::on_violation(Connection& connection, std::string_view limit_or_reason) {
  metrics_.limit(limit_or_reason).add();
  refusals_.note({"peer_refused", limit_or_reason, connection.address()});
}

Session* Engine::find(SessionId id) {
  Session* session = find_receiver(id);
  if (session != nullptr) {
    look_soon(slot_of(id));
  }
  return session;
}

Session* Engine::find(std::string_view sid) {
  const auto found = by_sid_.find(sid);
  if (found == by_sid_.end()) {
    return nullptr;
  }
  look_soon(*found);
  return slots_[*found].get();
}

Session* Engine::find_receiver(SessionId id) {
  const std::uint32_t slot = slot_of(id);
  Session* session = slot < slots_.size() ? slots_[slot].get() : nullptr;
  return session != nullptr && session->identity().id == id ? session : nullptr;
}

Session& Engine::add_session(const RequestOrigin& origin,
                             const Subject& subject,
                             Transport transport) {
  if (free_ids_.empty()) {
    free_ids_.push_back(make_session_id(1, static_cast<std::uint32_t>(slots_.size())));
    slots_.emplace_back();
  }
  const SessionId id = free_ids_.back();
  free_ids_.pop_back();
  const std::uint32_t slot = slot_of(id);
  Session::Identity identity{.id = id, .secret = {}, .peer = origin.address};
  random_.fill(identity.secret);
  slots_[slot] = std::make_unique<Session>(environment_, std::move(identity), subject, transport);
  arriving_ += transport == Transport::kWebSocket ? 1 : 0;
  if (arrivals_held_for_ == nullptr) {
    limit_arrivals();  // begins a hold; a sweep ends it, behind the turn that it was late for
  }
  Session& session = *slots_[slot];
  session.set_handler(application_.on_session(session));
  by_sid_.insert(slot);
  look_soon(slot);
  sessions_gauge_.add(1);
  return session;
}

// A session may close while it handles a packet, so it goes at the end of the turn.
void Engine::retire(Session& session) {
  const SessionId id = session.identity().id;
  if (by_sid_.erase(slot_of(id)) == 0) {
    return;  // it is retired: its slot must not be given away twice
  }
  sessions_gauge_.add(-1);
  loop_.post([this, id] {
    const std::uint32_t slot = slot_of(id);
    slots_[slot].reset();
    free_ids_.push_back(make_session_id(generation_of(id) + 1, slot));
  });
}

void Engine::drain() {
  draining_ = true;
  loop_.stop_listening();
}

void Engine::close_all() {
  draining_ = true;
  if (sweep_timer_) {
    loop_.cancel(*std::exchange(sweep_timer_, std::nullopt));
  }
  if (looking_) {
    loop_.cancel(*std::exchange(looking_, std::nullopt));
  }
  for_each_session([](Session& session) { session.close("server shutting down"); });
  for (const auto& connection : connections_) {
    connection->close(codec::websocket::kCloseGoingAway);
  }
}

void Engine::sweep() {
  const TimePoint now = loop_.now();
  lag_ = now - sweep_due_;
  lag_seconds_.observe(std::chrono::duration<double>(lag_).count());
  limit_arrivals();
  // Where many are due, the looks of an earlier sweep may still take their turns.
  if (!looking_) {
    queued_ = 0;
  }
  check_deadlines(now);
  if (!looking_) {
    look_at_due();
  }
  refusals_.report();
  schedule_sweep();
}

void Engine::look_at_due() {
  const TimePoint now = loop_.now();
  const bool all = due_.sweep(now, kLooksPerTurn, [this, now](std::uint32_t slot) {
    Session* session = slots_[slot].get();
    if (session == nullptr) {
      return kNever;
    }
    note_queued(session->queued_bytes());
    return session->tick(now);
  });
  looking_.reset();
  if (all) {
    queued_gauge_.add(queued_ - std::exchange(queued_reported_, queued_));
  } else {
    looking_ = loop_.run_after(Duration::zero(), [this] { look_at_due(); });
  }
}

void Engine::limit_arrivals() {
  const bool behind = lag_ > limits_.accept_lag;
  const bool many = lag_ > limits_.accept_lag / 10 && arriving_ > limits_.handshakes_at_once;
  Counter* limit = behind ? &accept_lag_limit_ : many ? &handshakes_limit_ : nullptr;
  if (limit != nullptr && limit != arrivals_held_for_) {
    limit->add();
  }
  arrivals_held_for_ = limit;
  loop_.hold_listening(limit != nullptr);
}

void Engine::schedule_sweep() {
  const TimePoint usual = loop_.now() + kSweepInterval;
  const bool idle = watched_.empty() && !looking_ && arrivals_held_for_ == nullptr;
  sweep_at(idle ? std::clamp(due_.earliest(), usual, loop_.now() + kIdleSweepInterval) : usual);
}

void Engine::sweep_at(TimePoint due) {
  sweep_due_ = due;
  sweep_timer_ = loop_.run_after(due - loop_.now(), [this] { sweep(); });
}

void Engine::sweep_by(TimePoint due) {
  const TimePoint at = std::max(due, loop_.now() + kSweepInterval);
  if (sweep_timer_ && at < sweep_due_) {
    loop_.cancel(*sweep_timer_);
    sweep_at(at);
  }
}

void Engine::look_soon(std::uint32_t slot) {
  due_.soon(slot);
  sweep_by(TimePoint::min());
}

// From the end: others may get a deadline meanwhile, and whatever loses its own is replaced by the
// last.
void Engine::check_deadlines(TimePoint now) {
  for (std::size_t i = watched_.size(); i > 0; --i) {
    Connection& connection = *watched_[i - 1];
    // Once for each look at all. A WebSocket's queue is its session's.
    if (!looking_ && (!connection.is_websocket() || connection.ended())) {
      note_queued(connection.queued_bytes());
    }
    if (!connection.check_deadline(now)) {
      unwatch(connection);
    }
  }
}

void Engine::note_queued(std::size_t bytes) {
  if (bytes > 0) {
    queue_depth_.observe(static_cast<double>(bytes));
    queued_ += static_cast<std::int64_t>(bytes);
  }
}

}  // namespace cloudsync::gateway
