#include "editor.h"

#include "random_edit.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cloudsync::simulation {
namespace {

using checker::Kind;

/// Of a hash as clients see it.
checker::ShortHash read_hash(const std::string& hex) {
  checker::ShortHash value = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  return value;
}

/// How often, in revisions, the state is told.
constexpr std::uint64_t kStateEvery = 25;

}  // namespace

Editor::Editor(Environment& environment, std::int64_t index, Connect connect)
    : environment_(environment),
      id_("c" + std::to_string(index)),
      connect_(std::move(connect)),
      line_{.client = index} {}

// Runs the task later, if the page is still there.
template <class Task>
void Editor::after(Duration delay, Task task) {
  environment_.world.after(delay, [this, page = page_, run = std::move(task)]() mutable {
    if (page == page_ && client_) {
      run();
    }
  });
}

Duration Editor::patience(std::uint64_t low_ms, std::uint64_t high_ms) {
  return environment_.dice(Deciding::kPatience, line_.client, ++decisions_)
      .milliseconds(low_ms, high_ms);
}

void Editor::note(checker::Event event) {
  environment_.history.client(id_, std::move(event));
}

void Editor::complain(const std::string& what) {
  environment_.history.complain(std::string(id_.value()) + ": " + what);
}

// --- what people do ---

void Editor::start() {
  if (!std::exchange(started_, true)) {
    open_page();
  }
}

void Editor::open_page() {
  if (journal_) {
    client_.emplace(id_, *journal_);
  } else {
    client_.emplace(environment_.plan.type, id_);
  }
  try_connect();
}

void Editor::edit(std::uint64_t key, bool large) {
  if (!client_ || !client_->can_resume()) {
    return;
  }
  Dice dice = environment_.dice(Deciding::kEdit, line_.client, key);
  if (client_->edit(large ? large_edit(dice, client_->document())
                          : random_edit(dice, client_->document()))) {
    write_journal();
    note_light();
    pump();
  }
}

void Editor::select(std::uint64_t key) {
  if (client_ && client_->can_resume()) {
    Dice dice = environment_.dice(Deciding::kCursor, line_.client, key);
    client_->select(random_cursor(dice, client_->document()));
    pump();
  }
}

void Editor::reload(Duration down) {
  if (!client_) {
    return;
  }
  ++page_;
  leave_connection();
  client_.reset();
  afresh_ = false;
  join_request_ = 0;
  fetch_request_ = 0;
  seen_.clear();
  light_.reset();
  held_.reset();
  journal_dirty_ = false;
  journal_writing_ = false;
  retrying_ = false;
  environment_.world.after(down, [this, page = page_] {
    if (page == page_) {
      note(event_of(Kind::kReload));
      open_page();
    }
  });
}

void Editor::cut() {
  if (connection_ != nullptr) {
    connection_->cut(Connection::End::kNetwork);
  }
}

bool Editor::is_at_rest() const {
  return !started_ || (client_ && client_->status() == client::Status::kLive &&
                       join_request_ == 0 && client_->saved() && !client_->gap());
}

std::optional<ClientSeq> Editor::acknowledged_seq() const {
  if (!client_ || met_seq_ == ClientSeq(0) || met_seq_ != client_->last_seq()) {
    return std::nullopt;  // the last one may be under way, or given up
  }
  return met_seq_;
}

void Editor::note_members() {
  checker::Event event = event_of(Kind::kMembers);
  event.ids = {members_.begin(), members_.end()};
  note(std::move(event));
}

void Editor::note_final() {
  if (!client_) {
    return;
  }
  checker::Event event = event_of(Kind::kFinal);
  event.rev = client_->revision().value();
  event.on = client_->saved();
  if (event.on) {
    event.state = checker::state_hash(client_->document());
  }
  if (!client_->resume_hash().empty()) {
    event.hash = read_hash(client_->resume_hash());
  }
  note(std::move(event));
}

void Editor::note_cursors(const std::vector<ClientId>& others) {
  for (const ClientId& other : others) {
    if (other == id_) {
      continue;
    }
    checker::Event event = event_of(Kind::kCursor);
    event.rev = client_->revision().value();
    event.author = other.value();
    const auto shown = client_->selections().find(other);
    if (shown != client_->selections().end()) {
      JsonObject range;
      ot::write_range(range, environment_.plan.type, shown->second);
      event.text = to_canonical_json(range);
    }
    note(std::move(event));
  }
}

