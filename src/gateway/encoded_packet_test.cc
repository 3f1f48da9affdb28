#include "gateway/encoded_packet.h"

#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

std::string engine_text(const EncodedPacket& packet) {
  std::string text;
  packet.append_engine_text(text);
  return text;
}

std::string frame(const EncodedPacket& packet) {
  std::string bytes;
  for (const SharedBytes& piece : packet.websocket_frame()) {
    bytes += *piece;
  }
  return bytes;
}

TEST(EncodedPacket, IsAnEventOfTheRootNamespace) {
  EXPECT_EQ(engine_text(EncodedPacket::event("ops", R"({"a":1})")), R"(42["ops",{"a":1}])");
}

TEST(EncodedPacket, IsTheAckOfAnEvent) {
  EXPECT_EQ(engine_text(EncodedPacket::ack(17, R"({"ok":true})")), R"(4317[{"ok":true}])");
}

TEST(EncodedPacket, IsOneUnmaskedTextFrame) {
  const auto packet = EncodedPacket::from_engine_text("2");
  EXPECT_EQ(frame(packet),
            "\x81\x01"
            "2");
  EXPECT_EQ(packet.size(), 3U);
}

TEST(EncodedPacket, FindsItsTextBehindEveryLengthOfHeader) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{126}, std::size_t{70'000}}) {
    const std::string text(bytes, 'x');
    EXPECT_EQ(engine_text(EncodedPacket::from_engine_text(text)), text);
  }
}

TEST(EncodedPacket, IsTheSameInPieces) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{126}, std::size_t{70'000}}) {
    const SharedBytes large = share(std::string(bytes, '7'));
    const auto whole = EncodedPacket::ack(17, R"({"a":)" + *large + R"(,"b":1})");
    const auto pieces = EncodedPacket::ack(17, R"({"a":)", large, R"(,"b":1})");
    EXPECT_EQ(frame(pieces), frame(whole));
    EXPECT_EQ(engine_text(pieces), engine_text(whole));
    EXPECT_EQ(pieces.size(), whole.size());
  }
}

TEST(EncodedPacket, DoesNotCopyTheSharedPiece) {
  const SharedBytes large = share(std::string(1'000, '7'));
  EXPECT_EQ(EncodedPacket::ack(17, "[", large, "]").websocket_frame()[1].get(), large.get());
}

TEST(EncodedPacket, SharesItsBytesWithItsCopies) {
  const auto packet = EncodedPacket::from_engine_text("2");
  const auto copy = packet;
  EXPECT_EQ(packet.websocket_frame()[0].get(), copy.websocket_frame()[0].get());
}

}  // namespace
}  // namespace cloudsync::gateway
