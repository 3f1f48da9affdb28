#pragma once
// The sockets of one loop: small records in pages that never move, found by slot and generation. A
// freed slot gets a new generation, so that an old id finds nothing. Loop thread only.

#include "runtime/loop.h"
#include "runtime/outbox.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace cloudsync::runtime {

/// A socket's life, and what leads on:
///
///   kConnecting  connected: kOpen; failed: kFree; close(): kGone
///   kOpen        close(kFlush), or end of stream with bytes queued: kClosing; end of stream whose
///                owner has more to send: kOpen; close(kAbort), end of stream, error: kGone
///   kClosing     the peer's end, an error, 5 s: kGone
///   kGone        closed, and its owner is not told yet (on_closed; of a connect, its error): kFree
enum class SocketState : std::uint8_t { kFree, kConnecting, kOpen, kClosing, kGone };

// A node has tens of thousands, so they are small: flags are bits.
struct SocketRecord {
  SocketEvents* events = nullptr;  // null while connecting and before an accepted socket's attach()
  std::unique_ptr<Outbox> outbox;  // only while something is queued
  std::uint64_t sent_bytes = 0;
  int fd = -1;
  std::uint32_t generation = 0;
  SocketState state = SocketState::kFree;
  CloseCause cause = CloseCause::kLocal;  // in kClosing and kGone: what on_closed will say
  bool paused : 1 = false;
  bool pinned : 1 = false;
  bool dirty : 1 = false;       // listed for this turn's flush
  bool blocked : 1 = false;     // the kernel takes no more bytes for now; the engine waits for that
  bool ready : 1 = false;       // listed to be read again: unread bytes may wait
  bool peer_ended : 1 = false;  // the peer's end of stream was seen
  bool heartbeat : 1 = false;   // its owner finds out by sending whether the peer is there
  // epoll
  bool registered : 1 = false;
  bool armed_out : 1 = false;  // EPOLLOUT is asked for
  // io_uring
  bool receiving : 1 = false;   // a receive (kConnecting: a poll) is with the kernel
  bool cancelling : 1 = false;  // and asked to end
  bool unsynced : 1 = false;    // listed to have its receive started or ended
  bool sending : 1 =
      false;               // a send of this turn: taken whole unless its completion says otherwise
  bool heard : 1 = false;  // received since find_lost_ends() looked; never with `heartbeat`
  bool holding : 1 = false;  // received while paused: bytes wait in the engine
  bool direct : 1 = false;   // fd is an index of the ring's own table
};

class SocketTable {
 public:
  /// A free slot's id; the record is reset.
  SocketId add(int fd, SocketState state);
  /// Frees the slot. The descriptor is the caller's business.
  void remove(SocketId socket);

  /// The record if the id's generation lives, whatever its state; stable until remove().
  SocketRecord* find(SocketId socket) {
    return const_cast<SocketRecord*>(std::as_const(*this).find(socket));
  }

  const SocketRecord* find(SocketId socket) const;

  std::size_t size() const { return size_; }

  /// Ids of all records.
  std::vector<SocketId> ids() const;

 private:
  static constexpr std::size_t kPageSlots = 1'024;
  using Page = std::array<SocketRecord, kPageSlots>;

  SocketRecord& at(std::uint32_t slot) { return (*pages_[slot / kPageSlots])[slot % kPageSlots]; }

  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<std::uint32_t> free_;
  std::uint32_t slots_ = 0;  // slots ever used: [0, slots_)
  std::size_t size_ = 0;
};

}  // namespace cloudsync::runtime
