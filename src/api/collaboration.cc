#include "api/collaboration.h"

#include "api/event_kinds.h"
#include "base/assert.h"
#include "base/crash_point.h"
#include "base/error_json.h"
#include "base/log.h"

#include <map>
#include <utility>

namespace cloudsync::api {
namespace {

using document::Frame;
using gateway::ConnectionId;
using gateway::EncodedPacket;

/// Longest document id that can exist, with room: longer ones are not looked up.
constexpr std::size_t kDocumentIdMax = 64;

Result<DocumentId> document_id(const JsonObject& arguments) {
  const auto* id = find_string(arguments, "documentId");
  if (id == nullptr || id->empty() || id->size() > kDocumentIdMax) {
    return fail(ErrorCode::kBadRequest, "documentId must be a document's id");
  }
  return DocumentId(std::string(view(*id)));
}

Result<std::uint64_t> unsigned_argument(const JsonObject& arguments, std::string_view key) {
  const auto number = find_unsigned(arguments, key);
  if (!number) {
    return fail(ErrorCode::kBadRequest, std::string(key) + " must be a whole number");
  }
  return *number;
}

/// Empty if it is absent.
Result<std::string> optional_string(const JsonObject& fields, std::string_view key) {
  if (!fields.contains(key)) {
    return std::string();
  }
  const auto* text = find_string(fields, key);
  if (text == nullptr) {
    return fail(ErrorCode::kBadRequest, std::string(key) + " must be a string");
  }
  return std::string(view(*text));
}

/// At most `bytes` of `text`, cut at a character.
std::string clipped(std::string_view text, std::size_t bytes) {
  if (text.size() > bytes) {
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) {
      --bytes;
    }
    text = text.substr(0, bytes);
  }
  return std::string(text);
}

std::string error_reply(const Error& error) {
  std::string json = R"({"ok":false,"error":{)";
  append_error_members(json, error);
  if (error.retry_after_ms) {
    json += R"(,"retryAfterMs":)" + std::to_string(*error.retry_after_ms);
  }
  json += "}}";
  return json;
}

}  // namespace

Collaboration::Collaboration(const NodeContext& context, std::uint32_t loop_index)
    : context_(context),
      loop_index_(loop_index),
      delivery_seconds_(context.metrics.histogram(
          "cloudsync_delivery_seconds",
          "From a frame leaving its document to its bytes queued for all members on a loop.",
          latency_bounds())),
      event_rates_(event_rates_options(context.limits), context.metrics) {}

Result<void> Collaboration::on_connect(ConnectionId connection,
                                       const gateway::Subject& subject,
                                       const JsonValue& auth) {
  Client client;
  client.connection = connection;
  client.user = UserId(subject.user);
  const JsonObject empty;
  const JsonObject& fields = auth.is_object() ? auth.get_object() : empty;
  CS_TRY_ASSIGN(const std::string name, optional_string(fields, "name"));
  client.name = clipped(name, context_.limits.name_bytes);
  if (client.name.str().size() < name.size()) {
    context_.metrics.limit("name_bytes").add();
  }
  const auto* resumed = fields.if_contains("client");
  if (resumed != nullptr && !resumed->is_null()) {
    const JsonObject& credentials = resumed->is_object() ? resumed->get_object() : empty;
    const auto* id = find_string(credentials, "id");
    const auto* secret = find_string(credentials, "secret");
    if (id == nullptr || secret == nullptr) {
      return fail(ErrorCode::kBadRequest, "auth.client needs id and secret");
    }
    client.client = ClientId(std::string(view(*id)));
    const auto owner = context_.guests.verify_client(client.client, view(*secret));
    if (!owner || (!subject.user.empty() && *owner != UserId(subject.user))) {
      return fail(ErrorCode::kForbidden, "this client id belongs to somebody else");
    }
    client.user = *owner;
  }
  if (!subject.guests_allowed) {
    return fail(ErrorCode::kUnauthenticated, "guests may not connect here");
  }
  if (client.user.value().empty()) {
    client.user = context_.guests.make_user();
  }
  clients_.insert(std::make_unique<Client>(std::move(client)));
  return {};
}

Collaboration::Membership* Collaboration::Client::find(const DocumentId& document) {
  return documents.find([&](const Membership& one) { return one.document == document; });
}

Collaboration::Client* Collaboration::find(ConnectionId connection) {
  const auto found = clients_.find(connection);
  return found == clients_.end() ? nullptr : found->get();
}

