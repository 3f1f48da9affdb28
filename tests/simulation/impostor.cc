#include "impostor.h"

#include "random_edit.h"

namespace cloudsync::simulation {
namespace {

constexpr Duration kStays = std::chrono::seconds(3);

std::string submission(const ot::Operation& op, std::uint64_t revision, ClientSeq seq) {
  return "{\"revision\":" + std::to_string(revision) + ",\"seq\":" + std::to_string(seq.value()) +
         ",\"op\":" + to_json(ot::to_json(op)) + "}";
}

}  // namespace

void impersonate(Environment& environment,
                 const ClientId& client,
                 ClientSeq seq,
                 std::uint64_t key,
                 const std::shared_ptr<Connection>& connection) {
  const auto receive = [&environment, client, seq, key, line = std::weak_ptr(connection)](
                           const Message& message) {
    const JsonValue json = parse_json(*message.json).value();
    const JsonObject& body = json.as_object();
    const bool ok = body.contains("ok") && body.at("ok").as_bool();
    const auto held = line.lock();
    if (message.name == "submit-op" && ok) {
      environment.history.complain(client.value() + ": another operation was acknowledged as its " +
                                   std::to_string(seq.value()));
    }
    if (message.name != "join-document" || !ok || held == nullptr) {
      return;
    }
    const auto document = ot::parse_document(environment.plan.type, body.at("snapshot"));
    Dice dice = environment.dice(Deciding::kEdit, 1'000, key);
    const std::string json_text =
        submission(random_edit(dice, *document), *find_unsigned(body, "revision"), seq);
    // Again after a while: the first answer may be that the node has to look it up.
    for (const int ms : {0, 100, 300}) {
      environment.world.after(std::chrono::milliseconds(ms), [line, json_text] {
        if (const auto open = line.lock()) {
          open->send_to_node({.name = "submit-op", .request = 2, .json = share(json_text)});
        }
      });
    }
  };
  connection->attach_client(receive, [] {});
  connection->send_to_node({.name = "join-document", .request = 1, .json = share("{}")});
  environment.world.after(kStays, [connection] { connection->cut(Connection::End::kClient); });
}

}  // namespace cloudsync::simulation
