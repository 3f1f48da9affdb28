#pragma once
// What the engines share: the life of a socket (socket_table.h), its queue, listeners, connects,
// timers, the mailbox and the order of a turn. An engine waits, reads and writes.
//
// A turn: wait, with the events it brings; mailbox; timers; flush; on_closed calls. All callbacks
// come from the turn itself, so none can run inside a call into the loop.

#include "base/metrics.h"
#include "runtime/listening.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "runtime/socket_table.h"
#include "runtime/timer_queue.h"

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

namespace cloudsync::runtime {

class LoopCore : public Loop {
 public:
  Result<Endpoint> listen(const Endpoint& endpoint, bool shared, Accepted accepted) final;
  void stop_listening() final;
  void hold_listening(bool held) final;
  SocketId connect(const Endpoint& endpoint, SocketEvents& events, Completion<SocketId> done) final;
  SocketId connect_from(const Endpoint& source,
                        const Endpoint& endpoint,
                        SocketEvents& events,
                        Completion<SocketId> done) final;
  void attach(SocketId socket, SocketEvents& events) final;
  void send(SocketId socket, SharedBytes bytes) final;
  std::size_t queued_bytes(SocketId socket) const final;
  std::uint64_t sent_bytes(SocketId socket) const final;
  void pause_reading(SocketId socket) final;
  void resume_reading(SocketId socket) final;
  void close(SocketId socket, CloseMode mode) final;
  Released release(SocketId socket) final;
  void pin(SocketId socket) final;
  void trust_heartbeat(SocketId socket) final;
  SocketId adopt(int descriptor, SocketEvents& events) final;
  TimerId run_after(Duration delay, UniqueFunction<void()> task) final;
  bool cancel(TimerId timer) final;
  TimePoint now() const final;
  void run() final;
  void stop() final;
  bool on_loop_thread() const final;
  void post(UniqueFunction<void()> task) final;

 protected:
  struct Listener {
    int fd = -1;  // -1 once closed; the entry stays because its callback may be running
    Accepted accepted;
    bool paused = false;    // descriptors ran out
    bool watched = false;   // known to the kernel
    bool was_held = false;  // what waits there may have waited long
  };

  struct Counters {
    Counter& turns;
    Counter& waits;
    Counter& receives;
    Counter& sends;
    Counter& accepts;
    Counter& accept_pauses;
    Counter& given_up;
  };

  LoopCore(IoEngine engine, Metrics* metrics);

  // --- what an engine does ---

  /// First on the thread that runs the loop, and last on it, when every socket is closed.
  virtual void begin_run() {}

  virtual void end_run() {}

  /// Waits at most `wait` (none: as long as it takes), calls woke_up() and handles what happened.
  virtual void wait_and_dispatch(std::optional<Duration> wait) = 0;
  /// Something is to be done that no event will announce.
  virtual bool has_leftovers() const = 0;
  /// The listener is new, or accepts() changed. False: the system refuses.
  virtual bool watch_listener(std::size_t index) = 0;
  /// Reports when a kConnecting socket is connected; reads any other. False: the system refuses.
  virtual bool watch(SocketId socket, SocketRecord& record) = 0;
  /// `paused` changed.
  virtual void reading_changed(SocketId socket, SocketRecord& record) = 0;
  /// Hands the outbox, which may be empty, to the kernel.
  virtual void flush(SocketId socket, SocketRecord& record) = 0;
  /// Ends the watch of an open socket; what was received and not handed out.
  virtual std::string unwatch(SocketId socket, SocketRecord& record) = 0;
  /// Ends everything that the kernel does for the socket, and closes its descriptor.
  virtual void drop(SocketId socket, SocketRecord& record) = 0;

  /// The open socket was pinned.
  virtual void keep(SocketId /*socket*/, SocketRecord& /*record*/) {}

  /// Everything was sent: ends this side of the stream.
  virtual void end_stream(SocketId socket, SocketRecord& record);
  /// The socket is about to be dropped, with what the kernel still has to send.
  virtual void discard(SocketId socket, SocketRecord& record);