void Collaboration::on_event(ConnectionId connection, gateway::Event event) {
  using Handler = void (Collaboration::*)(const Call&, Client&, const JsonObject&);
  static const std::map<std::string, Handler, std::less<>> kHandlers = {
      {"join-document", &Collaboration::join_document},
      {"leave-document", &Collaboration::leave_document},
      {"submit-op", &Collaboration::submit_op},
      {"fetch-ops", &Collaboration::fetch_ops},
      {"presence", &Collaboration::presence},
  };
  const Call call{connection, event.ack, std::move(event.ticket)};
  Client* client = find(connection);
  const auto handler = kHandlers.find(event.name);
  if (client != nullptr && !within_rates(call, *client, event.name)) {
    return;
  }
  if (client == nullptr || handler == kHandlers.end()) {
    refuse(call, {ErrorCode::kBadRequest, "no such event"});
  } else if (event.had_lone_surrogates) {
    // What is stored must be what the peer has.
    refuse(call,
           {event.name == "submit-op" ? ErrorCode::kOpInvalid : ErrorCode::kBadRequest,
            "a string has half of a surrogate pair"});
  } else if (!event.attachments.empty()) {
    refuse(call, {ErrorCode::kBadRequest, "the events take no binary"});
  } else if (event.arguments.size() != 1 || !event.arguments.front().is_object()) {
    refuse(call, {ErrorCode::kBadRequest, "the event takes one object"});
  } else {
    (this->*handler->second)(call, *client, event.arguments.front().get_object());
  }
}

bool Collaboration::within_rates(const Call& call, const Client& client, std::string_view event) {
  const auto refusal =
      event_rates_.take(session_of(call.connection), client.user, event, context_.clock.now());
  if (!refusal) {
    return true;
  }
  refuse(call, refusal->error);  // may end the client, if it does not read
  if (refusal->floods) {
    context_.metrics.limit("event_flood").add();
    gateway_->note_refusal(call.connection, "session_closed", "event_flood");
    gateway_->close_session(call.connection);
  }
  return false;
}

void Collaboration::on_disconnect(ConnectionId connection) {
  const auto found = clients_.find(connection);
  if (found == clients_.end()) {
    return;
  }
  for (const Membership& membership : (*found)->documents) {
    with_document(membership.document,
                  [who = member(connection), left = membership.document](
                      document::DocumentService& service) { service.disconnect(who, left); });
  }
  clients_.erase(found);
}

void Collaboration::with_document(const DocumentId& document,
                                  UniqueFunction<void(document::DocumentService&)> request) {
  const std::uint32_t loop = context_.loop_of(document);
  context_.loops[loop]->post(
      [service = context_.documents[loop], run = std::move(request)]() mutable { run(*service); });
}

template <class T, class Describe>
Completion<T> Collaboration::answer(const Call& call, Describe describe) {
  return [this, call, describe](Result<T> result) {
    // Runs on the document's loop; the connection is this loop's.
    context_.loops[loop_index_]->post([this, call, describe, moved = std::move(result)]() mutable {
      if (!moved) {
        refuse(call, moved.error());
      } else if constexpr (std::is_void_v<T>) {
        accept(call, describe());
      } else {
        accept(call, describe(*moved));
      }
    });
  };
}

void Collaboration::join_document(const Call& call, Client& client, const JsonObject& arguments) {
  auto id = document_id(arguments);
  if (!id) {
    refuse(call, id.error());
    return;
  }
  auto hash = optional_string(arguments, "hash");
  if (!hash) {
    refuse(call, hash.error());
    return;
  }
  std::optional<Revision> revision;
  if (arguments.contains("revision")) {
    const auto number = unsigned_argument(arguments, "revision");
    if (!number) {
      refuse(call, number.error());
      return;
    }
    revision = Revision(*number);
  }
  Membership* membership = client.find(*id);
  if (membership == nullptr) {
    if (client.documents.size() >= context_.limits.documents_per_connection) {
      context_.metrics.limit("documents_per_connection").add();
      refuse(call, {ErrorCode::kTooLarge, "too many documents on one connection"});
      return;
    }
    membership = &client.documents.push_back({.document = *id});
  }
  const bool client_is_new = client.client.value().empty();
  if (client_is_new) {
    client.client = ClientId(random_token(context_.random, 16));
  }
  ++membership->joins_under_way;
  document::JoinRequest request{.document = *id,
                                .user = client.user,
                                .client = client.client,
                                .name = client.name,
                                .client_is_new = client_is_new,
                                .revision = revision,
                                .hash = *std::move(hash)};
  with_document(
      *id,
      [this, call, document = *id, leaves = membership->leaves, request = std::move(request)](
          document::DocumentService& service) mutable {
        service.join(member(call.connection),
                     std::move(request),
                     [this, call, document, leaves](Result<document::JoinReply> reply) {
                       context_.loops[loop_index_]->post(
                           [this, call, document, leaves, moved = std::move(reply)]() mutable {
                             finish_join(call, document, leaves, std::move(moved));
                           });
                     });
      });
}

