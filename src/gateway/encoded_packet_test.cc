#include "gateway/encoded_packet.h"

#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

TEST(EncodedPacket, IsAnEventOfTheRootNamespace) {
  EXPECT_EQ(EncodedPacket::event("ops", R"({"a":1})").engine_text(), R"(42["ops",{"a":1}])");
}

TEST(EncodedPacket, IsTheAckOfAnEvent) {
  EXPECT_EQ(EncodedPacket::ack(17, R"({"ok":true})").engine_text(), R"(4317[{"ok":true}])");
}

TEST(EncodedPacket, IsOneUnmaskedTextFrame) {
  const auto packet = EncodedPacket::from_engine_text("2");
  EXPECT_EQ(*packet.websocket_frame(),
            "\x81\x01"
            "2");
  EXPECT_EQ(packet.size(), 3U);
}

TEST(EncodedPacket, FindsItsTextBehindEveryLengthOfHeader) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{126}, std::size_t{70'000}}) {
    const std::string text(bytes, 'x');
    EXPECT_EQ(EncodedPacket::from_engine_text(text).engine_text(), text);
  }
}

TEST(EncodedPacket, SharesItsBytesWithItsCopies) {
  const auto packet = EncodedPacket::from_engine_text("2");
  const auto copy = packet;
  EXPECT_EQ(packet.websocket_frame().get(), copy.websocket_frame().get());
}

}  // namespace
}  // namespace cloudsync::gateway
