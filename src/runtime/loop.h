#pragma once
// The event loop: sockets, timers and a mailbox, one loop per thread, shared nothing.
//
// The interface is completion-shaped (bytes are handed in when they arrived, a send is handed over
// and reported when it left), so that epoll and io_uring fit behind it. Everything except post()
// and stop() is for the loop's own thread. Sends are coalesced: what is queued for a socket during
// one turn of the loop leaves in one system call at its end.

#include "base/bytes.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/result.h"
#include "base/unique_function.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cloudsync {
class Metrics;
}

namespace cloudsync::runtime {

/// Slot and generation, never a pointer: an id of a closed socket is refused, not misdelivered.
struct SocketId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(const SocketId&, const SocketId&) = default;
};

struct TimerId {
  std::uint64_t value = 0;

  friend bool operator==(const TimerId&, const TimerId&) = default;
};

/// An IPv4 or IPv6 address in text form and a port; port 0 asks the system for a free one.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "127.0.0.1:8080", "[::1]:8080". Names other than "localhost" are not resolved.
Result<Endpoint> parse_endpoint(std::string_view text);
std::string to_string(const Endpoint& endpoint);
/// Whether the address of an endpoint is in 127.0.0.0/8, or ::1.
bool is_loopback(std::string_view address);

enum class CloseCause : std::uint8_t {
  kPeer,   ///< orderly end of stream from the peer
  kError,  ///< reset or another socket error
  kLocal,  ///< close() was called
};

/// Receives the events of one socket. All calls come from the loop, never from inside a call into
/// it.
class SocketEvents {
 public:
  virtual ~SocketEvents() = default;
  /// Bytes arrived. They are valid during the call only and may be changed (a WebSocket unmasks in
  /// place).
  virtual void on_data(SocketId socket, std::span<std::uint8_t> bytes) = 0;
  /// The send queue became empty after it had not been.
  virtual void on_drained(SocketId socket) = 0;

  /// The peer ended its side of the stream: nothing more comes from it, but it may still read.
  /// True: there is more to send, and close() follows. False: as if closed with kFlush. Once at
  /// most.
  virtual bool on_end(SocketId /*socket*/) { return false; }

  /// The socket is gone; the last event of this socket, exactly once.
  virtual void on_closed(SocketId socket, CloseCause cause) = 0;
};

enum class CloseMode : std::uint8_t {
  kFlush,  ///< send what is queued, then end the stream; the descriptor goes at the peer's end or 5
           ///< s later
  kAbort,  ///< drop what is queued
};

class Loop : public Executor {
 public:
  using Accepted = UniqueFunction<void(SocketId socket, const Endpoint& peer)>;

  /// Accepts on `endpoint` (SO_REUSEADDR; with `shared`, SO_REUSEPORT so that each loop has a
  /// listener). Returns the bound endpoint. Each accepted socket must be attach()ed inside the
  /// callback.
  virtual Result<Endpoint> listen(const Endpoint& endpoint, bool shared, Accepted accepted) = 0;
  /// Stops accepting on all listeners of this loop.
  virtual void stop_listening() = 0;
  /// While held nothing is accepted: connections wait in the kernel, and those for which it has no
  /// room try again (SYN, after 1, 3, 7… s). Of those that waited, who has ended its side is closed
  /// without a word: hardly anybody waits for an answer there any more.
  virtual void hold_listening(bool held) = 0;

  /// Connects to a numeric endpoint; the socket is attached to `events` when `done` gets it. The
  /// answer is the same socket, of which nothing but close() takes notice until then: it gives the
  /// connect up, and `done` gets an error. A dead id if the connect is refused at once.
  virtual SocketId connect(const Endpoint& endpoint,
                           SocketEvents& events,
                           Completion<SocketId> done) = 0;
  /// The same from `source`, a numeric address of this host with a port, or 0 for any: one address
  /// has ports for some 28,000 connections to one endpoint (net.ipv4.ip_local_port_range).
  virtual SocketId connect_from(const Endpoint& source,
                                const Endpoint& endpoint,
                                SocketEvents& events,
                                Completion<SocketId> done) = 0;