void Collaboration::finish_join(const Call& call,
                                const DocumentId& document,
                                std::uint32_t leaves,
                                Result<document::JoinReply> reply) {
  Client* found = find(call.connection);
  if (found == nullptr) {
    return;  // gone meanwhile; on_disconnect told the document behind the join
  }
  Client& client = *found;
  Membership* membership = client.find(document);
  CS_ASSERT(membership != nullptr, "it stays while a join is under way");
  --membership->joins_under_way;
  const bool is_left = membership->leaves != leaves;
  membership->joined = membership->joined || (reply && !is_left);
  if (reply) {
    membership->document = reply->document;  // the same, whose text is shared
  }
  if (!membership->joined && membership->joins_under_way == 0) {
    client.documents.erase(membership);
  }
  if (!reply) {
    refuse(call, reply.error());
    return;
  }
  // The reply may be too much for a peer that doesn't read: then the client is gone behind it.
  const UserId user = client.user;
  if (!is_left) {
    gateway_->join(call.connection, document.value());
  }
  reply->fields += R"(,"client":{"id":)";
  append_json_string(reply->fields, client.client.value());
  reply->fields += R"(,"secret":)";
  append_json_string(reply->fields, context_.guests.client_secret(client.client, client.user));
  reply->fields += '}';
  accept(call, reply->fields, std::move(reply->snapshot));
  context_.directory.record_opened(
      user,
      document,
      context_.clock.wall(),
      *context_.loops[loop_index_],
      [](const Result<void>& recorded) {
        if (!recorded) {
          log_warning("record_opened_failed", {{"reason", recorded.error().message}});
        }
      });
}

void Collaboration::leave_document(const Call& call, Client& client, const JsonObject& arguments) {
  auto id = document_id(arguments);
  if (!id) {
    refuse(call, id.error());
    return;
  }
  if (Membership* membership = client.find(*id); membership != nullptr) {
    ++membership->leaves;
    membership->joined = false;
    if (membership->joins_under_way == 0) {
      client.documents.erase(membership);
    }
  }
  gateway_->leave(call.connection, id->value());
  with_document(*id, [this, call, document = *id](document::DocumentService& service) {
    service.leave(
        member(call.connection), document, answer<void>(call, [] { return std::string(); }));
  });
}

void Collaboration::submit_op(const Call& call, Client& client, const JsonObject& arguments) {
  auto id = document_id(arguments);
  const auto revision = unsigned_argument(arguments, "revision");
  const auto seq = unsigned_argument(arguments, "seq");
  const JsonValue* op = arguments.if_contains("op");
  if (!id) {
    refuse(call, id.error());
  } else if (!revision) {
    refuse(call, revision.error());
  } else if (!seq) {
    refuse(call, seq.error());
  } else if (op == nullptr) {
    refuse(call, {ErrorCode::kBadRequest, "op is missing"});
  } else if (client.find(*id) == nullptr) {
    refuse(call, {ErrorCode::kNotJoined, "join the document first"});
  } else {
    document::Submission submission{
        .document = *id, .revision = Revision(*revision), .seq = ClientSeq(*seq), .op = *op};
    with_document(
        *id,
        [this, call, author = client.client, submission = std::move(submission)](
            document::DocumentService& service) mutable {
          auto describe = [this, document = submission.document, author, seq = submission.seq](
                              Revision committed) {
            if (context_.observer != nullptr) {
              context_.observer->answered(document, author, seq, committed);
            }
            return R"("revision":)" + std::to_string(committed.value());
          };
          service.submit(member(call.connection),
                         std::move(submission),
                         answer<Revision>(call, std::move(describe)));
        });
  }
}

