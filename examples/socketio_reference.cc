// A Socket.IO server with one event for each thing that a server can do, so that a client can
// observe it. Its twin on npm's socket.io is tests/conformance/socketio/reference_servers: the two
// agree on every name below, and the conformance tests run against both.

#include "gateway/server/socket_server.h"
#include "server_options.h"

#include <algorithm>
#include <charconv>

namespace cloudsync::examples {
namespace {

using namespace gateway;

JsonArray sorted_rooms(const Socket& socket) {
  std::vector<std::string> rooms = socket.rooms();
  std::erase(rooms, socket.id());
  std::sort(rooms.begin(), rooms.end());
  return JsonArray(rooms.begin(), rooms.end());
}

/// The namespace's sockets, or the members of a room.
Broadcast target(const SocketPtr& socket, const JsonValue& room) {
  const Broadcast all = socket->nsp().all();
  return room.is_string() ? all.to(std::string(view(room.get_string()))) : all;
}

std::vector<std::string> strings_of(const JsonValue& list) {
  std::vector<std::string> strings;
  for (const JsonValue& element : list.is_array() ? list.get_array() : JsonArray()) {
    if (const auto* string = element.if_string()) {
      strings.emplace_back(view(*string));
    }
  }
  return strings;
}

Broadcast target(const SocketPtr& socket, const JsonValue& rooms, const JsonValue& except) {
  Broadcast to = socket->nsp().all();
  for (const std::string& room : strings_of(rooms)) {
    to = to.to(room);
  }
  for (const std::string& room : strings_of(except)) {
    to = to.except(room);
  }
  return to;
}

std::string text(const Arguments& arguments, std::size_t index) {
  return std::string(arguments.text(index));
}

/// A client's number of milliseconds, an hour at most: a Duration would overflow.
std::chrono::milliseconds time(const Arguments& arguments, std::size_t index) {
  constexpr std::uint64_t kHour = 3'600'000;
  return std::chrono::milliseconds(std::min(arguments.number(index), kHour));
}

void on_messages(const SocketPtr& socket) {
  socket->on("message", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    from->emit("message-back", arguments);
  });
  socket->on("message-with-ack",
             [](const SocketPtr&, const Arguments& arguments, const Ack& ack) { ack(arguments); });
  socket->on("volatile", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    from->emit_volatile(text(arguments, 0), arguments.without_first(1));
  });
  socket->on("emit-with-ack",
             [](const SocketPtr& from, const Arguments& arguments, const Ack& ack) {
               from->emit_with_ack(text(arguments, 1),
                                   arguments.without_first(2),
                                   time(arguments, 0),
                                   [ack](const std::optional<Arguments>& answer) {
                                     Arguments result;
                                     JsonObject fields;
                                     if (answer) {
                                       fields["answer"] = result.adopt(*answer, 0);
                                     } else {
                                       fields["error"] = "timeout";
                                     }
                                     ack(result.add(std::move(fields)));
                                   });
             });
  socket->on("close-me", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    from->disconnect(arguments.boolean(0));
  });
  socket->on_any([](const SocketPtr& from, const std::string& event, const Arguments& arguments) {
    if (event.starts_with("any-")) {
      Arguments with_name{JsonValue(event)};
      with_name.values.insert(
          with_name.values.end(), arguments.values.begin(), arguments.values.end());
      with_name.attachments = arguments.attachments;
      from->emit("any-back", with_name);
    }
  });
}

void on_rooms(const SocketPtr& socket) {
  socket->on("join", [](const SocketPtr& from, const Arguments& arguments, const Ack& ack) {
    from->join(text(arguments, 0));
    ack();
  });
  socket->on("leave", [](const SocketPtr& from, const Arguments& arguments, const Ack& ack) {
    from->leave(text(arguments, 0));
    ack();
  });
  socket->on("rooms", [](const SocketPtr& from, const Arguments&, const Ack& ack) {
    ack({sorted_rooms(*from)});
  });
  socket->on("room-emit", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    target(from, arguments[0], arguments[1]).emit(text(arguments, 2), arguments.without_first(3));
  });
  socket->on("socket-broadcast", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    from->broadcast().emit(text(arguments, 0), arguments.without_first(1));
  });
  socket->on("broadcast-ack",
             [](const SocketPtr& from, const Arguments& arguments, const Ack& ack) {
               target(from, arguments[0])
                   .emit_with_ack(text(arguments, 2),
                                  arguments.without_first(3),
                                  time(arguments, 1),
                                  [ack](const BroadcastAnswers& collected) {
                                    Arguments result;
                                    JsonArray answers;
                                    for (const Arguments& answer : collected.answers) {
                                      answers.push_back(result.adopt(answer, 0));
                                    }
                                    JsonObject fields;
                                    if (collected.timed_out) {
                                      fields["error"] = "timeout";
                                    }
                                    fields["answers"] = std::move(answers);
                                    ack(result.add(std::move(fields)));
                                  });
             });
}

