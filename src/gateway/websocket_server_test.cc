#include "gateway/websocket_server.h"

#include "gateway/testing.h"

namespace cloudsync::gateway {
namespace {

using codec::websocket::Opcode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// Echoes, and writes down what happens.
class Recorder final : public WebSocketHandler {
 public:
  void on_open(WebSocket& socket) override {
    events.push_back("open");
    if (greets) {
      socket.send_text("welcome");
    }
  }

  void on_text(WebSocket& socket, std::string_view text) override {
    events.push_back("text " + std::string(text.substr(0, 20)));
    if (text == "bye") {
      socket.close(4'000, "as you say");
    } else if (text == "join") {
      room.push_back(&socket);
    } else if (!room.empty()) {
      const auto message = WebSocketMessage::text(text);
      for (WebSocket* member : room) {
        member->send(message);
      }
    } else {
      socket.send_text(text);
    }
  }

  void on_binary(WebSocket& socket, std::string_view bytes) override {
    events.push_back("binary");
    socket.send_binary(bytes);
  }

  void on_close(WebSocket&) override { events.push_back("close"); }

  std::vector<std::string> events;
  std::vector<WebSocket*> room;
  bool greets = false;
};

class WebSocketServerTest : public testing::Test {
 protected:
  void start(const WebSocketServerOptions& options = {}) {
    server = std::make_unique<WebSocketServer>(loop, handler, options);
    EXPECT_TRUE(server->listen({"127.0.0.1", 0}));
  }

  std::shared_ptr<FakePeer> connect(const std::string& headers = {},
                                    const std::string& behind = {}) {
    auto peer = loop.connect_peer();
    peer->send(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        headers + "\r\n" + behind);
    settle();
    return peer;
  }

  void settle() {
    while (loop.turn()) {
    }
  }

  void advance(Duration by) {
    const TimePoint end = network.clock.now() + by;
    settle();
    while (loop.next_deadline() && *loop.next_deadline() <= end) {
      network.clock.advance(*loop.next_deadline() - network.clock.now());
      settle();
    }
    network.clock.advance(end - network.clock.now());
  }

  static std::string masked(Opcode opcode, std::string_view payload, bool final = true) {
    std::string frame;
    codec::websocket::append_masked_frame(frame, opcode, payload, {1, 2, 3, 4}, final);
    return frame;
  }

  /// What the peer received behind the handshake, which is taken off.
  static std::string frames(FakePeer& peer) {
    const std::size_t end = peer.received.find("\r\n\r\n");
    return end == std::string::npos ? "(no handshake)" : peer.received.substr(end + 4);
  }

