#pragma once
// What a socket still has to send: shared frames, the first perhaps sent in part. Emptied outboxes
// go back to a pool of their loop, so that a quiet socket holds no queue. Loop thread only.

#include "base/bytes.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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

  /// The unsent chunks, the first perhaps sent in part.
  std::span<const SharedBytes> chunks() const { return std::span(chunks_).subspan(first_); }

  /// Whether all of its first chunk is unsent.
  bool at_chunk() const { return offset_ == 0; }

 private:
  std::vector<SharedBytes> chunks_;  // [first_, end) are unsent, none is empty
  std::size_t first_ = 0;
  std::size_t offset_ = 0;  // bytes of chunks_[first_] already sent
  std::size_t bytes_ = 0;
};

/// The members of a room have the same frames queued in a turn in which there are several: joined
/// once, they are one piece of each send, where each piece costs the kernel 0.1 µs and more
/// (bench/profiles.md, A room whose messages coalesce).
class JoinedFrames {
 public:
  /// All that `outbox` has queued, in one piece, if that is several frames and the last such outbox
  /// had the same; else empty. Valid until forget().
  std::string_view of(const Outbox& outbox);
  void forget();

 private:
  std::vector<SharedBytes> run_;    // what the last outbox with several frames had queued
  std::deque<std::string> joined_;  // the last one is of `run_`, if `is_joined_`
  bool is_joined_ = false;
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
