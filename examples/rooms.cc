// The smallest server with rooms, on stock Socket.IO clients.
//   build/release/examples/rooms --listen 127.0.0.1:3000 --io-engine io_uring
// Events of a client: `join` ROOM, which is acknowledged; `message` TEXT, which everybody in its
// room gets as `message`, itself included. Who is in no room gets its messages back. bench/peers
// compares it with the same application on other servers.

#include "gateway/server/socket_server.h"
#include "server_options.h"

namespace cloudsync::examples {
namespace {

using namespace gateway;

/// A socket's data is the name of its room once it has joined one.
void join(const SocketPtr& socket, const Arguments& arguments, const Ack& ack) {
  const std::string room(arguments.text(0));
  socket->data = room;
  socket->join(room);
  ack();
}

void pass_on(const SocketPtr& socket, const Arguments& arguments, const Ack&) {
  if (const auto* room = socket->data.if_string()) {
    socket->nsp().to(std::string(view(*room))).emit("message", arguments);
  } else {
    socket->emit("message", arguments);
  }
}

int run(int argc, char** argv) {
  runtime::block_termination_signals();
  CLI::App app("Passes messages on in rooms.");
  ServerOptions options;
  options.add_to(app);
  CLI11_PARSE(app, argc, argv);
  SocketServer server({.limits = options.limits,
                       .engine = options.engine,
                       .access = options.access,
                       .io_engine = options.io_engine});
  server.of("/").on_connection([](const SocketPtr& socket) {
    socket->on("join", join);
    socket->on("message", pass_on);
  });
  return serve(server, options);
}

}  // namespace
}  // namespace cloudsync::examples

int main(int argc, char** argv) {
  return cloudsync::examples::run(argc, argv);
}
