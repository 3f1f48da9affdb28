// permessage-deflate on a node's connections: who gets compressed frames, and what counts.

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// A peer that offered permessage-deflate and joined; nothing of it is left in `received`.
std::shared_ptr<FakePeer> join_with_offer(TestNode& node) {
  auto peer = node.connect();
  peer->send(HttpClient::get(kWebSocket,
                             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "Sec-WebSocket-Extensions: permessage-deflate\r\n") +
             WebSocketClient::frame("40"));
  node.settle();
  return peer;
}

EncodedPacket packet_of(std::size_t bytes) {
  return EncodedPacket::event("x", '"' + std::string(bytes, 'x') + '"');
}

void emit_to_all(TestNode& node, const EncodedPacket& packet) {
  for (const ConnectionId id : node.application.connected) {
    node.gateway().emit(id, packet);
  }
  node.settle();
}

TEST(Compression, IsForThoseThatOfferedIt) {
  TestNode node({}, 1, {}, {.websocket_compression = true});
  const auto peer = join_with_offer(node);
  EXPECT_THAT(peer->received, HasSubstr("Sec-WebSocket-Extensions: permessage-deflate;"));
  const auto plain = join_over_websocket(node);
  peer->received.clear();
  plain->messages();
  emit_to_all(node, packet_of(5'000));
  EXPECT_THAT(peer->received, StartsWith("\xC1"));
  EXPECT_LT(peer->received.size(), 100U);
  EXPECT_THAT(plain->messages(), ElementsAre(R"(42["x",")" + std::string(5'000, 'x') + R"("])"));
}

TEST(Compression, LeavesShortMessagesAlone) {
  TestNode node({}, 1, {}, {.websocket_compression = true});
  const auto peer = join_with_offer(node);
  peer->received.clear();
  emit_to_all(node, packet_of(900));
  EXPECT_THAT(peer->received, AllOf(StartsWith("\x81"), HasSubstr(std::string(900, 'x'))));
}

TEST(Compression, IsOffByDefault) {
  TestNode node;
  const auto peer = join_with_offer(node);
  EXPECT_THAT(peer->received, Not(HasSubstr("Extensions")));
  peer->received.clear();
  emit_to_all(node, packet_of(5'000));
  EXPECT_THAT(peer->received, StartsWith("\x81"));
}

TEST(Compression, CountsWhatIsSentForTheQueue) {
  TestNode node({.send_queue_bytes = 10'000}, 1, {}, {.websocket_compression = true});
  const auto peer = join_with_offer(node);
  peer->room = 0;
  for (int i = 0; i < 100; ++i) {
    emit_to_all(node, packet_of(9'900));
  }
  EXPECT_EQ(node.limit("send_queue_bytes"), 0U);
  EXPECT_THAT(node.application.disconnected, IsEmpty());
  for (int i = 0; i < 100; ++i) {
    emit_to_all(node, packet_of(9'900));
  }
  EXPECT_EQ(node.limit("send_queue_bytes"), 1U);
}

TEST(Compression, ReadsMessagesInAnyPieces) {
  TestNode node({}, 1, {}, {.websocket_compression = true});
  const auto peer = join_with_offer(node);
  MessageCompression compression;
  const SharedBytes frame = compression.compress(packet_of(5'000).websocket_frame(), 15);
  std::string masked = WebSocketClient::frame(
      std::string_view(*frame).substr(codec::websocket::frame_header_bytes(*frame)));
  masked[0] = '\xC1';
  for (const char byte : masked + masked) {
    peer->send(std::string(1, byte));
  }
  peer->send(masked);
  node.settle();
  EXPECT_THAT(node.application.events, ElementsAre("x", "x", "x"));
}

}  // namespace
}  // namespace cloudsync::gateway
