#pragma once
// The epoll engine behind runtime/loop.h. Edge-triggered; a read shorter than the loop's one
// receive buffer means the socket is empty, which saves the call that would say EAGAIN. Sends leave
// at the end of the turn, one sendmsg per dirty socket, and EPOLLOUT is armed only while the kernel
// refuses bytes.
//
// A turn: wait; socket events; sockets read in part last turn; mailbox; timers; flush; on_closed
// calls. All callbacks come from the turn itself, so none can run inside a call into the loop.

#include "base/metrics.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "runtime/socket_address.h"
#include "runtime/socket_table.h"
#include "runtime/timer_queue.h"

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

namespace cloudsync::runtime {

class EpollLoop final : public Loop {
 public:
  explicit EpollLoop(Metrics* metrics);
  ~EpollLoop() override;
  Result<void> open();

  Result<Endpoint> listen(const Endpoint& endpoint, bool shared, Accepted accepted) override;
  void stop_listening() override;
  void connect(const Endpoint& endpoint, SocketEvents& events, Completion<SocketId> done) override;
  void attach(SocketId socket, SocketEvents& events) override;
  void send(SocketId socket, SharedBytes bytes) override;
  std::size_t queued_bytes(SocketId socket) const override;
  std::uint64_t sent_bytes(SocketId socket) const override;
  void pause_reading(SocketId socket) override;
  void resume_reading(SocketId socket) override;
  void close(SocketId socket, CloseMode mode) override;
  int release(SocketId socket) override;
  SocketId adopt(int descriptor, SocketEvents& events) override;
  TimerId run_after(Duration delay, UniqueFunction<void()> task) override;
  bool cancel(TimerId timer) override;
  TimePoint now() const override;
  void run() override;
  void stop() override;
  bool on_loop_thread() const override;
  void post(UniqueFunction<void()> task) override;

 private:
  struct Listener {
    int fd = -1;  // -1 once closed; the entry stays because its callback may be running
    Accepted accepted;
  };

  struct Connecting {
    SocketEvents* events;
    Completion<SocketId> done;
  };

  struct Lingering {
    TimePoint deadline;
    SocketId socket;
  };

  struct Counters {
    Counter& turns;
    Counter& receives;
    Counter& sends;
    Counter& accepts;
    Counter& accept_pauses;
  };

  static Counters make_counters(Metrics& metrics);

  // epoll_loop.cc: the turn
  void turn();
  int wait_ms();
  void dispatch(std::uint64_t key, std::uint32_t events);
  void run_mailbox();
  void expire_lingering();
  void shut_down();
  void check_thread() const;

  // epoll_accept.cc: listeners and connects
  void on_acceptable(std::size_t index);
  void hand_over_accepted(Listener& listener, int fd, const SocketAddress& peer);
  void pause_accepting(std::size_t index);
  void on_connectable(SocketId socket, SocketRecord& record);
  void refuse_connect(Completion<SocketId> done, Error error);

  // epoll_io.cc: bytes in and out
  SocketRecord* find_open(SocketId socket);
  void on_socket_event(SocketId socket, std::uint32_t events);
  void read(SocketId socket, bool until_end);
  void read_again(SocketId socket, SocketRecord& record);
  void run_ready();
  void on_end_of_stream(SocketId socket, SocketRecord& record);
  void flush_dirty();
  void flush(SocketId socket);
  void mark_dirty(SocketId socket, SocketRecord& record);
  void on_flushed(SocketId socket, SocketRecord& record);
  void begin_closing(SocketId socket, SocketRecord& record, CloseCause cause);
  void destroy(SocketId socket, SocketRecord& record, CloseCause cause);
  void report_closed();
  bool watch(SocketId socket, SocketRecord& record, std::uint32_t events);

  Metrics own_metrics_;  // used when the owner passed none
  Counters counters_;
  int epoll_ = -1;
  Mailbox mailbox_;
  TimerQueue timers_;
  SocketTable sockets_;
  OutboxPool outboxes_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<std::uint32_t, Connecting> connecting_;  // by slot
  std::vector<SocketId> dirty_;
  std::vector<SocketId> flushing_;  // flush_dirty()'s batch, kept for its capacity
  std::vector<SocketId> ready_;
  std::vector<SocketId> gone_;
  std::deque<Lingering> lingering_;  // by deadline, since the delay is the same for all
  std::unique_ptr<std::array<std::uint8_t, 64 * 1024>> buffer_;
  TimePoint now_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::thread::id> runner_{};  // none outside run()
};

}  // namespace cloudsync::runtime
