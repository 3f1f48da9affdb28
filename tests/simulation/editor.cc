#include "editor.h"

#include "random_edit.h"

#include <utility>

namespace cloudsync::simulation {

Editor::Editor(World& world, const Plan& plan, ClientId id, Connect connect)
    : world_(world),
      plan_(plan),
      connect_(std::move(connect)),
      client_(plan.type, std::move(id)),
      edits_left_(plan.edits_per_client) {}

void Editor::start() {
  try_connect();
  edit_now_and_then();
}

void Editor::heal() {
  healed_ = true;
  if (connection_ != nullptr) {
    connection_->heal();
  }
}

void Editor::edit_now_and_then() {
  world_.after(world_.milliseconds(1, 150), [this] {
    if (client_.can_resume() && edits_left_ > 0) {
      if (client_.edit(random_edit(world_, client_.document()))) {
        --edits_left_;
      }
      if (world_.chance(0.2)) {
        client_.select(random_cursor(world_, client_.document()));
      }
      pump();
    }
    if (edits_left_ > 0) {
      edit_now_and_then();
    }
  });
}

// --- connection ---

void Editor::try_connect() {
  connection_ = connect_(client_.self());
  if (connection_ == nullptr) {
    world_.after(world_.milliseconds(5, 100), [this] { try_connect(); });
    return;
  }
  if (healed_) {
    connection_->heal();
  }
  connection_->attach_client([this](const Message& message) { on_message(message); },
                             [this] { on_closed(); });
  join_request_ = ++last_request_;
  fetch_request_ = 0;
  std::string json = "{}";
  if (client_.can_resume()) {
    json = "{\"revision\":" + std::to_string(client_.resume_revision().value());
    json += client_.resume_hash().empty() ? "}" : ",\"hash\":\"" + client_.resume_hash() + "\"}";
  }
  connection_->send_to_server(
      {.name = "join-document", .request = join_request_, .json = std::move(json)});
  cut_if_silent(join_request_);
}

void Editor::on_closed() {
  connection_.reset();
  client_.on_disconnect();
  world_.after(world_.milliseconds(1, 50), [this] { try_connect(); });
}

// A join or a fetch that is not answered in time: the connection is taken for dead.
void Editor::cut_if_silent(std::uint64_t request) {
  world_.after(std::chrono::seconds(3), [this, request] {
    if (connection_ != nullptr && (join_request_ == request || fetch_request_ == request)) {
      connection_->cut();
    }
  });
}

// --- receiving ---

void Editor::on_message(const Message& message) {
  const JsonValue json = parse_json(message.json).value();
  const JsonObject& body = json.as_object();
  const Revision before = client_.revision();
  if (message.name == "join-document") {
    if (message.request == join_request_) {
      join_request_ = 0;
      on_joined(body);
    }
  } else if (message.name == "submit-op") {
    on_submitted(body);
  } else if (message.name == "fetch-ops") {
    if (message.request == fetch_request_) {
      fetch_request_ = 0;
      on_fetched(body);
    }
  } else if (join_request_ != 0) {
    complain(message.name + " came before the join reply");
  } else if (message.name == "ops") {
    on_ops(body);
  } else if (message.name == "presence") {
    on_presence(body);
  }
  if (client_.revision() < before) {
    complain("the revision went back");
  }
  if (client_.status() == client::Status::kStopped) {
    complain("stopped: " + client_.refusal()->message);
  }
  pump();
}

void Editor::on_joined(const JsonObject& body) {
  if (!body.at("ok").as_bool()) {
    const auto code = error_from_name(view(body.at("code").as_string()));
    if (code != ErrorCode::kUnavailable && code != ErrorCode::kOverloaded &&
        code != ErrorCode::kNotJoined) {
      complain("join refused: " + std::string(view(body.at("code").as_string())));
    }
    connection_->cut();
    return;
  }
  const Revision head(*find_unsigned(body, "revision"));
  const std::string hash(view(*find_string(body, "hash")));
  hashes_.push_back({head, hash});
  if (const JsonValue* snapshot = body.if_contains("snapshot")) {
    if (!client_.on_join_snapshot(head, hash, *snapshot)) {
      complain("the snapshot is malformed");
    }
    return;
  }
  const auto batch = client::parse_catch_up(
      plan_.type, next(client_.resume_revision()), body.at("ops").as_array());
  if (!batch || !client_.on_join_ops(*batch, head, hash)) {
    complain("the catch-up does not fit");
  }
}

void Editor::on_submitted(const JsonObject& body) {
  const ClientSeq seq(*find_unsigned(body, "seq"));
  if (body.at("ok").as_bool()) {
    const Revision revision(*find_unsigned(body, "revision"));
    acks_.push_back({seq, revision});
    client_.on_ack(seq, revision);
    return;
  }
  const auto code = error_from_name(view(body.at("code").as_string()));
  const bool retryable = code == ErrorCode::kUnavailable || code == ErrorCode::kOverloaded;
  if (!retryable) {
    // A late duplicate of an older submission is seq_reused: the client knows by its seq.
    client_.on_refused(seq, {.code = *code, .message = std::string(error_name(*code))});
    return;
  }
  world_.after(world_.milliseconds(10, 60), [this, seq, error = *code] {
    client_.on_refused(seq, {.code = error, .message = "later"});
    pump();
  });
}

void Editor::on_fetched(const JsonObject& body) {
  if (!body.at("ok").as_bool()) {
    const auto code = error_from_name(view(body.at("code").as_string()));
    if (code != ErrorCode::kUnavailable && code != ErrorCode::kNotJoined) {
      complain("fetch refused: " + std::string(view(body.at("code").as_string())));
    }
    return;
  }
  on_ops(body);
}

void Editor::on_ops(const JsonObject& body) {
  const auto batch = client::parse_ops(plan_.type, body);
  if (!batch) {
    complain("ops are malformed");
    return;
  }
  hashes_.push_back({batch->last(), batch->hash});
  if (!client_.on_ops(*batch)) {
    complain("a committed operation does not fit");
  }
}

void Editor::on_presence(const JsonObject& body) {
  std::optional<ot::Range> selection;
  if (const JsonObject* state = body.at("state").if_object()) {
    selection = ot::read_range(plan_.type, state->at("selection").as_object());
  }
  client_.on_presence(ClientId(std::string(view(body.at("clientId").as_string()))),
                      Revision(*find_unsigned(body, "revision")),
                      selection);
  for (const auto& [client, range] : client_.selections()) {
    if (!ot::contains(client_.document(), range)) {
      complain("a selection lies outside the document");
    }
  }
}

// --- sending ---

void Editor::pump() {
  if (connection_ == nullptr || client_.status() != client::Status::kLive || join_request_ != 0) {
    return;
  }
  if (const auto submission = client_.take_submission()) {
    send_submission(*submission);
  }
  if (const auto range = client_.gap(); range && fetch_request_ == 0) {
    send_fetch(*range);
  }
  if (const auto selection = client_.take_presence()) {
    JsonObject range{{"index", 0}, {"length", 0}};
    ot::write_range(range, plan_.type, *selection);
    connection_->send_to_server(
        {.name = "presence",
         .request = 0,
         .json = "{\"revision\":" + std::to_string(client_.revision().value()) +
                 ",\"state\":{\"selection\":" + to_json(range) + "}}"});
  }
}

void Editor::send_submission(const client::OutgoingSubmission& submission) {
  Revision revision = submission.revision;
  if (plan_.bug == Bug::kRebasedResend) {
    revision = client_.revision();
  }
  connection_->send_to_server({.name = "submit-op",
                               .request = ++last_request_,
                               .json = "{\"revision\":" + std::to_string(revision.value()) +
                                       ",\"seq\":" + std::to_string(submission.seq.value()) +
                                       ",\"op\":" + to_json(ot::to_json(submission.op)) + "}"});
  world_.after(world_.milliseconds(300, 600), [this, seq = submission.seq] {
    if (client_.in_flight() && client_.last_seq() == seq) {
      client_.resend();
      pump();
    }
  });
}

void Editor::send_fetch(client::FetchRange range) {
  fetch_request_ = ++last_request_;
  connection_->send_to_server({.name = "fetch-ops",
                               .request = fetch_request_,
                               .json = "{\"from\":" + std::to_string(range.from.value()) +
                                       ",\"to\":" + std::to_string(range.to.value()) + "}"});
  cut_if_silent(fetch_request_);
}

}  // namespace cloudsync::simulation
