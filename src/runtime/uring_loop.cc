#include "runtime/uring_loop.h"

#include "base/assert.h"
#include "base/log.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

namespace cloudsync::runtime {
namespace {

// How long the end of a loop waits for the kernel to let go of a request. It does so at once; not
// waiting would keep sockets for the seconds that the kernel takes to end a ring.
constexpr std::chrono::seconds kDrainWait{2};

constexpr SocketId kNoSocket{};

}  // namespace

UringLoop::UringLoop(Metrics* metrics)
    : LoopCore(IoEngine::kUring, metrics),
      buffer_shortages_(counter("cloudsync_loop_buffer_shortages_total",
                                "Receives that waited because the loop's buffers were in use")) {}

UringLoop::~UringLoop() {
  shut_down();
  if (acceptable_ >= 0) {
    ::close(acceptable_);
  }
}

Result<void> UringLoop::open(const UringOptions& options) {
  CS_TRY(open_mailbox());
  acceptable_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (acceptable_ < 0) {
    return fail(ErrorCode::kUnavailable, "no epoll: the process is out of descriptors");
  }
  return ring_.open(options);
}

void UringLoop::begin_run() {
  ring_.enable();
  running_ = true;
  watch_mailbox();
  watch_acceptable();
}

void UringLoop::end_run() {
  running_ = false;
  cancel_request(UringOp::kMailbox, kNoSocket);
  cancel_request(UringOp::kAcceptable, kNoSocket);
  for (bool moves = true; outstanding_ > 0 && moves;) {
    enter(kDrainWait);
    moves = !completions_.empty();
    dispatch_all();
  }
  if (outstanding_ > 0) {
    log_warning("io_uring_requests_left", {{"count", outstanding_}});
  }
  enter(Duration::zero());  // closes what waited for the last of them
  ring_.disable();
}

bool UringLoop::has_leftovers() const {
  // Sends that succeed end no wait, but their owners are to hear of it. (Waiting a millisecond for
  // other events first takes more than the call it saves: the timer does.)
  return !sending_.empty() || !completions_.empty() || accepting_ || !resumed_.empty();
}

void UringLoop::wait_and_dispatch(std::optional<Duration> wait) {
  sync_sockets();
  enter(unsynced_.empty() ? wait : Duration::zero());
  woke_up();
  settle_sends();
  dispatch_all();
  hand_out_held();
  accept_waiting();
}

/// Submits everything, waits, and appends what completed to completions_.
void UringLoop::enter(std::optional<Duration> wait) {
  if (ring_.enter(wait)) {
    counters_.waits.add();
  }
  ring_.reap(completions_);
  submitting_.clear();
  joined_.forget();
  moving_.clear();
}

void UringLoop::dispatch_all() {
  while (next_ < completions_.size()) {
    const io_uring_cqe completion = completions_[next_++];  // a callback may append
    dispatch(completion);
  }
  completions_.clear();
  next_ = 0;
}

void UringLoop::dispatch(const io_uring_cqe& completion) {
  const UringOp op = uring_op(completion.user_data);
  const SocketId socket = uring_socket(completion.user_data);
  if (op == UringOp::kUnheeded || op == UringOp::kSend) {
    return;  // a cut send was looked at before everything else
  }
  const bool last = (completion.flags & IORING_CQE_F_MORE) == 0;
  outstanding_ -= last ? 1 : 0;
  switch (op) {
    case UringOp::kMailbox:
      if (last && running_) {
        watch_mailbox();
      }
      break;
    case UringOp::kAcceptable:
      accepting_ = true;
      if (last && running_) {
        watch_acceptable();
      }
      break;
    case UringOp::kConnect:
      on_connect(socket);
      break;
    case UringOp::kReceive:
      on_receive(socket, completion);
      break;
    case UringOp::kWaitingSend:
      on_waiting_send(socket, completion.res);
      break;
    case UringOp::kLook:
      on_look(socket, completion.res);
      break;
    case UringOp::kEnd:
      on_stream_ended(socket);
      break;
    case UringOp::kUnheeded:
    case UringOp::kSend:
      break;
  }
}

/// Queues a prepared entry of which each completion is dispatched.
void UringLoop::submit(io_uring_sqe& entry, UringOp op, SocketId socket) {
  ::io_uring_sqe_set_data64(&entry, uring_key(op, socket));
  ++outstanding_;
}

/// Queues a prepared entry whose success is silent.
void UringLoop::submit_silent(io_uring_sqe& entry, UringOp op, SocketId socket) {
  ::io_uring_sqe_set_data64(&entry, uring_key(op, socket));
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void UringLoop::cancel_request(UringOp op, SocketId socket) {
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_cancel64(&entry, uring_key(op, socket), 0);
  submit_silent(entry, UringOp::kUnheeded, socket);
}

void UringLoop::watch_mailbox() {
  io_uring_sqe& entry = ring_.entry();
  // Each wake-up completes it once more; nobody needs to read the counter.
  ::io_uring_prep_poll_multishot(&entry, mailbox_descriptor(), POLLIN);
  submit(entry, UringOp::kMailbox, kNoSocket);
}

bool UringLoop::watch_listener(std::size_t index) {
  // Of what waits already nothing more is told.
  accepting_ = accepting_ || accepts(*listeners_[index]);
  return watch_listener_by(acceptable_, index);
}

void UringLoop::watch_acceptable() {
  io_uring_sqe& entry = ring_.entry();
  // Completes once more for each connection that comes, but not for one that is left waiting.
  ::io_uring_prep_poll_multishot(&entry, acceptable_, POLLIN);
  submit(entry, UringOp::kAcceptable, kNoSocket);
}

void UringLoop::accept_waiting() {
  if (!std::exchange(accepting_, false)) {
    return;
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (on_acceptable(i)) {
      accepting_ = true;
    }
  }
}

// Sockets are only listed when their watch is to change, and brought in line just before the loop
// enters the kernel. So an entry never waits in the queue while a callback could close its
// descriptor and open another of that number, and calls work before run(), too.

bool UringLoop::watch(SocketId socket, SocketRecord& record) {
  list_unsynced(socket, record);
  return true;
}

void UringLoop::list_unsynced(SocketId socket, SocketRecord& record) {
  if (!record.unsynced) {
    record.unsynced = true;
    unsynced_.push_back(socket);
  }
}

void UringLoop::sync_sockets() {
  // More receives than buffers would fail for want of one at once; the next turn has them back.
  const std::size_t count = std::min<std::size_t>(unsynced_.size(), ring_.buffer_count());
  for (std::size_t i = 0; i < count; ++i) {
    SocketRecord* record = sockets_.find(unsynced_[i]);
    if (record != nullptr && record->state != SocketState::kGone) {
      record->unsynced = false;
      sync_socket(unsynced_[i], *record);
    }
  }
  unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(count));
}

void UringLoop::sync_socket(SocketId socket, SocketRecord& record) {
  const bool wanted = !record.paused && !record.holding;
  if (wanted == record.receiving) {
    return;
  }
  if (!wanted) {
    if (!record.cancelling) {
      record.cancelling = true;
      cancel_request(UringOp::kReceive, socket);
    }
    return;
  }
  io_uring_sqe& entry = ring_.entry();
  if (record.state == SocketState::kConnecting) {
    ::io_uring_prep_poll_add(&entry, record.fd, POLLOUT);
    submit(entry, UringOp::kConnect, socket);
  } else {
    ::io_uring_prep_recv_multishot(&entry, record.fd, nullptr, 0, 0);
    address(entry, record);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = UringRing::kBufferGroup;
    submit(entry, UringOp::kReceive, socket);
  }
  record.receiving = true;
}

void UringLoop::on_connect(SocketId socket) {
  SocketRecord* record = sockets_.find(socket);
  if (record != nullptr && record->state == SocketState::kConnecting) {
    record->receiving = false;
    on_connected(socket, *record);
  }
}

/// Ends what the kernel does for the socket and closes its descriptor, in this order: both are
/// entries behind whatever is queued for the descriptor.
void UringLoop::drop(SocketId socket, SocketRecord& record) {
  if (record.holding) {
    held_.erase(socket.slot);
  }
  if (!running_) {
    ::close(record.fd);
    return;
  }
  if (record.receiving && !record.cancelling) {
    const bool connecting = record.state == SocketState::kConnecting;
    cancel_request(connecting ? UringOp::kConnect : UringOp::kReceive, socket);
  }
  if (record.blocked) {
    cancel_request(UringOp::kWaitingSend, socket);
    waiting_.emplace(uring_key(UringOp::kWaitingSend, socket), std::move(record.outbox));
  } else if (record.sending) {
    submitting_.push_back(std::move(record.outbox));
  }
  record.sending = false;
  if (record.direct) {
    close_direct(socket, record.fd);
    return;
  }
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_close(&entry, record.fd);
  submit_silent(entry, UringOp::kUnheeded, socket);
}

Result<void> try_uring() {
  UringRing ring;
  CS_TRY(ring.open({.entries = 2, .completions = 4, .buffers = 2, .buffer_bytes = 64}));
  ring.enable();
  ::io_uring_prep_nop(&ring.entry());
  ring.enter(Duration::zero());
  std::vector<io_uring_cqe> completions;
  ring.reap(completions);
  ring.disable();
  if (completions.size() != 1 || completions[0].res != 0) {
    return fail(ErrorCode::kUnavailable, "io_uring does not answer");
  }
  return {};
}

Result<std::unique_ptr<Loop>> make_uring_loop(const UringOptions& options, Metrics* metrics) {
  auto loop = std::make_unique<UringLoop>(metrics);
  CS_TRY(loop->open(options));
  return loop;
}

}  // namespace cloudsync::runtime
