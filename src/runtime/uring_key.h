#pragma once
// io_uring's user data: what was asked, and the slot and generation of the socket it was asked for.
// Never a pointer, so that a late completion finds nothing. Of the same key at most one request is
// with the kernel.

#include "runtime/loop.h"

#include <cstdint>

namespace cloudsync::runtime {

enum class UringOp : std::uint8_t {
  kUnheeded,     ///< cancelling and closing: nobody waits for them
  kMailbox,      ///< a multishot poll
  kAcceptable,   ///< a multishot poll
  kConnect,      ///< a poll
  kReceive,      ///< multishot
  kSend,         ///< completes only if it was cut short or failed
  kWaitingSend,  ///< completes when the peer took something
  kLook,         ///< whether the stream has ended, of a direct socket
  kEnd,          ///< ends this side of the stream of a direct socket
};

/// Slots are 28 bits: 268 million sockets.
inline std::uint64_t uring_key(UringOp op, SocketId socket) {
  return std::uint64_t{socket.generation} << 32U |
         std::uint64_t{static_cast<std::uint8_t>(op)} << 28U | socket.slot;
}

inline UringOp uring_op(std::uint64_t key) {
  return static_cast<UringOp>(key >> 28U & 0xFU);
}

inline SocketId uring_socket(std::uint64_t key) {
  return {static_cast<std::uint32_t>(key & 0xFFF'FFFFU), static_cast<std::uint32_t>(key >> 32U)};
}

}  // namespace cloudsync::runtime
