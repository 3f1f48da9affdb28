#include "gateway/message_compression.h"

#include "codec/websocket/frame_parser.h"
#include "gateway/encoded_packet.h"

#include <gtest/gtest.h>

#include <random>

namespace cloudsync::gateway {
namespace {

constexpr int kWindow = codec::websocket::kWindowBitsMax;

/// JSON text of `bytes`.
std::string text_of(std::size_t bytes) {
  std::string text = R"(42["ops",")";
  for (int i = 0; text.size() < bytes; ++i) {
    text += std::to_string(i);
  }
  text.resize(bytes);
  return text;
}

/// What a client's parser makes of a frame.
std::string received(const SharedBytes& frame) {
  class Text final : public codec::websocket::FrameVisitor {
   public:
    bool on_message(codec::websocket::Opcode opcode,
                    std::span<const std::uint8_t> payload) override {
      text = opcode == codec::websocket::Opcode::kText ? "" : "(binary)";
      text.append(payload.begin(), payload.end());
      return true;
    }

    bool on_ping(std::span<const std::uint8_t>) override { return true; }

    bool on_pong(std::span<const std::uint8_t>) override { return true; }

    void on_close(std::uint16_t, std::string_view) override {}

    std::string text = "(none)";
  };

  const codec::websocket::FrameLimits limits;
  codec::websocket::Inflater inflater;
  codec::websocket::FrameParser parser(codec::websocket::Role::kClient, limits, &inflater);
  Text visitor;
  std::vector<std::uint8_t> bytes(frame->begin(), frame->end());
  EXPECT_FALSE(parser.feed(bytes, visitor));
  return visitor.text;
}

TEST(MessageCompression, KeepsTheMessageInFewerBytes) {
  MessageCompression compression;
  for (const std::size_t bytes : {std::size_t{1'024}, std::size_t{2'000}, std::size_t{300'000}}) {
    const std::string text = text_of(bytes);
    const auto packet = EncodedPacket::from_engine_text(text);
    const SharedBytes frame = compression.compress(packet.websocket_frame(), kWindow);
    ASSERT_NE(frame, nullptr);
    EXPECT_LT(frame->size(), packet.size());
    EXPECT_EQ(received(frame), text);
  }
}

TEST(MessageCompression, TakesAMessageInPieces) {
  MessageCompression compression;
  const auto packet = EncodedPacket::ack(17, R"({"a":)", share(text_of(2'000)), R"(,"b":1})");
  std::string text;
  packet.append_engine_text(text);
  EXPECT_EQ(received(compression.compress(packet.websocket_frame(), kWindow)), text);
}

TEST(MessageCompression, LeavesShortMessagesAlone) {
  MessageCompression compression;
  const auto below = EncodedPacket::from_engine_text(std::string(1'023, 'a'));
  EXPECT_EQ(compression.compress(below.websocket_frame(), kWindow), nullptr);
  const auto at = EncodedPacket::from_engine_text(std::string(1'024, 'a'));
  EXPECT_NE(compression.compress(at.websocket_frame(), kWindow), nullptr);
}

TEST(MessageCompression, LeavesAloneWhatGetsNoSmaller) {
  std::minstd_rand random(1);
  std::string noise(4'000, ' ');
  for (char& byte : noise) {
    byte = static_cast<char>(random() >> 8);
  }
  MessageCompression compression;
  const auto packet = EncodedPacket::from_engine_text(noise);
  EXPECT_EQ(compression.compress(packet.websocket_frame(), kWindow), nullptr);
}

TEST(MessageCompression, CompressesABroadcastOnceForEachWindow) {
  MessageCompression compression;
  const auto packet = EncodedPacket::from_engine_text(text_of(5'000));
  const EncodedPacket copy = packet;
  const SharedBytes large = compression.compress(packet.websocket_frame(), 15);
  const SharedBytes small = compression.compress(packet.websocket_frame(), 8);
  EXPECT_NE(large, small);
  EXPECT_EQ(compression.compress(copy.websocket_frame(), 15), large);
  EXPECT_EQ(compression.compress(copy.websocket_frame(), 8), small);
}

// Frames come and go, and a new one may lie where the last one lay.
TEST(MessageCompression, DoesNotTakeOneMessageForAnother) {
  MessageCompression compression;
  for (int i = 0; i < 100; ++i) {
    const std::string text = std::to_string(i) + text_of(2'000);
    const auto packet = EncodedPacket::from_engine_text(text);
    ASSERT_EQ(received(compression.compress(packet.websocket_frame(), kWindow)), text);
  }
}

}  // namespace
}  // namespace cloudsync::gateway
