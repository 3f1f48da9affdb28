#pragma once
// One io_uring and its provided receive buffers, over liburing. Made on any thread and used by the
// one that enable()s it. What an entry points at must live until the next enter(), or until its
// completion if the kernel may go on with it later.

#include "base/clock.h"
#include "base/result.h"
#include "runtime/outbox.h"

#include <liburing.h>

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace cloudsync::runtime {

struct UringOptions {
  /// Entries queued before they are submitted in between: 64 KB.
  unsigned entries = 1'024;
  /// Completions of one wait; the kernel keeps what is beyond that on a list.
  unsigned completions = 8'192;
  /// Receive buffers of the loop, a power of two: 1 MB with those sizes.
  unsigned buffers = 512;
  unsigned buffer_bytes = 2'048;
  /// Pinned sockets leave the process's table of descriptors for the ring's.
  bool direct = false;
};

class UringRing {
 public:
  /// The buffers' group, for entries that receive.
  static constexpr int kBufferGroup = 0;

  UringRing() = default;
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  /// Before anything else. Errors: kUnavailable with the reason (old kernel, forbidden, no
  /// descriptors).
  Result<void> open(const UringOptions& options);
  /// From now on the calling thread is the only one that may enter().
  void enable();
  /// On the same thread, last.
  void disable();

  /// An entry to prepare; what was queued is submitted first if there is no room.
  io_uring_sqe& entry();

  /// A message that lives until the next entry().
  struct Message {
    msghdr header;
    Outbox::Vectors chunks;
  };

  /// Room for the message of the entry taken last.
  Message& message();

  /// Submits all entries and waits for a completion, at most `wait` (none: as long as it takes).
  /// Completions of what the kernel could do at once are there on return. False if there was
  /// nothing to ask the kernel for, and it was not.
  bool enter(std::optional<Duration> wait);
  /// Appends all completions there are.
  void reap(std::vector<io_uring_cqe>& completions);

  std::uint8_t* buffer(std::uint16_t id) { return buffers_ + std::size_t{id} * buffer_bytes_; }

  void give_back_buffer(std::uint16_t id);

  unsigned buffer_count() const { return buffer_count_; }

  /// Places for descriptors of the ring's own; 0 without UringOptions::direct.
  unsigned direct_count() const { return direct_count_; }

 private:
  Result<void> provide_buffers(const UringOptions& options);
  Result<void> provide_direct();

  io_uring ring_{};
  bool open_ = false;
  std::vector<std::unique_ptr<Message>> messages_;  // at most as many as entries
  std::size_t messages_used_ = 0;
  void* memory_ = nullptr;  // the ring of buffers and the buffers
  std::size_t memory_bytes_ = 0;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::uint8_t* buffers_ = nullptr;
  unsigned buffer_count_ = 0;
  unsigned buffer_bytes_ = 0;
  unsigned direct_count_ = 0;
};

}  // namespace cloudsync::runtime
