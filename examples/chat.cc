// A chat with rooms, on stock Socket.IO clients: open it in two browser windows.
//   build/release/examples/chat --client clients/typescript/node_modules/socket.io-client/dist
// Events: `enter` {name, room}, `say` text; everybody in the room hears `said` {name, text},
// `entered` and `left` {name}.

#include "gateway/server/socket_server.h"
#include "server_options.h"

namespace cloudsync::examples {
namespace {

using namespace gateway;

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Chat</title></head>
<body>
<form id="form"><input id="text" placeholder="Say something" autocomplete="off"><button>Say</button></form>
<ul id="said"></ul>
<script src="/socket.io/socket.io.min.js"></script>
<script>
  const socket = io();
  const line = (text) => { const item = document.createElement("li"); item.textContent = text; said.append(item); };
  socket.on("connect", () => socket.emit("enter", { name: "Guest " + Math.floor(Math.random() * 1000), room: "hall" }));
  socket.on("said", ({ name, text }) => line(name + ": " + text));
  socket.on("entered", ({ name }) => line(name + " came in"));
  socket.on("left", ({ name }) => line(name + " left"));
  form.addEventListener("submit", (event) => { event.preventDefault(); socket.emit("say", text.value); text.value = ""; });
</script>
</body></html>
)";

JsonObject named(const Socket& socket) {
  JsonObject fields;
  fields["name"] = socket.data.at("name");
  return fields;
}

std::string room_of(const Socket& socket) {
  return std::string(view(socket.data.at("room").get_string()));
}

void enter(const SocketPtr& socket, const Arguments& arguments, const Ack& ack) {
  const auto* fields = arguments[0].if_object();
  const auto* name = fields == nullptr ? nullptr : find_string(*fields, "name");
  const auto* room = fields == nullptr ? nullptr : find_string(*fields, "room");
  if (name == nullptr || room == nullptr || socket->data.is_object()) {
    ack({"enter takes {name, room}, once"});
    return;
  }
  socket->data = *fields;
  socket->join(room_of(*socket));
  socket->nsp().to(room_of(*socket)).emit("entered", {named(*socket)});
  ack({"ok"});
}

void say(const SocketPtr& socket, const Arguments& arguments, const Ack& ack) {
  if (!socket->data.is_object()) {
    ack({"enter first"});
    return;
  }
  JsonObject said = named(*socket);
  said["text"] = arguments.text(0);
  socket->nsp().to(room_of(*socket)).emit("said", {said});
  ack({"ok"});
}

void leave(const SocketPtr& socket, std::string_view) {
  if (socket->data.is_object()) {
    socket->nsp().to(room_of(*socket)).emit("left", {named(*socket)});
  }
}

codec::http1::Response page(const codec::http1::Request& request) {
  if (request.path() != "/") {
    return {.status = 404, .headers = {{"content-type", "text/plain"}}, .body = "Not Found\n"};
  }
  return {.status = 200,
          .headers = {{"content-type", "text/html; charset=utf-8"}},
          .body = std::string(kPage)};
}

int run(int argc, char** argv) {
  runtime::block_termination_signals();
  CLI::App app("A chat on Socket.IO.");
  ServerOptions options;
  options.add_to(app);
  std::string client = "clients/typescript/node_modules/socket.io-client/dist";
  app.add_option("--client", client, "Folder of socket.io-client's bundles")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto bundle = ClientBundle::load(client);
  if (!bundle) {
    return complain(bundle.error());
  }
  SocketServer server(
      {.limits = options.limits, .engine = {.client_bundle = &*bundle}, .serve = page});
  server.of("/").on_connection([](const SocketPtr& socket) {
    socket->on("enter", enter);
    socket->on("say", say);
    socket->on_disconnect(leave);
  });
  return serve(server, options);
}

}  // namespace
}  // namespace cloudsync::examples

int main(int argc, char** argv) {
  return cloudsync::examples::run(argc, argv);
}
