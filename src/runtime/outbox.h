#pragma once
// What a socket still has to send: shared frames, the first perhaps sent in part. Emptied outboxes
// go back to a pool of their loop, so that a quiet socket holds no queue. Loop thread only.

#include "base/bytes.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace cloudsync::runtime {

/// Bytes that `chunks` name.
std::size_t total_bytes(std::span<const iovec> chunks);

class Outbox {
 public:
  /// Chunks of one sendmsg: enough for a turn of a busy room, 1 KB of stack.
  static constexpr std::size_t kChunksMax = 64;
  using Vectors = std::array<iovec, kChunksMax>;

  void push(SharedBytes bytes);
  /// Fills `out` with the first unsent chunks; returns how many. Valid until the next push or
  /// consume.
  std::size_t gather(Vectors& out) const;
  /// Drops the first `count` bytes. At most bytes().
  void consume(std::size_t count);
  void clear();

  std::size_t bytes() const { return bytes_; }

  bool empty() const { return bytes_ == 0; }

 private:
  std::vector<SharedBytes> chunks_;  // [first_, end) are unsent, none is empty
  std::size_t first_ = 0;
  std::size_t offset_ = 0;  // bytes of chunks_[first_] already sent
  std::size_t bytes_ = 0;
};

class OutboxPool {
 public:
  std::unique_ptr<Outbox> take();
  /// `outbox` may still hold bytes; they are dropped.
  void give_back(std::unique_ptr<Outbox> outbox);

 private:
  std::vector<std::unique_ptr<Outbox>> free_;
};

}  // namespace cloudsync::runtime
