// A chat with rooms, on stock Socket.IO clients: open it in two browser windows.
//   build/release/examples/chat
// Events of a client: `enter` {name, room}, answered {people} or {error}; `say` text; `typing`.
// Everybody in the room hears `said` {name, text}, `entered` and `left` {name}; the others
// `typing`.

#include "chat_page.h"
#include "gateway/server/socket_server.h"
#include "server_options.h"

namespace cloudsync::examples {
namespace {

using namespace gateway;

constexpr std::size_t kNameBytes = 160;  // 40 characters of any kind
constexpr std::size_t kTextBytes = 8'000;

/// A socket's data is its {name, room} once it has entered.
bool has_entered(const Socket& socket) {
  return socket.data.is_object();
}

JsonObject named(const Socket& socket) {
  JsonObject fields;
  fields["name"] = socket.data.at("name");
  return fields;
}

// Not the bare name: the room that is named like a socket's id is that socket's.
std::string room_of(const Socket& socket) {
  return "room " + std::string(view(socket.data.at("room").get_string()));
}

void leave(const SocketPtr& socket) {
  if (has_entered(*socket)) {
    socket->leave(room_of(*socket));
    socket->nsp().to(room_of(*socket)).emit("left", {named(*socket)});
    socket->data = nullptr;
  }
}

bool is_name(const boost::json::string* text) {
  return text != nullptr && !text->empty() && text->size() <= kNameBytes;
}

void enter(const SocketPtr& socket, const Arguments& arguments, const Ack& ack) {
  const auto* fields = arguments[0].if_object();
  const auto* name = fields == nullptr ? nullptr : find_string(*fields, "name");
  const auto* room = fields == nullptr ? nullptr : find_string(*fields, "room");
  JsonObject answer;
  if (!is_name(name) || !is_name(room)) {
    answer["error"] = "Name and room must be short texts.";
    ack({answer});
    return;
  }
  leave(socket);
  JsonObject entered;
  entered["name"] = *name;
  entered["room"] = *room;
  socket->data = std::move(entered);
  JsonArray people;
  for (const SocketPtr& other : socket->nsp().to(room_of(*socket)).fetch_sockets()) {
    people.push_back(other->data.at("name"));
  }
  answer["people"] = std::move(people);
  socket->join(room_of(*socket));
  socket->to(room_of(*socket)).emit("entered", {named(*socket)});
  ack({answer});
}

void say(const SocketPtr& socket, const Arguments& arguments, const Ack&) {
  const std::string_view text = arguments.text(0);
  if (has_entered(*socket) && !text.empty() && text.size() <= kTextBytes) {
    JsonObject said = named(*socket);
    said["text"] = text;
    socket->nsp().to(room_of(*socket)).emit("said", {said});
  }
}

// Of no use when it comes late: whoever is slow does not get it.
void type(const SocketPtr& socket, const Arguments&, const Ack&) {
  if (has_entered(*socket)) {
    socket->to(room_of(*socket)).if_ready().emit("typing", {named(*socket)});
  }
}

codec::http1::Response page(const codec::http1::Request& request) {
  if (request.path() != "/") {
    return {.status = 404, .headers = {{"content-type", "text/plain"}}, .body = "Not Found\n"};
  }
  return {.status = 200,
          .headers = {{"content-type", "text/html; charset=utf-8"}},
          .body = std::string(kChatPage)};
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
  options.engine.client_bundle = &*bundle;
  SocketServer server({.limits = options.limits,
                       .engine = options.engine,
                       .access = options.access,
                       .io_engine = options.io_engine,
                       .serve = page});
  server.of("/").on_connection([](const SocketPtr& socket) {
    socket->on("enter", enter);
    socket->on("say", say);
    socket->on("typing", type);
    socket->on_disconnect([](const SocketPtr& gone, std::string_view) { leave(gone); });
  });
  return serve(server, options);
}

}  // namespace
}  // namespace cloudsync::examples

int main(int argc, char** argv) {
  return cloudsync::examples::run(argc, argv);
}