void on_management(const SocketPtr& socket) {
  socket->on("set-data", [](const SocketPtr& from, const Arguments& arguments, const Ack& ack) {
    from->data = arguments[0];
    ack();
  });
  socket->on("fetch-sockets",
             [](const SocketPtr& from, const Arguments& arguments, const Ack& ack) {
               auto sockets = target(from, arguments[0]).fetch_sockets();
               std::sort(sockets.begin(), sockets.end(), [](const auto& a, const auto& b) {
                 return a->id() < b->id();
               });
               JsonArray list;
               for (const SocketPtr& found : sockets) {
                 JsonObject entry;
                 entry["id"] = found->id();
                 entry["rooms"] = sorted_rooms(*found);
                 entry["rooms"].get_array().push_back(JsonValue(found->id()));
                 std::sort(entry["rooms"].get_array().begin(),
                           entry["rooms"].get_array().end(),
                           [](const JsonValue& a, const JsonValue& b) {
                             return a.get_string() < b.get_string();
                           });
                 entry["data"] = found->data.is_null() ? JsonValue(JsonObject()) : found->data;
                 list.push_back(std::move(entry));
               }
               ack({list});
             });
  socket->on("sockets-join", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    target(from, arguments[0]).sockets_join(text(arguments, 1));
  });
  socket->on("sockets-leave", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    target(from, arguments[0]).sockets_leave(text(arguments, 1));
  });
  socket->on("disconnect-sockets",
             [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
               target(from, arguments[0]).disconnect_sockets(arguments.boolean(1));
             });
  socket->on("server-side", [](const SocketPtr& from, const Arguments& arguments, const Ack&) {
    from->nsp().server_side_emit(text(arguments, 0), arguments.without_first(1));
  });
}

void set_up(NamespaceRules& rules) {
  rules.use([](const SocketPtr& socket, const Next& next) {
    const JsonValue* refuse = socket->auth().if_contains("refuse");
    if (refuse != nullptr && refuse->is_bool() && refuse->get_bool()) {
      JsonObject data;
      data["code"] = "refused";
      next(ConnectRefusal{.message = "refused", .data = std::move(data)});
    } else {
      next(std::nullopt);
    }
  });
  rules.allow_recovery([](const SocketPtr&, const std::string&) { return true; });
  rules.on_connection([](const SocketPtr& socket) {
    on_messages(socket);
    on_rooms(socket);
    on_management(socket);
    socket->emit("auth", {socket->auth()});
  });
}

/// "/dynamic-" and a number.
bool is_dynamic(std::string_view name) {
  constexpr std::string_view kPrefix = "/dynamic-";
  return name.starts_with(kPrefix) && name.size() > kPrefix.size() &&
         name.find_first_not_of("0123456789", kPrefix.size()) == std::string_view::npos;
}

int run(int argc, char** argv) {
  runtime::block_termination_signals();
  CLI::App app("A Socket.IO server for conformance tests.");
  ServerOptions options;
  options.add_to(app);
  bool recovery = false;
  std::string recovery_file;
  std::string session_cookie;
  bool msgpack = false;
  app.add_flag("--recovery", recovery, "Connection state recovery");
  app.add_option("--session-cookie", session_cookie, "A cookie that names the user");
  app.add_option("--recovery-file", recovery_file, "Where it outlives a restart");
  app.add_option_function<std::string>(
      "--parser",
      [&msgpack](const std::string& parser) { msgpack = parser == "msgpack"; },
      "json or msgpack");
  CLI11_PARSE(app, argc, argv);
  set_log_level(LogLevel::kWarning);
  SocketServer server(
      {.limits = options.limits,
       .engine = options.engine,
       .access = options.access,
       .format = msgpack ? PacketFormat::kMsgpack : PacketFormat::kJson,
       .io_engine = options.io_engine,
       .recovery = recovery ? std::optional(RecoveryOptions{.file = recovery_file}) : std::nullopt,
       .session_cookie = session_cookie,
       .authenticate = [session_cookie](const codec::http1::Request& request,
                                        const RequestOrigin&) {
         const auto user = codec::http1::cookie_value(request.headers, session_cookie);
         return Result<std::string>(std::string(user.value_or("")));
       }});
  set_up(server.of("/"));
  set_up(server.of("/custom"));
  set_up(server.of_matching(is_dynamic));
  return serve(server, options);
}

}  // namespace
}  // namespace cloudsync::examples

int main(int argc, char** argv) {
  return cloudsync::examples::run(argc, argv);
}
