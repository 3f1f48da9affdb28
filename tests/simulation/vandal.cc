#include "vandal.h"

#include <string>
#include <string_view>

namespace cloudsync::simulation {
namespace {

constexpr Duration kStays = std::chrono::seconds(2);

/// This request may be granted if those before it, of the same seq, were never looked at.
constexpr std::uint64_t kReuse = 4;
/// Requests from this number on may be granted.
constexpr std::uint64_t kHarmless = 100;

/// Well-formed, but it fits no document of a run.
std::string_view unfitting(ot::Type type) {
  switch (type) {
    case ot::Type::kText:
      return R"([1000000,"x"])";
    case ot::Type::kRichText:
      return R"([{"retain":1000000},{"insert":"x"}])";
    case ot::Type::kJson:
      return R"([{"p":["nothing",5],"li":1}])";
  }
  return "";
}

std::string_view fitting(ot::Type type) {
  switch (type) {
    case ot::Type::kText:
      return R"(["v"])";
    case ot::Type::kRichText:
      return R"([{"insert":"v"}])";
    case ot::Type::kJson:
      return R"([{"p":["v"],"oi":1}])";
  }
  return "";
}

class Vandal : public std::enable_shared_from_this<Vandal> {
 public:
  explicit Vandal(Environment& environment) : environment_(environment) {}

  void start(const std::shared_ptr<Connection>& connection) {
    connection->attach_client(
        [self = shared_from_this(), line = std::weak_ptr(connection)](const Message& message) {
          if (const auto open = line.lock()) {
            self->on_message(message, *open);
          }
        },
        [] {});
    connection->send_to_node({.name = "join-document", .request = 1, .json = share("{}")});
    environment_.world.after(kStays, [connection] { connection->cut(Connection::End::kClient); });
  }

 private:
  void on_message(const Message& message, Connection& connection) {
    if (message.request == 0) {
      return;
    }
    const JsonValue json = parse_json(*message.json).value();
    const JsonObject& body = json.as_object();
    const bool ok = body.at("ok").as_bool();
    if (message.name == "join-document") {
      if (ok && !std::exchange(joined_, true)) {
        misbehave(connection, *find_unsigned(body, "revision"));
      }
    } else if (!ok && message.request < kReuse) {
      used_up_ |= view(body.at("code").as_string()) == error_name(ErrorCode::kOpInvalid);
    } else if (ok && message.request < kHarmless && (message.request != kReuse || used_up_)) {
      environment_.history.complain("granted, though it must be refused: " +
                                    std::to_string(message.request));
    }
  }

  void misbehave(Connection& connection, std::uint64_t head) {
    const ot::Type type = environment_.plan.type;
    submit(connection, 2, head, 1, unfitting(type));
    submit(connection, 3, head, 1, unfitting(type));  // a resend
    submit(connection, kReuse, head, 1, fitting(type));
    submit(connection, 5, head, 2, R"({"none":1})");
    submit(connection, 6, head, 0, fitting(type));
    submit(connection, 7, head + 10'000, 3, fitting(type));
    fetch(connection, 8, 5, 2);
    fetch(connection, 9, 1, head + 10'000);
    for (const std::string_view state :
         {R"({"selection":{"index":-1}})", R"({"selection":7})", "[]", "null"}) {
      connection.send_to_node({.name = "presence",
                               .request = 0,
                               .json = share("{\"revision\":" + std::to_string(head) +
                                             ",\"state\":" + std::string(state) + "}")});
    }
    submit(connection, kHarmless, head, 10, fitting(type));
    submit(connection, kHarmless + 1, head, 11, fitting(type));  // while that is in flight
  }

  static void submit(Connection& connection,
                     std::uint64_t request,
                     std::uint64_t revision,
                     std::uint64_t seq,
                     std::string_view op) {
    connection.send_to_node(
        {.name = "submit-op",
         .request = request,
         .json = share("{\"revision\":" + std::to_string(revision) +
                       ",\"seq\":" + std::to_string(seq) + ",\"op\":" + std::string(op) + "}")});
  }

  static void fetch(Connection& connection,
                    std::uint64_t request,
                    std::uint64_t from,
                    std::uint64_t to) {
    connection.send_to_node({.name = "fetch-ops",
                             .request = request,
                             .json = share("{\"from\":" + std::to_string(from) +
                                           ",\"to\":" + std::to_string(to) + "}")});
  }

  Environment& environment_;
  bool joined_ = false;
  bool used_up_ = false;  // seq 1, by an invalid operation
};

}  // namespace

void vandalise(Environment& environment, const std::shared_ptr<Connection>& connection) {
  std::make_shared<Vandal>(environment)->start(connection);
}

}  // namespace cloudsync::simulation
