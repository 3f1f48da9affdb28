#include "gateway/encoded_packet.h"

#include "base/assert.h"
#include "codec/engineio/packet.h"
#include "codec/socketio/decoder.h"
#include "codec/socketio/msgpack.h"
#include "codec/websocket/frame.h"

#include <array>

namespace cloudsync::gateway {
namespace {

/// Of what this node sends: a value that a peer sent, in some levels of our own.
constexpr std::size_t kOwnDepthMax = 2 * kJsonDepthMax;

constexpr char kMessage = static_cast<char>(codec::engineio::PacketType::kMessage);

}  // namespace

EncodedPacket EncodedPacket::from_engine_text(std::string_view text) {
  std::string frame;
  frame.reserve(text.size() + codec::websocket::kFrameHeaderMax);
  codec::websocket::append_frame_header(frame, codec::websocket::Opcode::kText, text.size());
  EncodedPacket packet;
  packet.header_bytes_ = static_cast<std::uint8_t>(frame.size());
  frame += text;
  packet.pieces_[0] = share(std::move(frame));
  return packet;
}

EncodedPacket EncodedPacket::from_engine_binary(std::string_view bytes) {
  std::string frame;
  frame.reserve(bytes.size() + codec::websocket::kFrameHeaderMax);
  codec::websocket::append_frame_header(frame, codec::websocket::Opcode::kBinary, bytes.size());
  EncodedPacket packet;
  packet.binary_ = true;
  packet.header_bytes_ = static_cast<std::uint8_t>(frame.size());
  frame += bytes;
  packet.pieces_[0] = share(std::move(frame));
  return packet;
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

EncodedPacket EncodedPacket::ack(std::uint64_t ack_id,
                                 std::string_view before,
                                 SharedBytes shared,
                                 std::string_view after) {
  std::string first(1, kMessage);
  codec::socketio::append_ack(first, "/", ack_id, std::array{before});
  const char end = first.back();
  first.pop_back();
  std::string last(after);
  last += end;
  std::string frame;
  codec::websocket::append_frame_header(
      frame, codec::websocket::Opcode::kText, first.size() + shared->size() + last.size());
  EncodedPacket packet;
  packet.header_bytes_ = static_cast<std::uint8_t>(frame.size());
  packet.pieces_ = {share(std::move(frame) + first), std::move(shared), share(std::move(last))};
  packet.piece_count_ = 3;
  return packet;
}

void EncodedPacket::append_engine_text(std::string& out) const {
  if (binary_) {
    codec::engineio::append_binary(out, std::string_view(*pieces_[0]).substr(header_bytes_));
    return;
  }
  out.append(*pieces_[0], header_bytes_);
  for (const SharedBytes& piece : websocket_frame().subspan(1)) {
    out += *piece;
  }
}

std::size_t EncodedPacket::size() const {
  std::size_t bytes = 0;
  for (const SharedBytes& piece : websocket_frame()) {
    bytes += piece->size();
  }
  return bytes;
}

std::vector<EncodedPacket> encode_packet(PacketFormat format,
                                         const codec::socketio::Packet& packet) {
  std::vector<EncodedPacket> messages;
  if (format == PacketFormat::kMsgpack) {
    messages.push_back(EncodedPacket::from_engine_binary(codec::socketio::encode_msgpack(packet)));
    return messages;
  }
  std::string text(1, kMessage);
  codec::socketio::append_packet(text, packet);
  messages.push_back(EncodedPacket::from_engine_text(text));
  for (const std::string& attachment : packet.attachments) {
    messages.push_back(EncodedPacket::from_engine_binary(attachment));
  }
  return messages;
}

EncodedPacket to_msgpack(const EncodedPacket& json) {
  std::string text;
  json.append_engine_text(text);
  const codec::socketio::DecoderLimits no_limits{.nsp_bytes = text.size(),
                                                 .attachments = 0,
                                                 .attachment_bytes = 0,
                                                 .json_depth = kOwnDepthMax};
  codec::socketio::Decoder decoder(codec::socketio::Role::kClient, no_limits);
  const auto packet = decoder.decode_text(std::string_view(text).substr(1));
  CS_ASSERT(packet && *packet, "what this node wrote can be read");
  return EncodedPacket::from_engine_binary(codec::socketio::encode_msgpack(**packet));
}

}  // namespace cloudsync::gateway
