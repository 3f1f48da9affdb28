#pragma once
// A Socket.IO packet that is encoded once and shared by all its receivers on all loops: the bytes
// of an unmasked WebSocket text frame, whose payload is also what a polling response carries.

#include "base/bytes.h"

#include <span>
#include <string_view>

namespace cloudsync::gateway {

class EncodedPacket {
 public:
  /// Wraps Engine.IO packet text ("42[…]", "2", "0{…}").
  static EncodedPacket from_engine_text(std::string_view text);
  /// An event on the namespace "/" with one argument, given as JSON text.
  static EncodedPacket event(std::string_view name, std::string_view json);
  /// The answer to the event that carried `ack_id`.
  static EncodedPacket ack(std::uint64_t ack_id, std::string_view json);

  const SharedBytes& websocket_frame() const { return frame_; }

  std::string_view engine_text() const { return std::string_view(*frame_).substr(header_bytes_); }

  std::size_t size() const { return frame_->size(); }

 private:
  EncodedPacket(SharedBytes frame, std::size_t header_bytes)
      : frame_(std::move(frame)), header_bytes_(header_bytes) {}

  SharedBytes frame_;
  std::size_t header_bytes_;
};

}  // namespace cloudsync::gateway
