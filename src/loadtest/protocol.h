#pragma once
// What a server under test speaks: CloudSync's own protocol, or the small applications by which
// other servers are compared with it (bench/peers):
//
//   socket.io   rooms: the event `join` ROOM is acknowledged; `message` TEXT goes as `message` to
//               everybody in the sender's room, itself included
//   websocket   the same in text messages: "join ROOM" is answered "joined", any other is a message
//   sharedb     ShareDB's protocol: operations of ot-text-unicode on documents
//
// Who is in no room gets its messages back: an echo.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace cloudsync::loadtest {

enum class Protocol : std::uint8_t { kCloudSync, kSocketIo, kWebSocket, kShareDb };

inline constexpr std::array<std::pair<std::string_view, Protocol>, 4> kProtocols{{
    {"cloudsync", Protocol::kCloudSync},
    {"socket.io", Protocol::kSocketIo},
    {"websocket", Protocol::kWebSocket},
    {"sharedb", Protocol::kShareDb},
}};

constexpr std::string_view protocol_name(Protocol protocol) {
  return kProtocols[static_cast<std::size_t>(protocol)].first;
}

constexpr std::optional<Protocol> parse_protocol(std::string_view name) {
  for (const auto& [known, protocol] : kProtocols) {
    if (known == name) {
      return protocol;
    }
  }
  return std::nullopt;
}

}  // namespace cloudsync::loadtest
