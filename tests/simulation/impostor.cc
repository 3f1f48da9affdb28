#include "impostor.h"

namespace cloudsync::simulation {
namespace {

constexpr Duration kStays = std::chrono::seconds(3);

/// What no editor makes: an equal operation on an equal revision would be a resend.
std::string_view own_op(ot::Type type) {
  switch (type) {
    case ot::Type::kText:
      return R"(["impostor"])";
    case ot::Type::kRichText:
      return R"([{"insert":"impostor"}])";
    case ot::Type::kJson:
      return R"([{"p":["impostor"],"oi":1}])";
  }
  return "";
}

class Impostor : public std::enable_shared_from_this<Impostor> {
 public:
  Impostor(Environment& environment,
           const Editor& victim,
           const std::shared_ptr<Connection>& connection)
      : environment_(environment), victim_(victim), connection_(connection) {}

  void start(const std::shared_ptr<Connection>& connection) {
    connection->attach_client(
        [self = shared_from_this()](const Message& message) { self->on_message(message); }, [] {});
    connection->send_to_node({.name = "join-document", .request = 1, .json = share("{}")});
    environment_.world.after(kStays, [connection] { connection->cut(Connection::End::kClient); });
  }

 private:
  void on_message(const Message& message) {
    const bool is_reply = message.request != 0;
    const JsonValue json = parse_json(*message.json).value();
    const JsonObject& body = json.as_object();
    if (!is_reply || !body.at("ok").as_bool()) {
      return;
    }
    if (message.name == "submit-op") {
      environment_.history.complain(std::string(victim_.id().value()) +
                                    ": another operation was acknowledged under a seq of its own");
    } else if (message.name == "join-document") {
      on_joined(body);
    }
  }

  // Again after a while: the victim goes on elsewhere, and the first answer to a seq may be that
  // the node has to look it up.
  void on_joined(const JsonObject& body) {
    revision_ = *find_unsigned(body, "revision");
    for (const int ms : {0, 100, 300, 400, 800, 900, 1'500, 1'600, 2'200, 2'300}) {
      environment_.world.after(std::chrono::milliseconds(ms),
                               [self = shared_from_this()] { self->submit(); });
    }
  }

  void submit() {
    const auto seq = victim_.acknowledged_seq();
    const auto connection = connection_.lock();
    if (seq && connection != nullptr) {
      connection->send_to_node(
          {.name = "submit-op",
           .request = 2,
           .json = share("{\"revision\":" + std::to_string(revision_) +
                         ",\"seq\":" + std::to_string(seq->value()) +
                         ",\"op\":" + std::string(own_op(environment_.plan.type)) + "}")});
    }
  }

  Environment& environment_;
  const Editor& victim_;
  std::weak_ptr<Connection> connection_;  // which holds this
  std::uint64_t revision_ = 0;
};

}  // namespace

void impersonate(Environment& environment,
                 const Editor& victim,
                 const std::shared_ptr<Connection>& connection) {
  std::make_shared<Impostor>(environment, victim, connection)->start(connection);
}

}  // namespace cloudsync::simulation
