#include "loadtest/member.h"

#include "loadtest/edits.h"

#include <algorithm>

namespace cloudsync::loadtest {
namespace {

/// For the first connection: a run may begin as fast as the server takes it. Later ones have the
/// patience of the SDK.
constexpr std::chrono::seconds kHandshakeTimeout{30};
/// For the reply to a join, and its content: two requests of the SDK.
constexpr std::chrono::seconds kJoinTimeout{20};
constexpr std::chrono::milliseconds kRetryDelay{200};

// The turn's clock is too coarse: a busy turn takes milliseconds, and they count.
TimePoint precise_now() {
  return std::chrono::steady_clock::now();
}

Error error_in(const JsonObject& reply) {
  Error error{ErrorCode::kInternal, "reply without an error object"};
  const JsonValue* value = reply.if_contains("error");
  if (value == nullptr || !value->is_object()) {
    return error;
  }
  const JsonObject& object = value->get_object();
  if (const auto* code = find_string(object, "code")) {
    error.code = error_from_name(view(*code)).value_or(ErrorCode::kInternal);
  }
  if (const auto delay = find_unsigned(object, "retryAfterMs")) {
    error.retry_after_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(*delay, 60'000));
  }
  return error;
}

bool is_ok(const JsonObject& reply) {
  const JsonValue* ok = reply.if_contains("ok");
  return ok != nullptr && ok->is_bool() && ok->get_bool();
}

std::string text_or_empty(const JsonObject& object, std::string_view key) {
  const auto* text = find_string(object, key);
  return text != nullptr ? std::string(view(*text)) : std::string();
}

}  // namespace

Member::Member(MemberContext& context, SharedDocument& document, std::size_t number)
    : context_(context),
      document_(document),
      number_(number),
      connection_(context.loop, *this, context.random),
      history_(context.history, document.id()) {
  document.add_member();
}

void Member::start(TimePoint due) {
  in_handshake_ = true;
  is_first_ = true;
  due_ = due;
  open();
}

void Member::open() {
  state_ = State::kConnecting;
  ++attempt_;
  give_up_after(backoff_.is_again() ? backoff_.patience() : kHandshakeTimeout);
  std::optional<runtime::Endpoint> source;
  if (const std::size_t sources = context_.options.source_addresses; sources > 0) {
    source = source_address(context_.options.first_source + number_ % sources);
  }
  connection_.open(document_.target(), source, auth_json_);
}

/// Unless the connection is in another state by then.
void Member::give_up_after(Duration delay) {
  context_.loop.run_after(delay, [this, attempt = attempt_, state = state_] {
    if (attempt == attempt_ && state == state_) {
      if (state_ == State::kConnecting) {
        backoff_.note_timeout();
      }
      context_.measurements.count_error("handshake_timeout");
      connection_.close();
    }
  });
}

void Member::leave() {
  leaving_ = true;
  connection_.close();
}

void Member::break_off() {
  if (state_ == State::kJoined) {
    breaking_ = true;
    connection_.close();
  }
}

void Member::limit_reading(double bytes_per_second) {
  slow_ = true;
  read_rate_ = bytes_per_second;
  connection_.limit_reading(bytes_per_second);
}

bool Member::quiet() const {
  return state_ == State::kJoined && copy_->saved() && !copy_->gap() &&
         copy_->status() == client::Status::kLive;
}

void Member::on_ready() {
  state_ = State::kJoining;
  backoff_.note_connected();
  give_up_after(kJoinTimeout);
  history_.connected(true);
  JsonObject body{{"documentId", document_.id().value()}};
  if (copy_ && copy_->can_resume()) {
    body["revision"] = copy_->resume_revision().value();
    if (!copy_->resume_hash().empty()) {
      body["hash"] = copy_->resume_hash();
    }
  }
  request("join-document", body, {PendingAck::Kind::kJoin, {}});
}

bool Member::try_packet(std::string_view text) {
  if (state_ != State::kJoined) {
    return false;
  }
  const auto batch = document_.find_frame(text);
  if (batch != nullptr) {
    ++context_.measurements.frames;
    receive(batch);
  }
  return batch != nullptr;
}

void Member::on_event(std::string_view name, const JsonArray& args, std::string_view text) {
  const JsonObject* message = args.size() > 1 ? args[1].if_object() : nullptr;
  if (message == nullptr) {
    return;
  }
  if (name == "ops") {
    on_ops_event(*message, text);
  } else if (name == "presence") {
    ++context_.measurements.cursors;
  } else if (name == "session-closed") {
    context_.measurements.count_error(text_or_empty(*message, "code"));
  }
}

void Member::on_ack(std::uint64_t id, const JsonArray& args) {
  auto found = acks_.extract(id);
  const JsonObject* reply = args.empty() ? nullptr : args[0].if_object();
  if (found.empty() || reply == nullptr) {
    fail_with("bad_ack");
    return;
  }
  const PendingAck& pending = found.mapped();
  switch (pending.kind) {
    case PendingAck::Kind::kJoin:
      on_join_reply(*reply);
      return;
    case PendingAck::Kind::kSubmit:
      on_submit_reply(pending, *reply);
      return;
    case PendingAck::Kind::kFetch:
      fetching_ = false;
      if (!is_ok(*reply)) {
        context_.measurements.count_error(error_name(error_in(*reply).code));
        retry_later(kRetryDelay);
      } else {
        on_ops_event(*reply, {});
      }
      return;
  }
}

void Member::on_join_reply(const JsonObject& reply) {
  if (!is_ok(reply)) {
    context_.measurements.count_error(error_name(error_in(reply).code));
    connection_.close();
    return;
  }
  if (const JsonValue* identity = reply.if_contains("client")) {
    auth_json_ = to_json(JsonObject{{"client", *identity}});
    if (!copy_ && identity->is_object()) {
      copy_.emplace(context_.options.type, ClientId(text_or_empty(identity->get_object(), "id")));
      history_.identify(copy_->self());
    }
  }
  if (!copy_) {
    fail_with("bad_ack");
    return;
  }
  if (reply.contains("snapshotUrl")) {
    load_snapshot(reply);
    return;
  }
  if (const auto taken = take_content(reply); !taken) {
    fail_with(error_name(taken.error().code));
    return;
  }
  on_joined();
}

Result<void> Member::take_content(const JsonObject& reply) {
  const auto head = find_unsigned(reply, "revision");
  if (!head) {
    return fail(ErrorCode::kBadRequest, "join reply without a revision");
  }
  const std::string hash = text_or_empty(reply, "hash");
  if (const JsonValue* snapshot = reply.if_contains("snapshot")) {
    return take_snapshot(Revision(*head), hash, *snapshot);
  }
  const JsonValue* ops = reply.if_contains("ops");
  if (ops == nullptr || !ops->is_array()) {
    return fail(ErrorCode::kBadRequest, "join reply without content");
  }
  const Revision first = next(copy_->resume_revision());
  auto batch = client::parse_catch_up(context_.options.type, first, ops->get_array());
  if (!batch) {
    return fail(batch.error());
  }
  measure(*batch);
  history_.resumed(copy_->resume_revision(), copy_->resume_hash());
  history_.received(*batch);
  content_.reset();
  CS_TRY(copy_->on_join_ops(*batch, Revision(*head), hash));
  // An operation that is there, but whose answer was lost, is acknowledged by now.
  const std::uint64_t last = copy_->last_seq().value();
  measure_acks(ClientSeq(copy_->in_flight() ? last - 1 : last));
  history_.advance(*copy_);
  return {};
}

Result<void> Member::take_snapshot(Revision revision, std::string hash, const JsonValue& snapshot) {
  content_ = document_.find_snapshot(snapshot);
  if (content_ != nullptr) {
    copy_->on_join_document(revision, std::move(hash), *content_);
  } else {
    CS_TRY(copy_->on_join_snapshot(revision, std::move(hash), snapshot));
    content_ = document_.keep_snapshot(snapshot, copy_->document());
  }
  unsent_.clear();  // with what was unsaved
  unacked_.clear();
  history_.opened(*copy_);
  return {};
}

void Member::load_snapshot(const JsonObject& reply) {
  HttpRequest get{document_.target(), "GET", text_or_empty(reply, "snapshotUrl"), {}};
  const Revision revision(find_unsigned(reply, "revision").value_or(0));
  context_.http.call(std::move(get),
                     [this, attempt = attempt_, revision, hash = text_or_empty(reply, "hash")](
                         Result<codec::http1::Response> response) {
                       if (attempt != attempt_ || state_ != State::kJoining) {
                         return;  // disconnected meanwhile
                       }
                       if (!response || response->status != 200) {
                         fail_with("snapshot_download");
                         return;
                       }
                       const auto content = parse_json(response->body);
                       if (!content || !take_snapshot(revision, hash, *content)) {
                         fail_with("bad_snapshot");
                         return;
                       }
                       on_joined();
                     });
}

void Member::on_joined() {
  state_ = State::kJoined;
  backoff_.reset();
  connection_.limit_reading(read_rate_);
  ++context_.measurements.joined;
  context_.measurements.connect.record(due_, precise_now());
  end_handshake();
  for (const auto& batch : std::exchange(early_, {})) {
    receive(batch);
  }
  fetch_gap();
  submit();
}

void Member::on_submit_reply(const PendingAck& pending, const JsonObject& reply) {
  Measurements& measurements = context_.measurements;
  if (is_ok(reply)) {
    measure_acks(pending.seq);
    const Revision revision(find_unsigned(reply, "revision").value_or(0));
    history_.acked(pending.seq, revision);
    copy_->on_ack(pending.seq, revision);
    submit();
    return;
  }
  const Error error = error_in(reply);
  measurements.count_error(error_name(error.code));
  history_.rejected(pending.seq, error_name(error.code));
  copy_->on_refused(pending.seq, error);
  if (copy_->status() != client::Status::kLive) {
    fail_with("stopped");
    return;
  }
  retry_later(error.retry_after_ms ? std::chrono::milliseconds(*error.retry_after_ms)
                                   : kRetryDelay);
}

void Member::on_ops_event(const JsonObject& message, std::string_view text) {
  auto parsed = client::parse_ops(context_.options.type, message);
  if (!parsed) {
    fail_with("bad_ops");
    return;
  }
  if (!text.empty()) {
    ++context_.measurements.frames;
  }
  const auto batch = std::make_shared<const client::OpsBatch>(*std::move(parsed));
  if (state_ == State::kJoining) {
    early_.push_back(batch);
    return;
  }
  if (!text.empty()) {
    document_.keep_frame(text, batch);
  }
  receive(batch);
}

void Member::receive(const Batch& batch) {
  measure(*batch);
  history_.received(*batch);
  if (const auto done = apply(batch); !done) {
    fail_with("diverged");
    return;
  }
  history_.advance(*copy_);
  fetch_gap();
  submit();
}

/// By itself only what no member with the same content has applied yet.
Result<void> Member::apply(const Batch& batch) {
  const bool whole = content_ != nullptr && copy_->saved() && !copy_->gap() &&
                     copy_->status() == client::Status::kLive && !batch->ops.empty() &&
                     batch->first == next(copy_->revision());
  if (!whole) {
    if (batch->last() > copy_->revision()) {
      content_.reset();
    }
    return copy_->on_ops(*batch);
  }
  if (auto after = document_.find_applied(content_, *batch)) {
    copy_->on_applied_ops(*batch, *after);
    content_ = std::move(after);
    return {};
  }
  CS_TRY(copy_->on_ops(*batch));
  content_ = document_.keep_applied(std::move(content_), batch, copy_->document());
  return {};
}

/// Counts the operations of `batch` that are new here.
void Member::measure(const client::OpsBatch& batch) {
  const TimePoint now = precise_now();
  Measurements& measurements = context_.measurements;
  for (std::size_t i = 0; i < batch.ops.size(); ++i) {
    if (Revision(batch.first.value() + i) > copy_->revision()) {
      ++measurements.operations;
      document_.on_applied(batch.ops[i],
                           copy_->self(),
                           now,
                           slow_ ? measurements.slow_delivery : measurements.delivery);
    }
  }
}

/// The edits in operations up to `last` are known to be durable.
void Member::measure_acks(ClientSeq last) {
  const TimePoint now = precise_now();
  const auto end = unacked_.upper_bound(last);
  for (auto acked = unacked_.begin(); acked != end; acked = unacked_.erase(acked)) {
    for (const TimePoint scheduled : acked->second) {
      context_.measurements.ack.record(scheduled, now);
    }
  }
}

void Member::edit(TimePoint scheduled) {
  content_.reset();
  if (keyboard_ == nullptr) {
    keyboard_ = std::make_unique<Keyboard>();
  }
  const bool is_typing = copy_ && copy_->can_resume() && context_.options.typing;
  if (!copy_ || !copy_->edit(is_typing ? type() : make_edit(copy_->document(), context_.random))) {
    ++context_.measurements.late_edits;
    return;
  }
  ++context_.measurements.edits;
  history_.advance(*copy_);
  unsent_.push_back(scheduled);
  submit();
}

/// The next key at the cursor, which jumps where a person would go on elsewhere.
ot::Operation Member::type() {
  constexpr std::size_t kKeysMin = 20;
  constexpr std::size_t kKeysMore = 60;
  if (keyboard_->keys_left == 0 || !copy_->selection()) {
    keyboard_->keys_left = kKeysMin + context_.random() % kKeysMore;
    keyboard_->jumped = true;
    copy_->select({.index = random_place(copy_->document(), context_.random)});
  }
  --keyboard_->keys_left;
  return make_insert(copy_->document(), copy_->selection()->index, context_.random);
}

/// True if a new operation is not due yet.
bool Member::waits_for_more() {
  if (keyboard_ == nullptr || copy_->in_flight() || copy_->saved()) {
    return false;
  }
  const TimePoint due = keyboard_->submitted_at + context_.options.submit_interval;
  if (due <= context_.loop.now()) {
    return false;
  }
  submit_at(due);
  return true;
}

void Member::tell_cursor() {
  constexpr std::chrono::milliseconds kInterval{50};  // as the SDK
  constexpr std::chrono::seconds kExpectedInterval{2};
  const Cursors cursors = context_.options.cursors;
  if (keyboard_ == nullptr || cursors == Cursors::kNone) {
    return;
  }
  const bool is_news = cursors == Cursors::kEdits || keyboard_->jumped;
  const TimePoint due =
      keyboard_->told_at + (is_news ? Duration(kInterval) : Duration(kExpectedInterval));
  if (due > context_.loop.now()) {
    submit_at(due);
    return;
  }
  if (const auto range = copy_->take_presence()) {
    keyboard_->told_at = context_.loop.now();
    keyboard_->jumped = false;
    const JsonObject selection{{"index", range->index}, {"length", range->length}};
    connection_.emit("presence",
                     to_json(JsonObject{{"documentId", document_.id().value()},
                                        {"revision", copy_->revision().value()},
                                        {"state", JsonObject{{"selection", selection}}}}),
                     std::nullopt);
  }
}

/// Tries again at that time, once.
void Member::submit_at(TimePoint time) {
  if (std::exchange(keyboard_->waits, true)) {
    return;
  }
  context_.loop.run_after(time - context_.loop.now(), [this] {
    keyboard_->waits = false;
    submit();
  });
}

void Member::submit() {
  if (state_ != State::kJoined || waits_for_more()) {
    return;
  }
  const bool resent = copy_->in_flight();
  const auto submission = copy_->take_submission();
  if (!submission) {
    if (copy_->saved()) {
      unsent_.clear();  // edits that undid each other are never sent
    }
    history_.advance(*copy_);
    tell_cursor();
    return;
  }
  if (keyboard_ != nullptr) {
    keyboard_->submitted_at = context_.loop.now();
  }
  if (resent) {
    ++context_.measurements.resends;
  } else {
    ++context_.measurements.submissions;
    document_.on_submitted(copy_->self(), submission->seq, unsent_);
    unacked_[submission->seq] = std::exchange(unsent_, {});
  }
  history_.sent(*submission, resent);
  request("submit-op",
          JsonObject{{"documentId", document_.id().value()},
                     {"revision", submission->revision.value()},
                     {"seq", submission->seq.value()},
                     {"op", ot::to_json(submission->op)}},
          {PendingAck::Kind::kSubmit, submission->seq});
}

void Member::fetch_gap() {
  if (fetching_ || state_ != State::kJoined) {
    return;
  }
  if (const auto gap = copy_->gap()) {
    fetching_ = true;
    request("fetch-ops",
            JsonObject{{"documentId", document_.id().value()},
                       {"from", gap->from.value()},
                       {"to", gap->to.value()}},
            {PendingAck::Kind::kFetch, {}});
  }
}

void Member::request(std::string_view event, const JsonObject& body, PendingAck pending) {
  const std::uint64_t id = next_ack_++;
  acks_.emplace(id, std::move(pending));
  connection_.emit(event, to_json(body), id);
}

void Member::retry_later(std::chrono::milliseconds delay) {
  context_.loop.run_after(delay, [this, attempt = attempt_] {
    if (attempt == attempt_) {
      fetch_gap();
      submit();
    }
  });
}

void Member::on_disconnected(std::string_view reason) {
  Measurements& measurements = context_.measurements;
  if (state_ == State::kJoined) {
    --measurements.joined;
  }
  acks_.clear();
  early_.clear();
  fetching_ = false;
  if (copy_) {
    copy_->on_disconnect();
  }
  history_.connected(false);
  const bool broken_off = std::exchange(breaking_, false);
  const bool given_up = slow_;  // it may hear of that only when it reads again as it should
  if (broken_off || leaving_) {
    // On purpose.
  } else if (given_up) {
    ++measurements.slow_disconnects;
  } else {
    ++measurements.disconnects;
    if (reason != "closed") {  // then the cause was counted
      measurements.count_error(reason);
    }
  }
  const bool again = (context_.options.reconnect || broken_off || given_up) && !leaving_ &&
                     state_ != State::kFailed;
  state_ = again ? State::kLost : State::kFailed;
  end_handshake();
  if (again) {
    const double random = std::uniform_real_distribution<double>()(context_.random);
    const Duration delay =
        backoff_.next(context_.loop.now(), random, context_.options.reconnect_delay);
    context_.loop.run_after(delay, [this] {
      due_ = context_.loop.now();
      context_.handshake_again([this] {
        ++context_.measurements.reconnects;
        in_handshake_ = true;
        is_first_ = false;
        open();
      });
    });
  }
}

void Member::end_handshake() {
  if (std::exchange(in_handshake_, false)) {
    context_.on_handshake_over(is_first_);
  }
}

void Member::finish_history() {
  if (state_ == State::kJoined) {
    history_.finish(*copy_);
  }
}

/// Something that must not happen: this member takes no further part.
void Member::fail_with(std::string_view code) {
  context_.measurements.count_error(code);
  if (state_ == State::kJoined) {
    --context_.measurements.joined;
  }
  state_ = State::kFailed;
  connection_.close();
}

}  // namespace cloudsync::loadtest