  FakeNetwork network;
  FakeLoop loop{network};
  Recorder handler;
  std::unique_ptr<WebSocketServer> server;
};

TEST_F(WebSocketServerTest, EchoesTextAndBinary) {
  start();
  const auto peer = connect();
  peer->send(masked(Opcode::kText, "hi") + masked(Opcode::kBinary, "\xFF"));
  settle();
  EXPECT_EQ(frames(*peer), "\x81\x02hi\x82\x01\xFF");
  EXPECT_THAT(handler.events, ElementsAre("open", "text hi", "binary"));
}

TEST_F(WebSocketServerTest, SendsOneMessageToSeveral) {
  start({.limits = {}, .compression = true});
  const auto plain = connect();
  const auto compressing = connect("Sec-WebSocket-Extensions: permessage-deflate\r\n");
  for (const auto& peer : {plain, compressing}) {
    peer->send(masked(Opcode::kText, "join"));
    settle();
  }
  const std::string text(3'000, 'a');
  plain->send(masked(Opcode::kText, text));
  settle();
  std::string frame;
  codec::websocket::append_frame(frame, Opcode::kText, text);
  EXPECT_EQ(frames(*plain), frame);
  EXPECT_EQ(frames(*compressing).front(), '\xC1');
  EXPECT_LT(frames(*compressing).size(), frame.size() / 2);
}

TEST_F(WebSocketServerTest, OpensBeforeWhatCameWithTheHandshake) {
  start();
  handler.greets = true;
  const auto peer = connect({}, masked(Opcode::kText, "hi"));
  EXPECT_THAT(handler.events, ElementsAre("open", "text hi"));
  EXPECT_EQ(frames(*peer), "\x81\x07welcome\x81\x02hi");
}

TEST_F(WebSocketServerTest, RefusesOtherRequests) {
  start();
  auto peer = loop.connect_peer();
  peer->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  settle();
  EXPECT_THAT(peer->received, HasSubstr("HTTP/1.1 400 "));
  EXPECT_THAT(handler.events, SizeIs(0));
}

TEST_F(WebSocketServerTest, ClosesForEitherSide) {
  start();
  const auto ours = connect();
  ours->send(masked(Opcode::kText, "bye"));
  settle();
  EXPECT_EQ(frames(*ours),
            "\x88\x0C\x0F\xA0"
            "as you say");
  EXPECT_TRUE(ours->server_ended);
  const auto theirs = connect();
  theirs->send(masked(Opcode::kClose, "\x03\xE8"));
  settle();
  EXPECT_EQ(frames(*theirs), "\x88\x02\x03\xE8");
  EXPECT_TRUE(theirs->server_ended);
  const auto lost = connect();
  lost->close();
  settle();
  EXPECT_THAT(handler.events,
              ElementsAre("open", "text bye", "close", "open", "close", "open", "close"));
}

TEST_F(WebSocketServerTest, BoundsMessages) {
  start({.limits = {.payload_bytes = 100}});
  const auto peer = connect();
  peer->send(masked(Opcode::kText, std::string(101, 'a')));
  settle();
  EXPECT_THAT(frames(*peer), HasSubstr("\x03\xF1message too big"));
}

TEST_F(WebSocketServerTest, DoesNotReadAPeerThatDoesNotRead) {
  start({.limits = {.send_queue_bytes = 10'000}});
  const auto peer = connect();
  peer->room = 0;
  for (int i = 0; i < 100; ++i) {
    peer->send(masked(Opcode::kText, std::string(1'000, 'a')));
  }
  settle();
  EXPECT_THAT(handler.events, SizeIs(1 + 10));
  peer->room = std::string::npos;
  settle();
  EXPECT_THAT(handler.events, SizeIs(1 + 100));
}

TEST_F(WebSocketServerTest, ClosesAMessageThatNeverEnds) {
  start({.limits = {.idle_http_timeout = seconds(5)}});
  const auto peer = connect();
  peer->send(masked(Opcode::kText, "a", false));
  advance(milliseconds(4'900));
  peer->send(masked(Opcode::kContinuation, "a", false));
  settle();
  EXPECT_FALSE(peer->gone);
  advance(milliseconds(200));
  EXPECT_THAT(frames(*peer), HasSubstr("\x03\xF0"));
}

constexpr const char* kOffer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

TEST_F(WebSocketServerTest, CompressesIfBothSidesWant) {
  start({.limits = {}, .compression = true});
  const auto peer = connect(kOffer);
  EXPECT_THAT(peer->received, HasSubstr("Sec-WebSocket-Extensions: permessage-deflate;"));
  std::string hello = masked(Opcode::kText, std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7));
  hello[0] = static_cast<char>(hello[0] | codec::websocket::kCompressedBit);
  peer->send(hello + masked(Opcode::kText, std::string(50'000, 'a')));
  settle();
  EXPECT_THAT(frames(*peer), testing::StartsWith("\x81\x05Hello\xC1"));  // too short; long enough
  EXPECT_LT(frames(*peer).size(), 1'000U);
  const auto plain = connect();
  EXPECT_THAT(plain->received, Not(HasSubstr("Extensions")));
  plain->send(masked(Opcode::kText, std::string(50'000, 'a')));
  settle();
  EXPECT_GT(frames(*plain).size(), 50'000U);
}

TEST_F(WebSocketServerTest, IgnoresTheOfferUnlessCompressionIsOn) {
  start();
  const auto peer = connect(kOffer);
  EXPECT_THAT(peer->received, Not(HasSubstr("Extensions")));
  std::string frame = masked(Opcode::kText, "a");
  frame[0] = static_cast<char>(frame[0] | codec::websocket::kCompressedBit);
  peer->send(frame);
  settle();
  EXPECT_THAT(frames(*peer), HasSubstr("\x03\xEAreserved bit set"));
}

TEST_F(WebSocketServerTest, TellsItsPeersThatItGoes) {
  start();
  const auto peer = connect();
  server->close_all();
  settle();
  EXPECT_EQ(frames(*peer), "\x88\x02\x03\xE9");
  EXPECT_FALSE(loop.listening());
  EXPECT_FALSE(loop.next_deadline());
}

}  // namespace
}  // namespace cloudsync::gateway
