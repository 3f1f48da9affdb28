#include "runtime/uring_ring.h"

#include "base/assert.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace cloudsync::runtime {
namespace {

// SINGLE_ISSUER and DEFER_TASKRUN (Linux 6.1): completions are worked out when the loop's thread
// asks for them, and not whenever they interrupt it: a third of the CPU time of an echo. The thread
// that enables the ring is the issuer, so it starts disabled. SUBMIT_ALL: an entry that fails does
// not hold up the rest. TASKRUN_FLAG says without a system call whether one is worth it.
constexpr unsigned kSetupFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                 IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE |
                                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG;
// NODROP: completions that don't fit are kept. CQE_SKIP: sends that succeed are silent. EXT_ARG:
// the waiting call takes a timeout.
constexpr unsigned kFeatures = IORING_FEAT_NODROP | IORING_FEAT_CQE_SKIP | IORING_FEAT_EXT_ARG;

std::string reason(const char* what, int error) {
  if (error == EPERM || error == EACCES) {
    return std::string(what) + " is forbidden here";
  }
  if (error == EINVAL || error == ENOSYS) {
    return std::string(what) + " is not in this kernel, which takes Linux 6.1";
  }
  return std::string(what) + ": " + std::strerror(error);
}

// IORING_OP_RECV_ZC, which came with Linux 6.15. Direct descriptors need two things that no probe
// shows: socket options through the ring (6.7), and that one which is closed goes at once and not
// when every request that is older than it has ended (6.13), which a receive may never do.
constexpr int kLaterOperation = 58;
// What the kernel takes at most (IORING_MAX_FIXED_FILES).
constexpr rlim_t kDirectMax = 1U << 20U;

__kernel_timespec to_timespec(Duration wait) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count();
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

}  // namespace

UringRing::~UringRing() {
  if (open_) {
    ::io_uring_queue_exit(&ring_);
  }
  if (memory_ != nullptr) {
    ::munmap(memory_, memory_bytes_);
  }
}

Result<void> UringRing::open(const UringOptions& options) {
  io_uring_params params{};
  params.flags = kSetupFlags;
  params.cq_entries = options.completions;
  if (const int error = ::io_uring_queue_init_params(options.entries, &ring_, &params); error < 0) {
    return fail(ErrorCode::kUnavailable, reason("io_uring", -error));
  }
  open_ = true;
  if ((params.features & kFeatures) != kFeatures) {
    return fail(ErrorCode::kUnavailable, reason("io_uring", EINVAL));
  }
  CS_TRY(provide_buffers(options));
  return options.direct ? provide_direct() : Result<void>();
}

Result<void> UringRing::provide_direct() {
  io_uring_probe* probe = ::io_uring_get_probe_ring(&ring_);
  const bool supported =
      probe != nullptr && ::io_uring_opcode_supported(probe, kLaterOperation) != 0;
  ::io_uring_free_probe(probe);
  if (!supported) {
    return fail(ErrorCode::kUnavailable, "direct descriptors take Linux 6.15");
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);  // the kernel takes no larger table
  const auto count = static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, kDirectMax));
  if (const int error = ::io_uring_register_files_sparse(&ring_, count); error < 0) {
    return fail(ErrorCode::kUnavailable, reason("a table of descriptors", -error));
  }
  direct_count_ = count;
  return {};
}

Result<void> UringRing::provide_buffers(const UringOptions& options) {
  CS_ASSERT(std::has_single_bit(options.buffers), "the kernel masks the index of a buffer");
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t ring_bytes = (options.buffers * sizeof(io_uring_buf) + page - 1) / page * page;
  memory_bytes_ = ring_bytes + std::size_t{options.buffers} * options.buffer_bytes;
  void* memory =
      ::mmap(nullptr, memory_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return fail(ErrorCode::kUnavailable, reason("memory for receive buffers", errno));
  }
  memory_ = memory;
  buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
  buffers_ = static_cast<std::uint8_t*>(memory) + ring_bytes;
  buffer_count_ = options.buffers;
  buffer_bytes_ = options.buffer_bytes;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.ring_entries = buffer_count_;
  registration.bgid = kBufferGroup;
  if (const int error = ::io_uring_register_buf_ring(&ring_, &registration, 0); error < 0) {
    return fail(ErrorCode::kUnavailable, reason("a ring of buffers", -error));
  }
  ::io_uring_buf_ring_init(buffer_ring_);
  for (unsigned id = 0; id < buffer_count_; ++id) {
    give_back_buffer(static_cast<std::uint16_t>(id));
  }
  return {};
}

void UringRing::enable() {
  // io_uring_enable_rings(), which liburing 2.3 forgot to export.
  const int error = ::io_uring_register(
      static_cast<unsigned>(ring_.ring_fd), IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  CS_ASSERT(error == 0, "a new ring can be enabled once");
  // Saves looking the descriptor up at each call; a kernel that refuses does without.
  [[maybe_unused]] const int registered = ::io_uring_register_ring_fd(&ring_);
}

void UringRing::disable() {
  [[maybe_unused]] const int error = ::io_uring_unregister_ring_fd(&ring_);
}

io_uring_sqe& UringRing::entry() {
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    const int submitted = ::io_uring_submit(&ring_);
    CS_ASSERT(submitted >= 0 || submitted == -EAGAIN || submitted == -EBUSY || submitted == -EINTR,
              "io_uring takes entries");
    if (::io_uring_sq_ready(&ring_) == 0) {
      messages_used_ = 0;
    }
    entry = ::io_uring_get_sqe(&ring_);
  }
  return *entry;
}

UringRing::Message& UringRing::message() {
  if (messages_used_ == messages_.size()) {
    messages_.push_back(std::make_unique<Message>());
  }
  return *messages_[messages_used_++];
}

bool UringRing::enter(std::optional<Duration> wait) {
  const bool no_wait = wait && *wait <= Duration::zero();
  const unsigned hints = IO_URING_READ_ONCE(*ring_.sq.kflags);
  if (no_wait && ::io_uring_sq_ready(&ring_) == 0 &&
      (hints & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) == 0) {
    return false;
  }
  int result = 0;
  if (no_wait) {
    result = ::io_uring_submit_and_get_events(&ring_);
  } else if (wait) {
    io_uring_cqe* first = nullptr;
    __kernel_timespec timeout = to_timespec(*wait);
    result = ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
  } else {
    result = ::io_uring_submit_and_wait(&ring_, 1);
  }
  // The kernel takes fewer entries only if it is out of memory for requests.
  while (::io_uring_sq_ready(&ring_) > 0) {
    CS_ASSERT(result >= 0 || result == -EAGAIN || result == -EBUSY || result == -EINTR ||
                  result == -ETIME,
              "io_uring takes entries");
    result = ::io_uring_submit_and_get_events(&ring_);
  }
  messages_used_ = 0;
  return true;
}

void UringRing::reap(std::vector<io_uring_cqe>& completions) {
  while (true) {
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      completions.push_back(*completion);
      ++count;
    }
    ::io_uring_cq_advance(&ring_, count);
    if ((IO_URING_READ_ONCE(*ring_.sq.kflags) & IORING_SQ_CQ_OVERFLOW) == 0) {
      return;
    }
    ::io_uring_get_events(&ring_);  // moves what did not fit
  }
}

void UringRing::give_back_buffer(std::uint16_t id) {
  ::io_uring_buf_ring_add(
      buffer_ring_, buffer(id), buffer_bytes_, id, ::io_uring_buf_ring_mask(buffer_count_), 0);
  ::io_uring_buf_ring_advance(buffer_ring_, 1);
}

}  // namespace cloudsync::runtime
