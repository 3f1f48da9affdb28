#pragma once
// How the gateway names what peers open. An id names one thing for the process's lifetime: a stale
// one finds nothing.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace cloudsync::gateway {

/// An Engine.IO session of one loop: generation (32 bits), 12 bits of zero, slot (20 bits).
struct SessionId {
  std::uint64_t value = 0;

  friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

/// What is secret of an Engine.IO sid, which lets its bearer speak for a session: 128 random bits.
using SidSecret = std::array<std::uint8_t, 16>;

/// A Socket.IO connection to one namespace: its session's id with the number, from 1 on, of the
/// session's CONNECT in the bits between.
struct ConnectionId {
  std::uint64_t value = 0;

  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

/// Of either, for hash tables that mix it themselves. The ids are made here, not by peers.
struct IdHash {
  std::size_t operator()(const auto& id) const noexcept { return id.value; }
};

inline constexpr unsigned kSlotBits = 20;
inline constexpr unsigned kConnectBits = 12;
/// Sessions of one loop, and CONNECTs of one session.
inline constexpr std::uint32_t kSlotsMax = 1U << kSlotBits;
inline constexpr std::uint32_t kConnectsMax = (1U << kConnectBits) - 1;

inline SessionId make_session_id(std::uint32_t generation, std::uint32_t slot) {
  return {static_cast<std::uint64_t>(generation) << 32 | slot};
}

inline std::uint32_t generation_of(SessionId id) {
  return static_cast<std::uint32_t>(id.value >> 32);
}

inline std::uint32_t slot_of(SessionId id) {
  return static_cast<std::uint32_t>(id.value) & (kSlotsMax - 1);
}

inline ConnectionId make_connection_id(SessionId session, std::uint32_t connect) {
  return {session.value | static_cast<std::uint64_t>(connect) << kSlotBits};
}

inline std::uint32_t connect_of(ConnectionId id) {
  return static_cast<std::uint32_t>(id.value) >> kSlotBits;
}

inline SessionId session_of(ConnectionId id) {
  return {id.value & ~(static_cast<std::uint64_t>(kConnectsMax) << kSlotBits)};
}

}  // namespace cloudsync::gateway
