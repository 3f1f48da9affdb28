#pragma once
// The io_uring engine behind runtime/loop.h (Linux 6.1). One call per turn submits what the last
// one queued and waits. Sockets are read by multishot requests; receive buffers belong to the loop,
// so an idle socket has none.
//
// No request of the ring holds a listener: it is told of by an epoll instance. What a request holds
// outlives a process that was killed until the kernel has wound up its ring, which took over ten
// seconds where half a million sockets died at once: no successor could have listened on the port.
//
// Sends: one entry per dirty socket and turn that does not wait and completes only if it was cut
// short or failed, so a turn's sends cost no completion. With two of one socket under way, the
// second could succeed behind the cut first, which would be a hole in the stream; hence the next
// comes only when the completions of this one's submission were looked at. Then one that waits,
// until all is taken. Frames are kept until the kernel consumed the entry, or until a waiting send
// completed.

#include "runtime/loop_core.h"
#include "runtime/uring_key.h"
#include "runtime/uring_ring.h"

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace cloudsync::runtime {

class UringLoop final : public LoopCore {
 public:
  explicit UringLoop(Metrics* metrics);
  ~UringLoop() override;
  /// Before anything else. Errors: kUnavailable with the reason.
  Result<void> open(const UringOptions& options);

 private:
  struct Sending {
    SocketId socket;
    std::size_t bytes;
  };

  // LoopCore
  void begin_run() override;
  void end_run() override;
  void wait_and_dispatch(std::optional<Duration> wait) override;
  bool has_leftovers() const override;
  bool watch_listener(std::size_t index) override;
  bool watch(SocketId socket, SocketRecord& record) override;
  void reading_changed(SocketId socket, SocketRecord& record) override;
  void flush(SocketId socket, SocketRecord& record) override;
  std::string unwatch(SocketId socket, SocketRecord& record) override;
  void drop(SocketId socket, SocketRecord& record) override;
  void keep(SocketId socket, SocketRecord& record) override;
  void end_stream(SocketId socket, SocketRecord& record) override;
  void discard(SocketId socket, SocketRecord& record) override;

  // uring_loop.cc: requests, listeners and the ways a socket comes and goes
  void enter(std::optional<Duration> wait);
  void dispatch_all();
  void dispatch(const io_uring_cqe& completion);
  void submit(io_uring_sqe& entry, UringOp op, SocketId socket);
  static void submit_silent(io_uring_sqe& entry, UringOp op, SocketId socket);
  void cancel_request(UringOp op, SocketId socket);
  void watch_mailbox();
  void watch_acceptable();
  void accept_waiting();
  void list_unsynced(SocketId socket, SocketRecord& record);
  void sync_sockets();
  void sync_socket(SocketId socket, SocketRecord& record);
  void on_connect(SocketId socket);

  // uring_io.cc: bytes in and out
  void on_receive(SocketId socket, const io_uring_cqe& completion);
  void on_bytes(SocketId socket, SocketRecord& record, std::span<std::uint8_t> bytes);
  void on_receive_ended(SocketId socket, SocketRecord& record, int result);
  void note_heard(SocketId socket, SocketRecord& record);
  void find_lost_ends();
  void look_for_end(SocketId socket, const SocketRecord& record);
  void on_look(SocketId socket, int result);
  void restart_receive(SocketId socket, SocketRecord& record);
  std::string take_held(SocketId socket, SocketRecord& record);
  void hand_out_held();
  io_uring_sqe& prepare_send(const SocketRecord& record, std::span<const iovec> chunks, int flags);
  void settle_sends();
  void on_cut_send(SocketId socket, int result);
  void send_waiting(SocketId socket, SocketRecord& record);
  void on_waiting_send(SocketId socket, int result);

  // uring_direct.cc: sockets that only the ring knows
  static void address(io_uring_sqe& entry, const SocketRecord& record);
  void close_direct(SocketId socket, int place);
  void on_stream_ended(SocketId socket);

  Counter& buffer_shortages_;
  UringRing ring_;
  int acceptable_ = -1;                    // the epoll instance
  bool accepting_ = false;                 // a listener may have more connections
  bool running_ = false;                   // the ring is enabled
  std::size_t outstanding_ = 0;            // requests whose last completion is to come
  std::vector<io_uring_cqe> completions_;  // reaped
  std::size_t next_ = 0;                   // the first of them not dispatched
  std::vector<SocketId> unsynced_;
  std::vector<Sending> sending_;   // queued or submitted, not yet known to be taken
  std::vector<Sending> settling_;  // settle_sends()'s batch, kept for its capacity
  std::vector<SocketId> resumed_;
  std::vector<SocketId> heard_;                          // received since find_lost_ends() looked
  std::unordered_map<std::uint32_t, std::string> held_;  // by slot: received while paused
  // What a dropped socket's sends still point at, until they are submitted or have completed.
  std::vector<std::unique_ptr<Outbox>> submitting_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Outbox>> waiting_;

  /// The end of a stream is with the kernel, which may work on it elsewhere: its place must not be
  /// another socket's meanwhile.
  struct Ending {
    int place;
    bool dropped = false;
  };

  std::unordered_map<std::uint64_t, Ending> ending_;  // by kEnd's key
  std::vector<int> free_places_;
  int places_used_ = 0;     // [0, places_used_) were a socket's once
  std::deque<int> moving_;  // descriptors that queued entries point at
  char looked_at_ = 0;      // where looking puts the byte that it finds
};

/// Makes a small ring and uses it. Errors: kUnavailable with what it lacks.
Result<void> try_uring();

/// A loop with other sizes than make_loop()'s, for tests.
Result<std::unique_ptr<Loop>> make_uring_loop(const UringOptions& options,
                                              Metrics* metrics = nullptr);

}  // namespace cloudsync::runtime