  /// `events` must outlive the socket. Also used to hand a socket to another owner.
  virtual void attach(SocketId socket, SocketEvents& events) = 0;

  /// Queues bytes; they leave at the end of this turn or when the peer takes them. No-op on a dead
  /// id.
  virtual void send(SocketId socket, SharedBytes bytes) = 0;
  /// Bytes queued and not yet taken by the kernel.
  virtual std::size_t queued_bytes(SocketId socket) const = 0;
  /// Bytes that the kernel has taken so far on this loop: whether a queue moves.
  virtual std::uint64_t sent_bytes(SocketId socket) const = 0;

  /// Stops and resumes on_data (backpressure towards the peer). The end of a paused socket may be
  /// reported only when it is resumed.
  virtual void pause_reading(SocketId socket) = 0;
  virtual void resume_reading(SocketId socket) = 0;

  /// on_closed(kLocal) follows later on the loop. No-op on a dead id.
  virtual void close(SocketId socket, CloseMode mode) = 0;

  /// A released socket: the descriptor, which is the caller's, and what was received on it but not
  /// handed out. Those bytes come before whatever is read from the descriptor.
  struct Released {
    int descriptor = -1;
    std::string unread;
  };

  /// Gives up a socket whose send queue is empty: no further events here, the descriptor is to be
  /// adopt()ed by another loop or closed. Descriptor -1 if the id is dead, was pinned, or bytes are
  /// still queued.
  virtual Released release(SocketId socket) = 0;
  /// The socket stays on this loop for the rest of its life, so that it needs no descriptor of the
  /// process: IoEngine::kUringDirect gives that back.
  virtual void pin(SocketId socket) = 0;
  /// The owner sends heartbeats on the socket, which fail if the peer is gone, and gives up who
  /// does not answer: a reset that the system did not tell of (io_uring's receives can miss one)
  /// may be left for that to find, instead of being looked for behind what is received.
  virtual void trust_heartbeat(SocketId socket) = 0;
  /// Takes a connected, non-blocking descriptor.
  virtual SocketId adopt(int descriptor, SocketEvents& events) = 0;

  /// Runs `task` once, not before `delay`.
  virtual TimerId run_after(Duration delay, UniqueFunction<void()> task) = 0;
  /// False if it ran already or is unknown.
  virtual bool cancel(TimerId timer) = 0;

  /// Monotonic time, read once per turn.
  virtual TimePoint now() const = 0;

  /// Runs until stop(). Closes every socket and destroys pending tasks before it returns.
  virtual void run() = 0;
  /// Thread-safe; run() returns after the current turn.
  virtual void stop() = 0;
  /// True on the thread that is inside run(), and everywhere before run() was called.
  virtual bool on_loop_thread() const = 0;
};

/// How a loop asks the kernel. io_uring takes about 0.7 of epoll's time in rooms, but is often
/// forbidden in containers (docs/decisions/0008-io-uring-first.md).
enum class IoEngine : std::uint8_t {
  kAuto,
  kUring,
  kUringDirect,  ///< pinned sockets are known to the ring alone (Linux 6.15)
  kEpoll,
};

/// "auto", "io_uring", "io_uring-direct", "epoll".
std::string_view io_engine_name(IoEngine engine);
std::vector<std::string> io_engine_names();
/// Errors: kBadRequest.
Result<IoEngine> parse_io_engine(std::string_view text);

/// Which engine to run, and why, for the log.
struct EngineChoice {
  IoEngine engine = IoEngine::kEpoll;  ///< never kAuto
  std::string reason;
};

/// For kAuto io_uring where the kernel has all that the engine needs, which is tried out, and epoll
/// elsewhere; what was asked for otherwise.
EngineChoice choose_engine(IoEngine asked);

/// A loop on that engine. Counts in `metrics` (cloudsync_loop_*), which outlives the loop; loops
/// may share it. Errors: kUnavailable if the system has no descriptors or forbids io_uring.
Result<std::unique_ptr<Loop>> make_loop(IoEngine engine, Metrics* metrics = nullptr);

}  // namespace cloudsync::runtime
