// Rooms on WebSocket alone, without Socket.IO.
//   build/release/examples/websocket_rooms --listen 127.0.0.1:9002 --io-engine io_uring
// "join ROOM" is answered "joined"; any other text goes to everybody in the sender's room, itself
// included. Who is in no room gets its messages back. bench/peers compares it with the same
// application on other servers.

#include "gateway/websocket_server.h"
#include "server_options.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace cloudsync::examples {
namespace {

using namespace gateway;

/// Whoever does not take what the others say is closed when so much of it waits.
constexpr std::size_t kQueueBytesMax = 1024 * 1024;
/// "Try again later" (the IANA registry of RFC 6455's codes).
constexpr std::uint16_t kCloseTryAgainLater = 1013;

class Rooms final : public WebSocketHandler {
 public:
  void on_text(WebSocket& socket, std::string_view text) override {
    constexpr std::string_view kJoin = "join ";
    const auto joined = room_of_.find(&socket);
    if (joined != room_of_.end()) {
      pass_on(*joined->second, text);
    } else if (text.starts_with(kJoin)) {
      Members& room = rooms_[std::string(text.substr(kJoin.size()))];
      room.push_back(&socket);
      room_of_.emplace(&socket, &room);
      socket.send_text("joined");
    } else {
      socket.send_text(text);
    }
  }

  void on_binary(WebSocket& socket, std::string_view bytes) override { socket.send_binary(bytes); }

  void on_close(WebSocket& socket) override {
    if (const auto joined = room_of_.extract(&socket)) {
      std::erase(*joined.mapped(), &socket);
    }
  }

 private:
  using Members = std::vector<WebSocket*>;

  static void pass_on(const Members& room, std::string_view text) {
    const auto message = WebSocketMessage::text(text);
    Members slow;
    for (WebSocket* member : room) {
      member->send(message);
      if (member->queued_bytes() > kQueueBytesMax) {
        slow.push_back(member);
      }
    }
    for (WebSocket* member : slow) {
      member->close(kCloseTryAgainLater, "too slow");  // which takes it out of the room
    }
  }

  std::map<std::string, Members> rooms_;
  std::unordered_map<WebSocket*, Members*> room_of_;
};

/// A server as serve() wants it.
class Server {
 public:
  Server(std::unique_ptr<runtime::Loop> loop, const WebSocketServerOptions& options)
      : loop_(std::move(loop)), server_(*loop_, rooms_, options) {}

  Result<runtime::Endpoint> listen(const runtime::Endpoint& endpoint) {
    return server_.listen(endpoint);
  }

  void run() { loop_->run(); }

  void stop() {
    loop_->post([this] {
      server_.close_all();
      loop_->stop();
    });
  }

 private:
  std::unique_ptr<runtime::Loop> loop_;
  Rooms rooms_;
  WebSocketServer server_;
};

int run(int argc, char** argv) {
  runtime::block_termination_signals();
  CLI::App app("Passes WebSocket messages on in rooms.");
  ServerOptions options;
  options.add_to(app);
  CLI11_PARSE(app, argc, argv);
  auto loop = runtime::make_loop(options.io_engine);
  if (!loop) {
    return complain(loop.error());
  }
  Server server(*std::move(loop), {.limits = options.limits});
  return serve(server, options);
}

}  // namespace
}  // namespace cloudsync::examples

int main(int argc, char** argv) {
  return cloudsync::examples::run(argc, argv);
}
