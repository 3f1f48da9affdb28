#include "runtime/outbox.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace cloudsync::runtime {
namespace {

// As many as a busy turn dirties; beyond it the allocator is the pool.
constexpr std::size_t kPooledMax = 1'024;
// Frames are joined if they have no more each: copying that takes as long as a piece of a send
// does.
constexpr std::size_t kJoinedFrameBytes = 1'024;
// Consumed chunks in front are erased in steps, so that a long queue costs O(1) per chunk.
constexpr std::size_t kCompactAt = 64;

}  // namespace

std::size_t total_bytes(std::span<const iovec> chunks) {
  std::size_t bytes = 0;
  for (const iovec& chunk : chunks) {
    bytes += chunk.iov_len;
  }
  return bytes;
}

void Outbox::push(SharedBytes bytes) {
  bytes_ += bytes->size();
  chunks_.push_back(std::move(bytes));
}

std::size_t Outbox::gather(Vectors& out) const {
  const std::size_t count = std::min(out.size(), chunks_.size() - first_);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& chunk = *chunks_[first_ + i];
    const std::size_t skip = i == 0 ? offset_ : 0;
    // sendmsg does not write through the pointer; iovec has no const form.
    out[i] = {const_cast<char*>(chunk.data()) + skip, chunk.size() - skip};
  }
  return count;
}

void Outbox::consume(std::size_t count) {
  CS_ASSERT(count <= bytes_, "only queued bytes can be sent");
  bytes_ -= count;
  while (count > 0) {
    const std::size_t left = chunks_[first_]->size() - offset_;
    if (count < left) {
      offset_ += count;
      return;
    }
    count -= left;
    chunks_[first_].reset();
    offset_ = 0;
    ++first_;
  }
  if (first_ == chunks_.size()) {
    clear();
  } else if (first_ >= kCompactAt && first_ * 2 >= chunks_.size()) {
    chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void Outbox::clear() {
  chunks_.clear();
  first_ = offset_ = bytes_ = 0;
}

std::string_view JoinedFrames::of(const Outbox& outbox) {
  const std::span<const SharedBytes> chunks = outbox.chunks();
  if (chunks.size() < 2 || !outbox.at_chunk() ||
      outbox.bytes() > chunks.size() * kJoinedFrameBytes) {
    return {};
  }
  if (!std::ranges::equal(chunks, run_)) {
    run_.assign(chunks.begin(), chunks.end());
    is_joined_ = false;
    return {};
  }
  if (!std::exchange(is_joined_, true)) {
    std::string& joined = joined_.emplace_back();
    joined.reserve(outbox.bytes());
    for (const SharedBytes& chunk : chunks) {
      joined += *chunk;
    }
  }
  return joined_.back();
}

void JoinedFrames::forget() {
  run_.clear();
  joined_.clear();
  is_joined_ = false;
}

std::unique_ptr<Outbox> OutboxPool::take() {
  if (free_.empty()) {
    return std::make_unique<Outbox>();
  }
  auto outbox = std::move(free_.back());
  free_.pop_back();
  return outbox;
}

void OutboxPool::give_back(std::unique_ptr<Outbox> outbox) {
  if (free_.size() < kPooledMax) {
    outbox->clear();
    free_.push_back(std::move(outbox));
  }
}

}  // namespace cloudsync::runtime