// --- connection ---

void Editor::try_connect() {
  connection_ = connect_(line_, id_);
  if (connection_ == nullptr) {
    after(patience(5, 100), [this] { try_connect(); });
    return;
  }
  connection_->attach_client([this](const Message& message) { on_message(message); },
                             [this] { on_closed(); });
  join_request_ = ++last_request_;
  fetch_request_ = 0;
  join_asked_ = environment_.history.now();
  std::string json = "{}";
  if (client_->can_resume() && !afresh_) {
    json = "{\"revision\":" + std::to_string(client_->resume_revision().value());
    json += client_->resume_hash().empty() ? "}" : ",\"hash\":\"" + client_->resume_hash() + "\"}";
  }
  connection_->send_to_node(
      {.name = "join-document", .request = join_request_, .json = share(std::move(json))});
  cut_if_silent(join_request_);
}

void Editor::on_closed() {
  connection_.reset();
  client_->on_disconnect();
  checker::Event event = event_of(Kind::kConn);
  event.on = false;
  note(std::move(event));
  after(patience(1, 50), [this] { try_connect(); });
}

// The page goes, or gives the connection up: it hears nothing more of it.
void Editor::leave_connection() {
  if (connection_ != nullptr) {
    connection_->cut(Connection::End::kClient);
    connection_->attach_client(nullptr, nullptr);  // it may have been cut before
    connection_.reset();
  }
}

// A join or a fetch that is not answered in time: the connection is taken for dead, though the node
// may see that otherwise.
void Editor::cut_if_silent(std::uint64_t request) {
  after(std::chrono::seconds(2), [this, request] {
    if (connection_ != nullptr && (join_request_ == request || fetch_request_ == request)) {
      leave_connection();
      on_closed();
    }
  });
}

// --- receiving ---

void Editor::on_message(const Message& message) {
  const JsonValue json = parse_json(*message.json).value();
  const JsonObject& body = json.as_object();
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
  } else if (message.name == "user-joined") {
    members_.emplace(view(*find_string(body, "clientId")));
  } else if (message.name == "user-left") {
    members_.erase(std::string(view(*find_string(body, "clientId"))));
  }
  note_light();
  if (client_->status() == client::Status::kStopped && connection_ != nullptr) {
    if (client_->refusal()->code != ErrorCode::kRevisionTooOld &&
        client_->refusal()->code != ErrorCode::kTooLarge) {
      complain("stopped: " + client_->refusal()->message);
    }
    leave_connection();
    on_closed();
    return;
  }
  pump();
}

void Editor::on_joined(const JsonObject& body) {
  if (!body.at("ok").as_bool()) {
    const std::string name(view(body.at("code").as_string()));
    const auto code = error_from_name(name);
    if (code == ErrorCode::kRevisionTooOld || code == ErrorCode::kHistoryDiverged ||
        code == ErrorCode::kRevisionUnknown) {
      afresh_ = true;
    }
    if (code != ErrorCode::kUnavailable && code != ErrorCode::kOverloaded &&
        code != ErrorCode::kNotJoined && code != ErrorCode::kRevisionTooOld) {
      complain("join refused: " + name);
    }
    leave_connection();
    on_closed();
    return;
  }
  const Revision head(*find_unsigned(body, "revision"));
  const std::string hash(view(*find_string(body, "hash")));
  members_.clear();
  for (const JsonValue& member : body.at("members").as_array()) {
    members_.emplace(view(*find_string(member.as_object(), "clientId")));
  }
  checker::Event up = event_of(Kind::kConn);
  up.on = true;
  note(std::move(up));
  if (const JsonValue* snapshot = body.if_contains("snapshot")) {
    on_content(head, hash, *snapshot);
  } else {
    checker::Event event = event_of(Kind::kResume);
    event.rev = client_->revision().value();
    if (!client_->resume_hash().empty()) {
      event.hash = read_hash(client_->resume_hash());
    }
    note(std::move(event));
    const Revision before = client_->revision();
    const auto batch =
        client::parse_catch_up(environment_.plan.type, next(before), body.at("ops").as_array());
    if (batch) {
      remember(*batch);
    }
    if (!batch || !client_->on_join_ops(*batch, head, hash)) {
      complain("the catch-up does not fit");
    }
    note_applied(before);
  }
  checker::Event read = event_of(Kind::kRead);
  read.rev = head.value();
  read.hash = read_hash(hash);
  read.after = join_asked_;
  note(std::move(read));
}

