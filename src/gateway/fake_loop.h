#pragma once
// For tests: a runtime::Loop without an operating system. Time moves when the test says so, the
// other ends of the sockets are FakePeers, and a turn does what the real loop's turn does, in the
// same order: input, mailbox, timers, sends, ends of sockets.

#include "base/bytes.h"
#include "runtime/loop.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cloudsync::gateway {

/// The far end of a socket.
class FakePeer {
 public:
  /// Bytes for the server; each call arrives as one piece.
  void send(std::string bytes) { inbox.push_back(std::move(bytes)); }

  /// Ends the stream behind what was sent.
  void close() { ended = true; }

  /// Is gone without a word, and the next look finds that.
  void vanish() { broken = true; }

  std::string received;
  std::size_t room = std::string::npos;  ///< bytes that it still takes; npos: any number
  bool server_ended = false;             ///< the server closed in order
  bool reset = false;                    ///< the server aborted
  bool gone = false;                     ///< the server's descriptor is closed

  std::deque<std::string> inbox;
  bool ended = false;
  bool broken = false;
};

/// What the loops of one test share: the clock, and descriptors that move between them.
struct FakeNetwork {
  ManualClock clock;
  std::map<int, std::shared_ptr<FakePeer>> descriptors;
  int next_descriptor = 100;
};

class FakeLoop final : public runtime::Loop {
 public:
  explicit FakeLoop(FakeNetwork& network) : network_(network) {}

