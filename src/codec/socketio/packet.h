#pragma once
// Socket.IO v5 packets, the payload of Engine.IO messages:
//
//   <type>[<attachments>-][<nsp>,][<ack id>][<JSON>]     types 0 to 6, nsp omitted for "/"
//
// Nothing here writes Engine.IO's '4' in front. Encoders append, so that a frame is built in one
// string. Protocol: https://github.com/socketio/socket.io-protocol (v5).

#include "base/json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::codec::socketio {

enum class PacketType : std::uint8_t {
  kConnect = 0,
  kDisconnect = 1,
  kEvent = 2,
  kAck = 3,
  kConnectError = 4,
  kBinaryEvent = 5,
  kBinaryAck = 6,
};

struct Packet {
  PacketType type = PacketType::kEvent;
  std::string nsp = "/";
  std::optional<std::uint64_t> id;
  /// Null if the packet has no payload. In binary packets {"_placeholder":true,"num":n} stands for
  /// attachments[n].
  JsonValue data;
  std::vector<std::string> attachments;
  /// The payload had lone surrogates; they are U+FFFD here.
  bool had_lone_surrogates = false;

  bool is_event() const { return type == PacketType::kEvent || type == PacketType::kBinaryEvent; }

  bool is_ack() const { return type == PacketType::kAck || type == PacketType::kBinaryAck; }

  friend bool operator==(const Packet&, const Packet&) = default;
};

/// The name of an event: the first element if it is a string, nothing for a numeric name.
std::optional<std::string_view> event_name(const Packet& packet);

/// The bytes that `value`, a placeholder found in `packet.data`, stands for, or nullptr if it is
/// not one. Only binary packets have placeholders: in others the same object is plain data.
const std::string* find_attachment(const Packet& packet, const JsonValue& value);

/// Appends the text of `packet`; its attachments follow as binary messages, in order.
void append_packet(std::string& out, const Packet& packet);

/// Appends an event whose arguments are JSON texts already: nothing is parsed or copied twice.
void append_event(std::string& out,
                  std::string_view nsp,
                  std::string_view name,
                  std::span<const std::string_view> json_args,
                  std::optional<std::uint64_t> ack_id = std::nullopt);

/// The same as a string of its own.
std::string encode_event(std::string_view nsp,
                         std::string_view name,
                         std::span<const std::string_view> json_args,
                         std::optional<std::uint64_t> ack_id = std::nullopt);

/// Appends the answer to the event that carried `ack_id`.
void append_ack(std::string& out,
                std::string_view nsp,
                std::uint64_t ack_id,
                std::span<const std::string_view> json_args);
std::string encode_ack(std::string_view nsp,
                       std::uint64_t ack_id,
                       std::span<const std::string_view> json_args);

/// Appends a CONNECT: a client's with its auth object (or none), a server's with {"sid":…}.
void append_connect(std::string& out, std::string_view nsp, std::string_view json = {});
/// Appends a DISCONNECT.
void append_disconnect(std::string& out, std::string_view nsp);
/// Appends a CONNECT_ERROR with {"message":…} and, if `json_data` is not empty, "data".
void append_connect_error(std::string& out,
                          std::string_view nsp,
                          std::string_view message,
                          std::string_view json_data = {});

}  // namespace cloudsync::codec::socketio
