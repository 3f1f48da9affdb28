#include "gateway/encoded_packet.h"

#include "codec/engineio/packet.h"
#include "codec/socketio/packet.h"
#include "codec/websocket/frame.h"

#include <array>

namespace cloudsync::gateway {
namespace {

constexpr char kMessage = static_cast<char>(codec::engineio::PacketType::kMessage);

}  // namespace

EncodedPacket EncodedPacket::from_engine_text(std::string_view text) {
  std::string frame;
  frame.reserve(text.size() + codec::websocket::kFrameHeaderMax);
  codec::websocket::append_frame_header(frame, codec::websocket::Opcode::kText, text.size());
  const std::size_t header_bytes = frame.size();
  frame += text;
  return {share(std::move(frame)), header_bytes};
}

EncodedPacket EncodedPacket::event(std::string_view name, std::string_view json) {
  std::string text(1, kMessage);
  codec::socketio::append_event(text, "/", name, std::array{json});
  return from_engine_text(text);
}

EncodedPacket EncodedPacket::ack(std::uint64_t ack_id, std::string_view json) {
  std::string text(1, kMessage);
  codec::socketio::append_ack(text, "/", ack_id, std::array{json});
  return from_engine_text(text);
}

}  // namespace cloudsync::gateway
