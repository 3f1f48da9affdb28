#pragma once
// epoll's user data: a socket's slot and generation, or one of the reserved slots at the top for
// the mailbox and the listeners. Never a pointer, so that a stale event finds nothing.

#include "runtime/loop.h"

#include <cstddef>
#include <cstdint>

namespace cloudsync::runtime {

inline constexpr std::uint32_t kMailboxSlot = 0xFFFF'FFFF;
inline constexpr std::uint32_t kFirstListenerSlot = 0xFFFF'0000;

inline std::uint64_t epoll_key(SocketId socket) {
  return std::uint64_t{socket.generation} << 32U | socket.slot;
}

inline SocketId from_epoll_key(std::uint64_t key) {
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32U)};
}

inline std::uint64_t listener_key(std::size_t index) {
  return kFirstListenerSlot + index;
}

}  // namespace cloudsync::runtime
