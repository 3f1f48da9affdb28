#include "runtime/socket_table.h"

#include "base/assert.h"

namespace cloudsync::runtime {

SocketId SocketTable::add(int fd, SocketState state) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = slots_++;
    if (slot / kPageSlots == pages_.size()) {
      pages_.push_back(std::make_unique<Page>());
    }
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  SocketRecord& record = at(slot);
  const std::uint32_t generation = record.generation + 1;
  record = SocketRecord{};
  record.generation = generation;
  record.fd = fd;
  record.state = state;
  ++size_;
  return {slot, generation};
}

void SocketTable::remove(SocketId socket) {
  SocketRecord* record = find(socket);
  CS_ASSERT(record != nullptr, "only a live slot is freed");
  record->state = SocketState::kFree;
  free_.push_back(socket.slot);
  --size_;
}

const SocketRecord* SocketTable::find(SocketId socket) const {
  if (socket.slot >= slots_) {
    return nullptr;
  }
  const SocketRecord& record = (*pages_[socket.slot / kPageSlots])[socket.slot % kPageSlots];
  const bool lives = record.generation == socket.generation && record.state != SocketState::kFree;
  return lives ? &record : nullptr;
}

std::vector<SocketId> SocketTable::ids() const {
  std::vector<SocketId> all;
  all.reserve(size_);
  for (std::uint32_t slot = 0; slot < slots_; ++slot) {
    const SocketRecord& record = (*pages_[slot / kPageSlots])[slot % kPageSlots];
    if (record.state != SocketState::kFree) {
      all.push_back({slot, record.generation});
    }
  }
  return all;
}

}  // namespace cloudsync::runtime
