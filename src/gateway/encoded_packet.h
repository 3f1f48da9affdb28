#pragma once
// A Socket.IO packet that is encoded once and shared by all its receivers on all loops: the bytes
// of an unmasked WebSocket text frame, whose payload is also what a polling response carries. A
// part that is large and common to packets that differ (a document's content in the join replies)
// is shared between them.

#include "base/bytes.h"
#include "codec/socketio/packet.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::gateway {

class EncodedPacket {
 public:
  /// Wraps Engine.IO packet text ("42[…]", "2", "0{…}").
  static EncodedPacket from_engine_text(std::string_view text);
  /// A binary message: one attachment, or a whole packet of the MessagePack parser.
  static EncodedPacket from_engine_binary(std::string_view bytes);
  /// An event on the namespace "/" with one argument, given as JSON text.
  static EncodedPacket event(std::string_view name, std::string_view json);
  /// The answer to the event that carried `ack_id`.
  static EncodedPacket ack(std::uint64_t ack_id, std::string_view json);
  /// The same with the JSON text in three pieces, of which `shared` is not copied.
  static EncodedPacket ack(std::uint64_t ack_id,
                           std::string_view before,
                           SharedBytes shared,
                           std::string_view after);

  /// The bytes of one frame, in order.
  std::span<const SharedBytes> websocket_frame() const { return {pieces_.data(), piece_count_}; }

  /// Appends the packet as it stands in a polling payload: binary is 'b' and base64.
  void append_engine_text(std::string& out) const;

  /// Bytes of the frame.
  std::size_t size() const;

  /// Whether it is a copy of that one.
  bool same_as(const EncodedPacket& other) const { return pieces_[0] == other.pieces_[0]; }

 private:
  EncodedPacket() = default;

  std::array<SharedBytes, 3> pieces_;  // the header is in front of the first
  std::uint8_t piece_count_ = 1;
  std::uint8_t header_bytes_ = 0;
  bool binary_ = false;
};

/// How Socket.IO packets are written; a client must be set to the same.
enum class PacketFormat : std::uint8_t { kJson, kMsgpack };

/// A Socket.IO packet as the messages that carry it, in order: one, and one for each attachment.
std::vector<EncodedPacket> encode_packet(PacketFormat format,
                                         const codec::socketio::Packet& packet);

/// A packet without attachments that encode_packet() or EncodedPacket wrote as JSON, as
/// MessagePack.
EncodedPacket to_msgpack(const EncodedPacket& json);

}  // namespace cloudsync::gateway