void Editor::on_content(Revision head, const std::string& hash, const JsonValue& snapshot) {
  if (client_->can_resume() || client_->status() == client::Status::kStopped) {
    if (!client_->saved()) {
      checker::Event copy = event_of(Kind::kCopy);
      copy.text = to_json(ot::content(client_->document()));
      note(std::move(copy));
    }
  }
  held_.reset();
  seen_.clear();
  afresh_ = false;
  ++contents_;
  journal_writing_ = false;
  if (!client_->on_join_snapshot(head, hash, snapshot)) {
    complain("the snapshot is malformed");
    return;
  }
  checker::Event event = event_of(Kind::kOpen);
  event.type = environment_.plan.type;
  event.rev = head.value();
  event.hash = read_hash(hash);
  event.state = checker::state_hash(client_->document());
  note(std::move(event));
  write_journal();
}

void Editor::on_submitted(const JsonObject& body) {
  const ClientSeq seq(*find_unsigned(body, "seq"));
  if (body.at("ok").as_bool()) {
    const Revision revision(*find_unsigned(body, "revision"));
    checker::Event event = event_of(Kind::kAck);
    event.seq = seq.value();
    event.rev = revision.value();
    note(std::move(event));
    client_->on_ack(seq, revision);
    return;
  }
  const std::string name(view(body.at("code").as_string()));
  const auto code = error_from_name(name);
  if (!client_->in_flight() || client_->last_seq() != seq) {
    return;  // of an older one, which arrived late or twice
  }
  checker::Event event = event_of(Kind::kReject);
  event.seq = seq.value();
  event.text = name;
  note(std::move(event));
  const bool retryable = code == ErrorCode::kUnavailable || code == ErrorCode::kOverloaded;
  if (!retryable) {
    client_->on_refused(seq, {.code = *code, .message = name});
    return;
  }
  if (std::exchange(retrying_, true)) {
    return;
  }
  after(patience(10, 60), [this, seq, error = *code] {
    retrying_ = false;
    client_->on_refused(seq, {.code = error, .message = "later"});
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
  const auto batch = client::parse_ops(environment_.plan.type, body);
  if (!batch) {
    complain("ops are malformed");
    return;
  }
  remember(*batch);
  const Revision before = client_->revision();
  if (!client_->on_ops(*batch)) {
    complain("a committed operation does not fit");
  }
  note_applied(before);
}

void Editor::remember(const client::OpsBatch& batch) {
  Revision revision = batch.first;
  for (const client::CommittedOp& op : batch.ops) {
    if (revision > client_->revision()) {
      seen_.emplace(revision, Committed{.client = op.client, .seq = op.seq, .hash = {}});
      if (revision == batch.last()) {
        seen_.at(revision).hash = batch.hash;
      }
    }
    revision = next(revision);
  }
}

void Editor::note_applied(Revision before) {
  for (Revision revision = next(before); revision <= client_->revision();
       revision = next(revision)) {
    const auto found = seen_.find(revision);
    if (found == seen_.end()) {
      complain("applied what it was never sent: " + std::to_string(revision.value()));
      continue;
    }
    checker::Event event = event_of(Kind::kApply);
    event.rev = revision.value();
    event.author = found->second.client.value();
    event.seq = found->second.seq.value();
    if (!found->second.hash.empty()) {
      event.hash = read_hash(found->second.hash);
    }
    if (revision == client_->revision() && revision.value() % kStateEvery == 0 &&
        client_->saved()) {
      event.state = checker::state_hash(client_->document());
    }
    if (found->second.client == id_) {
      met_seq_ = std::max(met_seq_, found->second.seq);
      write_journal();
    }
    note(std::move(event));
  }
  seen_.erase(seen_.begin(), seen_.upper_bound(client_->revision()));
}

void Editor::note_light() {
  const bool saved = client_->saved();
  if (light_ != saved) {
    light_ = saved;
    checker::Event event = event_of(Kind::kLight);
    event.on = saved;
    note(std::move(event));
  }
}

void Editor::on_presence(const JsonObject& body) {
  std::optional<ot::Range> selection;
  if (const JsonObject* state = body.at("state").if_object()) {
    selection = ot::read_range(environment_.plan.type, state->at("selection").as_object());
  }
  client_->on_presence(ClientId(std::string(view(body.at("clientId").as_string()))),
                       Revision(*find_unsigned(body, "revision")),
                       selection);
  for (const auto& [client, range] : client_->selections()) {
    if (!ot::contains(client_->document(), range)) {
      complain("a selection lies outside the document");
    }
  }
}

// --- sending ---

void Editor::pump() {
  if (!client_ || connection_ == nullptr || client_->status() != client::Status::kLive ||
      join_request_ != 0) {
    return;
  }
  if (const auto submission = client_->take_submission()) {
    if (submission->seq <= journaled_seq_) {
      send_submission(*submission);
    } else {
      held_ = submission;
      write_journal();
    }
  }
  if (const auto range = client_->gap(); range && fetch_request_ == 0) {
    send_fetch(*range);
  }
  if (const auto selection = client_->take_presence()) {
    JsonObject range{{"index", 0}, {"length", 0}};
    ot::write_range(range, environment_.plan.type, *selection);
    connection_->send_to_node(
        {.name = "presence",
         .request = 0,
         .json = share("{\"revision\":" + std::to_string(client_->revision().value()) +
                       ",\"state\":{\"selection\":" + to_json(range) + "}}")});
  }
}

void Editor::send_submission(const client::OutgoingSubmission& submission) {
  Revision revision = submission.revision;
  if (environment_.plan.bug == Bug::kRebasedResend) {
    revision = client_->revision();
  }
  checker::Event event = event_of(Kind::kSent);
  event.seq = submission.seq.value();
  note(std::move(event));
  connection_->send_to_node(
      {.name = "submit-op",
       .request = ++last_request_,
       .json = share("{\"revision\":" + std::to_string(revision.value()) +
                     ",\"seq\":" + std::to_string(submission.seq.value()) +
                     ",\"op\":" + to_json(ot::to_json(submission.op)) + "}")});
  after(patience(300, 600), [this, send = ++sends_] {
    if (send == sends_) {
      client_->resend();
      pump();
    }
  });
}

void Editor::send_fetch(client::FetchRange range) {
  fetch_request_ = ++last_request_;
  connection_->send_to_node({.name = "fetch-ops",
                             .request = fetch_request_,
                             .json = share("{\"from\":" + std::to_string(range.from.value()) +
                                           ",\"to\":" + std::to_string(range.to.value()) + "}")});
  cut_if_silent(fetch_request_);
}

// --- the journal ---

// Writes what there is now, which takes a while; one write at a time.
void Editor::write_journal() {
  journal_dirty_ = true;
  if (journal_writing_) {
    return;
  }
  auto journal = client_->journal();
  if (!journal) {
    return;
  }
  journal_dirty_ = false;
  journal_writing_ = true;
  const Duration delay =
      environment_.dice(Deciding::kJournal, line_.client, ++decisions_)
          .milliseconds(0, static_cast<std::uint64_t>(environment_.plan.journal_ms_max));
  // A copy that was given back takes the edits out of the journal, those on their way there, too.
  after(delay, [this, content = contents_, written = *std::move(journal)]() mutable {
    if (content == contents_) {
      on_journal_written(std::move(written));
    }
  });
}

void Editor::on_journal_written(client::Journal written) {
  journal_writing_ = false;
  if (written.in_flight && written.seq > journaled_seq_) {
    const client::OutgoingSubmission& sent = written.in_flight->sent;
    journaled_seq_ = sent.seq;
    checker::Event event = event_of(Kind::kSubmit);
    event.seq = sent.seq.value();
    event.rev = sent.revision.value();
    event.digest = checker::submission_digest(sent.revision.value(), ot::to_json(sent.op));
    note(std::move(event));
  }
  journal_ = std::move(written);
  if (journal_dirty_) {
    write_journal();
  }
  if (held_ && held_->seq <= journaled_seq_) {
    const client::OutgoingSubmission submission = *std::exchange(held_, std::nullopt);
    // Else it will be sent when it is joined.
    if (connection_ != nullptr && client_->status() == client::Status::kLive &&
        join_request_ == 0) {
      send_submission(submission);
    }
  }
}

}  // namespace cloudsync::simulation