void Collaboration::fetch_ops(const Call& call, Client& client, const JsonObject& arguments) {
  auto id = document_id(arguments);
  const auto from = unsigned_argument(arguments, "from");
  const auto to = unsigned_argument(arguments, "to");
  if (!id) {
    refuse(call, id.error());
  } else if (!from || !to || *from == 0 || *from > *to) {
    refuse(call, {ErrorCode::kBadRequest, "from and to must be revisions, from at most to"});
  } else if (client.find(*id) == nullptr) {
    refuse(call, {ErrorCode::kNotJoined, "join the document first"});
  } else {
    document::FetchRequest request{.document = *id, .from = Revision(*from), .to = Revision(*to)};
    with_document(
        *id,
        [this, call, request = std::move(request)](document::DocumentService& service) mutable {
          service.fetch(member(call.connection),
                        std::move(request),
                        answer<document::FetchReply>(call, [](document::FetchReply& reply) {
                          return std::move(reply.fields);
                        }));
        });
  }
}

// Volatile and without an answer: whatever is wrong with it is only counted.
void Collaboration::presence(const Call& call, Client& client, const JsonObject& arguments) {
  const auto id = document_id(arguments);
  const auto revision = unsigned_argument(arguments, "revision");
  const JsonValue* state = arguments.if_contains("state");
  if (!id || !revision || state == nullptr || (!state->is_object() && !state->is_null()) ||
      client.find(*id) == nullptr) {
    context_.metrics.counter("cloudsync_presence_refused_total", "Malformed presence events.")
        .add();
    return;
  }
  document::PresenceUpdate update{
      .document = *id, .revision = Revision(*revision), .state = *state};
  with_document(
      *id, [this, call, update = std::move(update)](document::DocumentService& service) mutable {
        service.presence(member(call.connection), std::move(update));
      });
}

void Collaboration::deliver(std::uint32_t loop, Frame frame) {
  Collaboration* target = context_.collaborations[loop];
  context_.loops[loop]->post([target, moved = std::move(frame), made = context_.clock.now()] {
    target->receive(moved, made);
  });
}

void Collaboration::receive(const Frame& frame, TimePoint made) {
  const auto packet = EncodedPacket::event(frame.event, *frame.payload);
  const std::string presence_key =
      frame.presence_of
          ? std::string(frame.document.value()).append("/").append(frame.presence_of->value())
          : std::string();
  const auto send = [&](ConnectionId connection) {
    if (frame.presence_of) {
      gateway_->emit_latest(connection, presence_key, packet);
    } else {
      gateway_->emit(connection, packet);
    }
  };
  if (frame.only) {
    send(ConnectionId{frame.only->connection});
    return;
  }
  // A copy: a member that is too slow is closed while its room is walked.
  const auto members = gateway_->members(frame.document.value());
  for (const ConnectionId connection : members) {
    if (!frame.except || frame.except->connection != connection.value ||
        frame.except->loop != loop_index_) {
      send(connection);
    }
  }
  delivery_seconds_.observe(std::chrono::duration<double>(context_.clock.now() - made).count());
}

void Collaboration::supersede(document::MemberId member) {
  Collaboration* target = context_.collaborations[member.loop];
  context_.loops[member.loop]->post([target, connection = ConnectionId{member.connection}] {
    target->receive_supersede(connection);
  });
}

void Collaboration::receive_supersede(ConnectionId connection) {
  gateway_->emit(
      connection,
      EncodedPacket::event("session-closed",
                           R"({"code":"client_superseded",)"
                           R"("message":"this client id joined again on a newer connection"})"));
  gateway_->disconnect(connection);
}

void Collaboration::accept(const Call& call, std::string_view fields, SharedBytes snapshot) {
  if (!call.ack) {
    return;
  }
  std::string json = R"({"ok":true)";
  if (!fields.empty()) {
    json += ',';
    json += fields;
  }
  if (snapshot == nullptr) {
    json += '}';
    gateway_->emit(call.connection, EncodedPacket::ack(*call.ack, json));
  } else {
    json += R"(,"snapshot":)";
    gateway_->emit(call.connection, EncodedPacket::ack(*call.ack, json, std::move(snapshot), "}"));
  }
  CS_CRASH_POINT("after_ack");
}

void Collaboration::refuse(const Call& call, const Error& error) {
  context_.metrics
      .counter("cloudsync_events_refused_total",
               "Socket.IO events that were answered with an error.",
               "code=\"" + std::string(error_name(error.code)) + "\"")
      .add();
  gateway_->note_refusal(call.connection, "event_refused", error_name(error.code));
  if (call.ack) {
    gateway_->emit(call.connection, EncodedPacket::ack(*call.ack, error_reply(error)));
  }
}

}  // namespace cloudsync::api
