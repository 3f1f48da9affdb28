#include "loadtest/member.h"

#include "loadtest/reply.h"

namespace cloudsync::loadtest {
namespace {

/// For the first connection: a run may begin as fast as the server takes it. Later ones have the
/// patience of the SDK.
constexpr std::chrono::seconds kHandshakeTimeout{30};
/// For the reply to a join, and its content: two requests of the SDK.
constexpr std::chrono::seconds kJoinTimeout{20};
constexpr std::chrono::milliseconds kRetryDelay{200};

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
