#include "node.h"

#include "base/json.h"

#include <utility>

namespace cloudsync::simulation {
Node::Node(Dependencies dependencies)
    : environment_(dependencies.environment),
      name_("n" + std::to_string(dependencies.index)),
      crash_(std::move(dependencies.crash)),
      executor_(environment_.world),
      random_(environment_.dice(Deciding::kSalt, dependencies.index, dependencies.run).next()),
      disk_(environment_,
            dependencies.disk,
            dependencies.index,
            name_,
            crash_,
            [this](Duration down) {
              crash_at_publish_ = down;
              if (environment_.plan.nodes == 1) {  // it publishes nothing: when the acks have left
                executor_.post([this, down] { crash_(down); });
              }
            }),
      bus_(dependencies.bus, dependencies.index, [this] { return may_publish(); }),
      service_({.executor = executor_,
                .workers = executor_,
                .ops = disk_,
                .snapshots = disk_,
                .sink = *this,
                .clock = dependencies.clock,
                .random = random_,
                .metrics = metrics_,
                .limits = environment_.plan.limits,
                .pubsub = &bus_,
                .run_after = [this](Duration delay, UniqueFunction<void()> task) {
                  executor_.after(delay, std::move(task));
                }}) {
  environment_.history.node(name_, event_of(checker::Kind::kStart));
}

Node::~Node() {
  for (auto& [id, peer] : peers_) {
    peer.connection->cut(Connection::End::kNode);
    peer.connection->attach_node(nullptr, nullptr);
  }
}

bool Node::may_publish() {
  if (crash_at_publish_) {
    crash_(*std::exchange(crash_at_publish_, std::nullopt));
    return false;
  }
  return true;
}

void Node::accept(const std::shared_ptr<Connection>& connection, const ClientId& client) {
  const std::uint64_t id = connection->id();
  peers_.emplace(id, Peer{.connection = connection, .client = client});
  connection->attach_node(
      [this, id](const Message& message) {
        executor_.post([this, id, message] { on_message(id, message); });
      },
      [this, id] {
        executor_.post([this, id] {
          peers_.erase(id);
          service_.disconnect(member_of(id), kDocument);
        });
      });
}

void Node::on_message(std::uint64_t connection, const Message& message) {
  if (!peers_.contains(connection)) {
    return;
  }
  const JsonValue json = parse_json(*message.json).value();
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

void Node::on_join(std::uint64_t connection, std::uint64_t request, const JsonObject& body) {
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

void Node::on_submit(std::uint64_t connection, std::uint64_t request, const JsonObject& body) {
  const std::uint64_t seq = *find_unsigned(body, "seq");
  service_.submit(member_of(connection),
                  {.document = kDocument,
                   .revision = Revision(*find_unsigned(body, "revision")),
                   .seq = ClientSeq(seq),
                   .op = body.at("op")},
                  [this, connection, request, seq, client = peers_.at(connection).client](
                      const Result<Revision>& committed) {
                    const std::string fields = "\"seq\":" + std::to_string(seq);
                    if (committed) {
                      note_answer(client, seq, *committed);
                      reply(connection,
                            request,
                            "submit-op",
                            fields + ",\"revision\":" + std::to_string(committed->value()));
                    } else {
                      refuse(connection, request, "submit-op", committed.error(), fields);
                    }
                  });
}

void Node::note_answer(const ClientId& client, std::uint64_t seq, Revision revision) {
  checker::Event event = event_of(checker::Kind::kAnswer);
  event.author = client.value();
  event.seq = seq;
  event.rev = revision.value();
  environment_.history.node(name_, std::move(event));
}

void Node::on_fetch(std::uint64_t connection, std::uint64_t request, const JsonObject& body) {
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

void Node::read(std::function<void(const Result<document::DocumentContent>&)> then) {
  service_.read(kDocument,
                std::nullopt,
                [this, asked = environment_.history.now(), call = std::move(then)](
                    const Result<document::DocumentContent>& content) {
                  if (content) {
                    checker::Event event = event_of(checker::Kind::kRead);
                    event.rev = content->revision.value();
                    event.hash = checker::short_hash(content->hash);
                    event.after = asked;
                    environment_.history.node(name_, std::move(event));
                  }
                  if (call) {
                    call(content);
                  }
                });
}

void Node::read_old(std::uint64_t key) {
  service_.read(
      kDocument, std::nullopt, [this, key](const Result<document::DocumentContent>& head) {
        if (!head) {
          return;
        }
        const std::uint64_t revision =
            environment_.dice(Deciding::kReadOld, key).number(0, head->revision.value());
        service_.read(kDocument,
                      Revision(revision),
                      [this](const Result<document::DocumentContent>& content) {
                        if (content) {
                          checker::Event event = event_of(checker::Kind::kSnapshot);
                          event.rev = content->revision.value();
                          event.state = checker::short_hash(sha256(
                              as_bytes(to_canonical_json(parse_json(*content->content).value()))));
                          environment_.history.node(name_, std::move(event));
                        }
                      });
      });
}

void Node::reply(std::uint64_t connection,
                 std::uint64_t request,
                 std::string_view name,
                 const std::string& fields) {
  if (const auto peer = peers_.find(connection); peer != peers_.end()) {
    peer->second.connection->send_to_client({.name = std::string(name),
                                             .request = request,
                                             .json = share("{\"ok\":true," + fields + "}")});
  }
}

void Node::refuse(std::uint64_t connection,
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
      {.name = std::string(name), .request = request, .json = share(std::move(json))});
}

void Node::deliver(std::uint32_t loop, document::Frame frame) {
  for (auto& [id, peer] : peers_) {
    const document::MemberId member = member_of(id);
    if (member.loop == loop && peer.joined && (!frame.only || *frame.only == member) &&
        (!frame.except || *frame.except != member)) {
      peer.connection->send_to_client(
          {.name = std::string(frame.event), .request = 0, .json = frame.payload});
    }
  }
}

void Node::supersede(document::MemberId member) {
  if (const auto peer = peers_.find(member.connection); peer != peers_.end()) {
    peer->second.joined = false;
    peer->second.connection->cut(Connection::End::kNetwork);
  }
}

}  // namespace cloudsync::simulation