  // --- what it does it with ---

  Result<void> open_mailbox() { return mailbox_.open(); }

  int mailbox_descriptor() const { return mailbox_.descriptor(); }

  /// An engine's own counter, beside the common ones.
  Counter& counter(std::string_view name, std::string_view help) {
    return metrics_.counter(name, help);
  }

  /// Reads the clock and counts a turn.
  void woke_up();
  void flush_dirty();
  void mark_dirty(SocketId socket, SocketRecord& record);
  /// Outbox::gather(), or all of it in one piece, which is valid until joined_.forget().
  std::size_t gather(const Outbox& outbox, Outbox::Vectors& out);
  /// `taken` bytes of the outbox are with the kernel.
  static void consume(SocketRecord& record, std::size_t taken);
  void give_back_outbox(SocketRecord& record);
  /// The outbox is empty: gives it back and does what waited for that.
  void on_flushed(SocketId socket, SocketRecord& record);
  /// The same in two steps: `had_queue` says that there was an outbox.
  void after_flush(SocketId socket, SocketRecord& record, bool had_queue);
  void on_end_of_stream(SocketId socket, SocketRecord& record);
  /// Closes the descriptor now and lists the socket for its on_closed at the end of the turn.
  void destroy(SocketId socket, SocketRecord& record, CloseCause cause);
  /// destroy(kError), or with the cause that is decided already.
  void destroy_broken(SocketId socket, SocketRecord& record);
  /// Connections wait at the listener. Takes some of them; true if there may be more.
  bool on_acceptable(std::size_t index);

  /// What watch_listener() does with the epoll instance that tells of connections; its events have
  /// listener_key().
  bool watch_listener_by(int instance, std::size_t index);

  bool accepts(const Listener& listener) const { return !listener.paused && !listening_held_; }

  /// A kConnecting socket is connected, or failed.
  void on_connected(SocketId socket, SocketRecord& record);
  /// Engines call it in their destructors: it needs them whole.
  void shut_down();

  JoinedFrames joined_;  // what sends of this turn point at; the engine forgets it behind them
  SocketTable sockets_;
  std::vector<std::unique_ptr<Listener>> listeners_;

 private:
  Metrics own_metrics_;  // used when the owner passed none
  Metrics& metrics_;

 protected:
  Counters counters_;

 private:
  struct Connecting {
    SocketEvents* events;
    Completion<SocketId> done;
  };

  struct Lingering {
    TimePoint deadline;
    SocketId socket;
  };

  static Counters make_counters(Metrics& metrics, IoEngine engine);

  // loop_core.cc: the turn
  void turn();
  std::optional<Duration> idle_time();
  void run_mailbox();
  void expire_lingering();
  void check_thread() const;

  // loop_sockets.cc
  SocketRecord* find_open(SocketId socket);
  void begin_closing(SocketId socket, SocketRecord& record, CloseCause cause);
  void report_closed();

  // loop_arrivals.cc
  SocketId watch_connect(const Result<int>& fd, SocketEvents& events, Completion<SocketId> done);
  SocketId refuse_connect(Completion<SocketId> done, Error error);
  void hand_over_accepted(Listener& listener, int fd, const SocketAddress& peer);
  void pause_accepting(std::size_t index);

  Mailbox mailbox_;
  TimerQueue timers_;
  OutboxPool outboxes_;
  std::unordered_map<std::uint32_t, Connecting> connecting_;  // by slot
  std::vector<SocketId> dirty_;
  std::vector<SocketId> flushing_;  // flush_dirty()'s batch, kept for its capacity
  std::vector<SocketId> gone_;
  std::deque<Lingering> lingering_;  // by deadline, since the delay is the same for all
  TimePoint now_;
  bool listening_held_ = false;
  std::atomic<bool> stopping_{false};
  std::atomic<std::thread::id> runner_{};  // none outside run()
};

}  // namespace cloudsync::runtime
