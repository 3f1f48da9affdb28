// A WebSocket server that sends every message back. Try it with
//   build/release/examples/websocket_echo --listen 127.0.0.1:9001 --deflate
// and any WebSocket client. The WebSocket conformance tests run against it.

#include "gateway/websocket_server.h"
#include "runtime/loop_thread.h"
#include "runtime/signals.h"
#include "server_options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using namespace cloudsync;

/// The smallest fragments in which a largest message may come: those of Autobahn's case 9.3.1. What
/// a message takes in memory is bounded by its bytes, however many they are.
constexpr std::size_t kFragmentBytesMin = 64;

class Echo final : public gateway::WebSocketHandler {
 public:
  void on_text(gateway::WebSocket& socket, std::string_view text) override {
    socket.send_text(text);
  }

  void on_binary(gateway::WebSocket& socket, std::string_view bytes) override {
    socket.send_binary(bytes);
  }
};

int complain(const Error& error) {
  std::cerr << "websocket_echo: " << error.message << '\n';
  return EXIT_FAILURE;
}

int serve(const std::string& listen,
          runtime::IoEngine engine,
          const gateway::WebSocketServerOptions& options) {
  const auto endpoint = runtime::parse_endpoint(listen);
  if (!endpoint) {
    return complain(endpoint.error());
  }
  auto loop = runtime::make_loop(engine);
  if (!loop) {
    return complain(loop.error());
  }
  Echo echo;
  gateway::WebSocketServer server(**loop, echo, options);
  const auto bound = server.listen(*endpoint);
  if (!bound) {
    return complain(bound.error());
  }
  runtime::LoopThread thread(*std::move(loop), "echo");
  std::cout << "websocket_echo is ready at ws://" << to_string(*bound) << std::endl;
  runtime::wait_for_termination();
  thread.loop().post([&server] { server.close_all(); });
  thread.stop();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  runtime::block_termination_signals();
  CLI::App app("Sends every WebSocket message back.");
  std::string listen = "127.0.0.1:9001";
  auto engine = runtime::IoEngine::kEpoll;
  gateway::WebSocketServerOptions options;
  options.limits.payload_bytes = 16 * 1024 * 1024;
  app.add_option("--listen", listen, "Address and port; port 0 takes a free one")
      ->capture_default_str();
  examples::add_io_engine(app, engine);
  app.add_flag("--deflate", options.compression, "Negotiate permessage-deflate");
  app.add_option("--max-message", options.limits.payload_bytes, "Bytes of the largest message")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.limits.websocket_fragments = std::max(
      options.limits.websocket_fragments, options.limits.payload_bytes / kFragmentBytesMin + 1);
  return serve(listen, engine, options);
}