  /// A new connection to this loop's listener.
  std::shared_ptr<FakePeer> connect_peer(runtime::Endpoint from = {"127.0.0.1", 50'000}) {
    auto peer = std::make_shared<FakePeer>();
    const runtime::SocketId id = add(peer, nullptr);
    accepted_(id, from);
    return peer;
  }

  /// One turn; false if there was nothing to do.
  bool turn() {
    bool worked = deliver();
    for (auto& task : std::exchange(tasks_, {})) {
      task();
      task = nullptr;
      worked = true;
    }
    worked |= run_timers();
    worked |= flush();
    return report_closed() || worked;
  }

  bool listening() const { return static_cast<bool>(accepted_); }

  std::optional<TimePoint> next_deadline() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first.first);
  }

  void post(UniqueFunction<void()> task) override { tasks_.push_back(std::move(task)); }

  Result<runtime::Endpoint> listen(const runtime::Endpoint& endpoint,
                                   bool,
                                   Accepted accepted) override {
    accepted_ = std::move(accepted);
    return endpoint;
  }

  void stop_listening() override { accepted_ = nullptr; }

  void hold_listening(bool held) override { listening_held_ = held; }

  bool listening_held() const { return listening_held_; }

  runtime::SocketId connect(const runtime::Endpoint&,
                            runtime::SocketEvents&,
                            Completion<runtime::SocketId>) override {
    CS_ASSERT(false, "a gateway connects to nobody");
    return {};
  }

  runtime::SocketId connect_from(const runtime::Endpoint&,
                                 const runtime::Endpoint&,
                                 runtime::SocketEvents&,
                                 Completion<runtime::SocketId>) override {
    CS_ASSERT(false, "a gateway connects to nobody");
    return {};
  }

  void attach(runtime::SocketId socket, runtime::SocketEvents& events) override {
    find(socket)->events = &events;
  }

  void send(runtime::SocketId socket, SharedBytes bytes) override {
    if (Socket* found = find(socket); found != nullptr && found->state == State::kOpen) {
      found->outbox += *bytes;
    }
  }

  std::size_t queued_bytes(runtime::SocketId socket) const override {
    const auto found = sockets_.find(socket.slot);
    return found == sockets_.end() ? 0 : found->second.outbox.size();
  }

  std::uint64_t sent_bytes(runtime::SocketId socket) const override {
    const auto found = sockets_.find(socket.slot);
    return found == sockets_.end() ? 0 : found->second.sent;
  }

  void pause_reading(runtime::SocketId socket) override { find(socket)->paused = true; }

  void resume_reading(runtime::SocketId socket) override { find(socket)->paused = false; }

  void close(runtime::SocketId socket, runtime::CloseMode mode) override {
    Socket* found = find(socket);
    if (found == nullptr || found->state == State::kGone) {
      return;
    }
    if (mode == runtime::CloseMode::kAbort) {
      found->peer->reset = true;
      destroy(*found, runtime::CloseCause::kLocal);
    } else if (found->state == State::kOpen) {
      found->state = State::kClosing;
      found->linger_until = now() + std::chrono::seconds(5);
    }
  }

  Released release(runtime::SocketId socket) override {
    Socket* found = find(socket);
    if (found == nullptr || found->state != State::kOpen || !found->outbox.empty()) {
      return {};
    }
    const int descriptor = network_.next_descriptor++;
    network_.descriptors.emplace(descriptor, found->peer);
    sockets_.erase(socket.slot);
    return {.descriptor = descriptor, .unread = {}};
  }

  void pin(runtime::SocketId) override {}

  void trust_heartbeat(runtime::SocketId) override {}

  runtime::SocketId adopt(int descriptor, runtime::SocketEvents& events) override {
    return add(network_.descriptors.extract(descriptor).mapped(), &events);
  }

  runtime::TimerId run_after(Duration delay, UniqueFunction<void()> task) override {
    const std::uint64_t id = ++timer_count_;
    timers_.emplace(std::pair(now() + delay, id), std::move(task));
    return {id};
  }

  bool cancel(runtime::TimerId timer) override {
    return std::erase_if(timers_,
                         [&](const auto& entry) { return entry.first.second == timer.value; }) > 0;
  }

  TimePoint now() const override { return network_.clock.now(); }

  void run() override {}

  void stop() override {}

  bool on_loop_thread() const override { return true; }

 private:
  enum class State : std::uint8_t { kOpen, kClosing, kGone };

  struct Socket {
    runtime::SocketId id;
    std::shared_ptr<FakePeer> peer;
    runtime::SocketEvents* events = nullptr;
    std::string outbox;
    std::uint64_t sent = 0;
    State state = State::kOpen;
    bool paused = false;
    bool told_end = false;
    bool kept_open = false;  // its owner has more to send
    TimePoint linger_until;
    runtime::CloseCause cause = runtime::CloseCause::kLocal;
  };

  // A slot is never used twice, but a generation is there as in the real table.
  runtime::SocketId add(std::shared_ptr<FakePeer> peer, runtime::SocketEvents* events) {
    const runtime::SocketId id{next_slot_++, 1};
    Socket socket;
    socket.id = id;
    socket.peer = std::move(peer);
    socket.events = events;
    sockets_.emplace(id.slot, std::move(socket));
    return id;
  }

  Socket* find(runtime::SocketId id) {
    const auto found = sockets_.find(id.slot);
    return found == sockets_.end() ? nullptr : &found->second;
  }

  std::vector<runtime::SocketId> ids() const {
    std::vector<runtime::SocketId> all;
    for (const auto& [slot, socket] : sockets_) {
      all.push_back(socket.id);
    }
    return all;
  }

  static void destroy(Socket& socket, runtime::CloseCause cause) {
    socket.state = State::kGone;
    socket.cause = cause;
    socket.outbox.clear();
    socket.peer->gone = true;
  }

  bool deliver() {
    bool worked = false;
    for (const auto id : ids()) {
      // A callback may release the socket: look it up for each piece.
      for (Socket* socket = find(id); socket != nullptr; socket = find(id)) {
        auto& inbox = socket->peer->inbox;
        if (socket->state == State::kGone || socket->paused || inbox.empty()) {
          break;
        }
        std::string bytes = std::move(inbox.front());
        inbox.pop_front();
        worked = true;
        if (socket->state == State::kOpen) {
          socket->events->on_data(id, as_mutable_bytes(bytes));
        }
      }
      worked |= end(id);
    }
    return worked;
  }

  /// The peer's end, where it has come.
  bool end(runtime::SocketId id) {
    Socket* socket = find(id);
    if (socket == nullptr || socket->state != State::kOpen) {
      return false;
    }
    const FakePeer& peer = *socket->peer;
    if (peer.broken) {
      destroy(*socket, runtime::CloseCause::kError);
      return true;
    }
    if (!peer.ended || !peer.inbox.empty() || socket->paused) {
      return false;
    }
    if (!std::exchange(socket->told_end, true)) {
      socket->kept_open = socket->events->on_end(id);
      socket = find(id);
    }
    const bool over = socket != nullptr && socket->state == State::kOpen && !socket->kept_open &&
                      socket->outbox.empty();
    if (over) {
      destroy(*socket, runtime::CloseCause::kPeer);
    }
    return over;
  }

  bool run_timers() {
    bool worked = false;
    const std::uint64_t last = timer_count_;  // what is added meanwhile is the next turn's
    while (!timers_.empty() && timers_.begin()->first.first <= now() &&
           timers_.begin()->first.second <= last) {
      auto task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      task();
      worked = true;
    }
    return worked;
  }

  static bool take(FakePeer& peer, std::string& outbox) {
    const std::size_t count = std::min(peer.room, outbox.size());
    peer.received.append(outbox, 0, count);
    outbox.erase(0, count);
    if (peer.room != std::string::npos) {
      peer.room -= count;
    }
    return count > 0;
  }

  bool flush() {
    bool worked = false;
    for (const auto id : ids()) {
      Socket* socket = find(id);
      if (socket == nullptr || socket->state == State::kGone) {
        continue;
      }
      const std::size_t queued = socket->outbox.size();
      if (take(*socket->peer, socket->outbox)) {
        socket->sent += queued - socket->outbox.size();
        worked = true;
        if (socket->outbox.empty() && socket->state == State::kOpen) {
          socket->events->on_drained(id);
        }
      }
      socket = find(id);
      if (socket != nullptr && socket->state == State::kClosing &&
          (socket->outbox.empty() || now() >= socket->linger_until)) {
        socket->peer->server_ended = socket->outbox.empty();
        destroy(*socket, runtime::CloseCause::kLocal);
      }
    }
    return worked;
  }

  bool report_closed() {
    bool worked = false;
    for (const auto id : ids()) {
      if (Socket* socket = find(id); socket != nullptr && socket->state == State::kGone) {
        runtime::SocketEvents* events = socket->events;
        const auto cause = socket->cause;
        sockets_.erase(id.slot);
        events->on_closed(id, cause);
        worked = true;
      }
    }
    return worked;
  }

  FakeNetwork& network_;
  Accepted accepted_;
  bool listening_held_ = false;
  std::vector<UniqueFunction<void()>> tasks_;
  std::map<std::pair<TimePoint, std::uint64_t>, UniqueFunction<void()>> timers_;
  std::uint64_t timer_count_ = 0;
  std::map<std::uint32_t, Socket> sockets_;
  std::uint32_t next_slot_ = 0;
};

}  // namespace cloudsync::gateway
