#include "server.h"

#include "base/json.h"

#include <utility>

namespace cloudsync::simulation {
namespace {

const DocumentId kDocument("doc");

}  // namespace

Server::Server(World& world, const Plan& plan, FaultyStore& store)
    : world_(world),
      plan_(plan),
      executor_(world),
      random_(world.number(0, 1'000'000)),
      service_({.executor = executor_,
                .workers = executor_,
                .ops = store,
                .snapshots = store,
                .sink = *this,
                .clock = world.clock(),
                .random = random_,
                .metrics = metrics_,
                .limits = plan.limits,
                .run_after = [this](Duration delay, UniqueFunction<void()> task) {
                  executor_.after(delay, std::move(task));
                }}) {}

Server::~Server() {
  for (auto& [id, peer] : peers_) {
    peer.connection->attach_server(nullptr, nullptr);
    peer.connection->cut();
  }
}

void Server::accept(const std::shared_ptr<Connection>& connection, const ClientId& client) {
  const std::uint64_t id = connection->id();
  peers_.emplace(id, Peer{.connection = connection, .client = client});
  connection->attach_server([this, id](const Message& message) { on_message(id, message); },
                            [this, id] {
                              peers_.erase(id);
                              service_.disconnect(member_of(id));
                            });
}

void Server::on_message(std::uint64_t connection, const Message& message) {
  const JsonValue json = parse_json(message.json).value();
  const JsonObject& body = json.as_object();
  if (message.name == "join-document") {
    on_join(connection, message.request, body);
  } else if (message.name == "submit-op") {
    on_submit(connection, message.request, body);
  } else if (message.name == "fetch-ops") {
    on_fetch(connection, message.request, body);
  } else if (message.name == "presence") {
    service_.presence(member_of(connection),
                      {.document = kDocument,
                       .revision = Revision(*find_unsigned(body, "revision")),
                       .state = body.at("state")});
  }
}

void Server::on_join(std::uint64_t connection, std::uint64_t request, const JsonObject& body) {
  document::JoinRequest join{.document = kDocument,
                             .user = UserId("u"),
                             .client = peers_.at(connection).client,
                             .name = "n",
                             .revision = std::nullopt,
                             .hash = {}};
  if (const auto revision = find_unsigned(body, "revision")) {
    join.revision = Revision(*revision);
  }
  if (const auto* hash = find_string(body, "hash")) {
    join.hash = std::string(view(*hash));
  }
  service_.join(member_of(connection),
                std::move(join),
                [this, connection, request](const Result<document::JoinReply>& joined) {
                  if (!joined) {
                    refuse(connection, request, "join-document", joined.error());
                    return;
                  }
                  if (const auto peer = peers_.find(connection); peer != peers_.end()) {
                    peer->second.joined = true;
                  }
                  std::string fields = joined->fields;
                  if (joined->snapshot != nullptr) {
                    fields += ",\"snapshot\":" + *joined->snapshot;
                  }
                  reply(connection, request, "join-document", fields);
                });
}

void Server::on_submit(std::uint64_t connection, std::uint64_t request, const JsonObject& body) {
  const std::uint64_t seq = *find_unsigned(body, "seq");
  service_.submit(member_of(connection),
                  {.document = kDocument,
                   .revision = Revision(*find_unsigned(body, "revision")),
                   .seq = ClientSeq(seq),
                   .op = body.at("op")},
                  [this, connection, request, seq](const Result<Revision>& committed) {
                    const std::string fields = "\"seq\":" + std::to_string(seq);
                    if (committed) {
                      reply(connection,
                            request,
                            "submit-op",
                            fields + ",\"revision\":" + std::to_string(committed->value()));
                    } else {
                      refuse(connection, request, "submit-op", committed.error(), fields);
                    }
                  });
}

void Server::on_fetch(std::uint64_t connection, std::uint64_t request, const JsonObject& body) {
  service_.fetch(member_of(connection),
                 {.document = kDocument,
                  .from = Revision(*find_unsigned(body, "from")),
                  .to = Revision(*find_unsigned(body, "to"))},
                 [this, connection, request](const Result<document::FetchReply>& fetched) {
                   if (fetched) {
                     reply(connection, request, "fetch-ops", fetched->fields);
                   } else {
                     refuse(connection, request, "fetch-ops", fetched.error());
                   }
                 });
}

void Server::reply(std::uint64_t connection,
                   std::uint64_t request,
                   std::string_view name,
                   const std::string& fields) {
  if (const auto peer = peers_.find(connection); peer != peers_.end()) {
    peer->second.connection->send_to_client(
        {.name = std::string(name), .request = request, .json = "{\"ok\":true," + fields + "}"});
  }
}

void Server::refuse(std::uint64_t connection,
                    std::uint64_t request,
                    std::string_view name,
                    const Error& error,
                    const std::string& fields) {
  const auto peer = peers_.find(connection);
  if (peer == peers_.end()) {
    return;
  }
  std::string json = "{\"ok\":false,\"code\":\"" + std::string(error_name(error.code)) + "\"";
  json += fields.empty() ? "}" : "," + fields + "}";
  peer->second.connection->send_to_client(
      {.name = std::string(name), .request = request, .json = std::move(json)});
}

void Server::deliver(std::uint32_t loop, document::Frame frame) {
  for (auto& [id, peer] : peers_) {
    const document::MemberId member = member_of(id);
    if (member.loop == loop && peer.joined && (!frame.only || *frame.only == member) &&
        (!frame.except || *frame.except != member)) {
      peer.connection->send_to_client(
          {.name = std::string(frame.event), .request = 0, .json = *frame.payload});
    }
  }
}

void Server::supersede(document::MemberId member) {
  if (const auto peer = peers_.find(member.connection); peer != peers_.end()) {
    peer->second.joined = false;
    peer->second.connection->cut();
  }
}

}  // namespace cloudsync::simulation
