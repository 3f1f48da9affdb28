#include "gateway/connection.h"

#include "base/bytes.h"
#include "base/error_json.h"
#include "codec/websocket/frame.h"

#include <utility>

namespace cloudsync::gateway {

using codec::http1::ParseStatus;
using codec::http1::Request;
using codec::http1::Response;

namespace {

/// Input kept while a request is being answered; then the socket is paused.
constexpr std::size_t kPendingInputMax = 64 * 1024;

/// Above this, the next pipelined request waits until the answers are taken, all of them: a peer
/// that asks without reading gets no memory, nor more time by asking again.
constexpr std::size_t kAnswerQueueMax = 64 * 1024;

/// Bytes per second of an answer that a peer takes at least: half of what the slowest mobile lines
/// in use carry (EDGE, some 240 kbit/s). Who takes less keeps the answer in memory for long.
constexpr std::int64_t kAnswerRateMin = 16 * 1024;

std::size_t bytes_at_least(std::chrono::milliseconds time) {
  return static_cast<std::size_t>(kAnswerRateMin * time.count() / 1'000);
}

}  // namespace

ConnectionEnvironment::ConnectionEnvironment(runtime::Loop& connections_loop,
                                             ConnectionOwner& connections_owner,
                                             const Limits& node_limits,
                                             std::string path,
                                             bool compress)
    : loop(connections_loop),
      owner(connections_owner),
      limits(node_limits),
      engine_path(std::move(path)),
      http{.header_bytes = limits.http_header_bytes, .body_bytes = limits.http_body_bytes},
      frames{.message_bytes = limits.payload_bytes, .fragments = limits.websocket_fragments} {
  if (compress) {
    compression.emplace();
  }
}

Connection::Connection(ConnectionEnvironment& environment, RequestOrigin origin)
    : loopback_listener_(origin.loopback_listener),
      environment_(environment),
      address_(std::move(origin.address)),
      http_(std::make_unique<Http>(environment.http)),
      deadline_(environment.loop.now() + environment.limits.handshake_timeout) {}

void Connection::bind(runtime::SocketId socket) {
  socket_ = socket;
  if (deadline_ != kNever) {
    set_deadline(deadline_);
  }
}

void Connection::set_deadline(TimePoint deadline) {
  deadline_ = deadline;
  watch();
}

void Connection::watch() {
  if (!watched_) {
    watched_ = true;
    environment_.owner.on_watch(*this);
  }
}

void Connection::on_data(runtime::SocketId, std::span<std::uint8_t> bytes) {
  if (ended_ || answered_last_) {
    return;
  }
  if (http_ != nullptr && (!http_->pending.empty() || !takes_input())) {
    http_->pending.append(as_text(bytes));
    pending_full_ = pending_full_ || http_->pending.size() > kPendingInputMax;
    update_reading();
    return;
  }
  process(bytes);
  process_pending();
}

bool Connection::takes_input() const {
  return websocket_ || (!busy_ && !answers_full_);
}

void Connection::process(std::span<std::uint8_t> bytes) {
  processing_ = true;
  while (!bytes.empty() && !ended_ && !answered_last_) {
    if (websocket_) {
      process_websocket(bytes);
      break;
    }
    if (!takes_input()) {
      http_->pending.append(as_text(bytes));
      break;
    }
    const Parsed parsed = parse_request(bytes);
    bytes = bytes.subspan(parsed.consumed);
    if (parsed.complete) {
      http_->behind_request = as_text(bytes);
      begin_request(http_->parser.take_request());
      http_->behind_request = {};
    }
  }
  processing_ = false;
}

// Input that waited behind a request whose answer is out now.
void Connection::process_pending() {
  if (http_ == nullptr) {
    return;
  }
  while (!http_->pending.empty() && !ended_ && !answered_last_ && takes_input()) {
    std::string input = std::exchange(http_->pending, {});
    process(as_mutable_bytes(input));
  }
  pending_full_ = pending_full_ && !http_->pending.empty();
  update_reading();
  end_with_peer();
  if (websocket_ && http_->pending.empty()) {
    http_.reset();
  }
}

void Connection::hold_input(bool held) {
  const bool was_held = held_;
  held_ = held;
  if (was_held && !held && websocket_ && deadline_ != kNever) {
    set_deadline(environment_.loop.now() + environment_.limits.idle_http_timeout);
  }
  update_reading();
}

void Connection::update_reading() {
  const bool pause = pending_full_ || held_;
  if (pause == paused_ || ended_) {
    return;
  }
  paused_ = pause;
  if (pause) {
    environment_.loop.pause_reading(socket_);
  } else {
    environment_.loop.resume_reading(socket_);
  }
}

Connection::Parsed Connection::parse_request(std::span<std::uint8_t> bytes) {
  codec::http1::RequestParser& parser = http_->parser;
  if (parser.idle()) {
    set_deadline(environment_.loop.now() + environment_.limits.handshake_timeout);
  }
  auto fed = parser.feed(bytes);
  std::size_t consumed = fed.consumed;
  if (fed.status == ParseStatus::kHeadComplete) {
    const bool transport = http_->parser.request().path().starts_with(environment_.engine_path);
    parser.set_body_limit(transport ? environment_.limits.payload_bytes
                                    : environment_.limits.http_body_bytes);
    // The decision on the body may need no further byte: ask again with what follows.
    fed = parser.feed(bytes.subspan(consumed));
    consumed += fed.consumed;
    const bool waits = fed.status == ParseStatus::kNeedMore && fed.consumed == 0;
    if (waits && http_->parser.request().expects_continue) {
      environment_.loop.send(socket_, share("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    if (fed.status == ParseStatus::kNeedMore) {
      if (const auto refusal = environment_.owner.on_head(*this, http_->parser.request())) {
        refuse(*refusal);
        return {};
      }
    }
  }
  if (fed.status == ParseStatus::kError) {
    refuse(parser.error_status(), parser.error_reason());
    return {};
  }
  return {.consumed = consumed, .complete = fed.status == ParseStatus::kComplete};
}

void Connection::begin_request(Request request) {
  busy_ = true;
  ++http_->request_number;
  // What follows an upgrade that is refused may be meant as frames: it must not be read as HTTP.
  keep_alive_ = request.keep_alive && !request.is_upgrade;
  head_only_ = request.method == "HEAD";
  http_->response_headers.clear();
  deadline_ = kNever;
  environment_.owner.on_request(*this, std::move(request));
}

void Connection::refuse(int status, std::string_view reason) {
  const bool large_payload =
      status == 413 && http_->parser.request().path().starts_with(environment_.engine_path);
  environment_.owner.on_violation(*this,
                                  large_payload                    ? "payload_bytes"
                                  : status == 413                  ? "http_body_bytes"
                                  : status == 431 || status == 414 ? "http_header_bytes"
                                  : status == 408                  ? "handshake_timeout"
                                                                   : "malformed_http");
  const bool too_large = status == 413 || status == 431 || status == 414;
  Response response{.status = status, .headers = {}, .body = {}};
  // Clients of Engine.IO expect no body with a 413.
  if (!large_payload) {
    response.headers.push_back({"content-type", "application/json"});
    response.body = error_body({.code = too_large ? ErrorCode::kTooLarge : ErrorCode::kBadRequest,
                                .message = std::string(reason)});
  }
  refuse(response);
}

void Connection::refuse(const Response& response) {
  refused_ = true;
  environment_.loop.send(socket_, share(encode(response, false)));
  end();
  environment_.loop.close(socket_, runtime::CloseMode::kFlush);
}

void Connection::respond(Response response) {
  if (!busy_ || ended_) {
    return;
  }
  busy_ = false;
  for (auto& header : std::exchange(http_->response_headers, {})) {
    response.headers.push_back(std::move(header));
  }
  if (head_only_) {
    environment_.loop.send(socket_, share(encode_head(response, keep_alive_)));
  } else {
    environment_.loop.send(socket_, share(encode(response, keep_alive_)));
    for (SharedBytes& piece : response.shared_body) {
      environment_.loop.send(socket_, std::move(piece));
    }
  }
  begin_idle_time();
  answers_full_ = http_->queued_at_deadline > kAnswerQueueMax;
  answered_last_ = !keep_alive_;  // closed when it is sent: a close limits the time for that
  if (!processing_) {
    process_pending();
  }
}

void Connection::begin_idle_time() {
  set_deadline(environment_.loop.now() + environment_.limits.idle_http_timeout);
  http_->queued_at_deadline = queued_bytes();
}

void Connection::close(std::uint16_t code, std::string_view reason) {
  if (ended_) {
    return;
  }
  if (websocket_) {
    std::string frame;
    codec::websocket::append_close_frame(frame, code, reason);
    environment_.loop.send(socket_, share(std::move(frame)));
  }
  end();
  environment_.loop.close(socket_, runtime::CloseMode::kFlush);
}

void Connection::abort() {
  end();
  environment_.loop.close(socket_, runtime::CloseMode::kAbort);
}

void Connection::end() {
  if (!ended_) {
    ended_ = true;
    busy_ = false;
    deadline_ = kNever;
    watch();  // for what is queued
    environment_.owner.on_ended(*this);
  }
}

Connection::Released Connection::release() {
  runtime::Loop::Released released = environment_.loop.release(socket_);
  if (released.descriptor < 0) {
    return {};
  }
  ended_ = true;
  busy_ = false;
  deadline_ = kNever;
  return {released.descriptor,
          std::exchange(http_->pending, {}).append(http_->behind_request).append(released.unread)};
}

void Connection::ask_when_drained(Request request) {
  CS_ASSERT(busy_ && queued_bytes() > 0, "a request waits for what is before it");
  http_->postponed = std::make_unique<Request>(std::move(request));
  begin_idle_time();
}

void Connection::resume(Request request, std::string input) {
  http_->pending = std::move(input);
  begin_request(std::move(request));
}

bool Connection::check_deadline(TimePoint now) {
  if (!ended_ && now >= deadline_) {
    end_overdue(now);
  }
  watched_ = ended_ ? queued_bytes() > 0 : deadline_ != kNever;
  return watched_;
}

void Connection::end_overdue(TimePoint now) {
  const std::size_t queued = queued_bytes();
  if (websocket_ && held_) {
    // The rest of the message is not read, whether or not it is there.
    set_deadline(now + environment_.limits.idle_http_timeout);
  } else if (websocket_) {
    environment_.owner.on_violation(*this, "slow_message");
    close(codec::websocket::kClosePolicy, "the message took too long");
  } else if (queued > 0 && queued + bytes_at_least(environment_.limits.idle_http_timeout) <=
                               http_->queued_at_deadline) {
    // A long answer on a slow line: it may go on while it moves.
    begin_idle_time();
  } else if (queued > 0) {
    environment_.owner.on_violation(*this, "idle_http_timeout");
    abort();
  } else if (http_->parser.idle()) {
    close(codec::websocket::kCloseNoStatus);
  } else {
    refuse(408, "the request took too long");
  }
}

void Connection::on_drained(runtime::SocketId) {
  if (ended_) {
    return;
  }
  answers_full_ = false;
  environment_.owner.on_drained(*this);
  if (answered_last_) {
    end();
    environment_.loop.close(socket_, runtime::CloseMode::kFlush);
    return;
  }
  if (http_ != nullptr && http_->postponed) {
    const auto postponed = std::move(http_->postponed);
    begin_request(std::move(*postponed));
  }
  process_pending();
}

bool Connection::on_end(runtime::SocketId) {
  if (http_ == nullptr) {
    return false;
  }
  peer_ended_ = true;
  end_with_peer();
  return true;
}

// Who sends its requests and ends its side right behind them may still wait for the answers, and
// take its time for them. While a session's request is in progress it means that the peer is gone:
// a held GET would tell nobody otherwise.
void Connection::end_with_peer() {
  const bool over = busy_ ? session != SessionId{} : http_->pending.empty();
  if (!peer_ended_ || !over) {
    return;
  }
  if (!busy_ && queued_bytes() > 0) {
    answered_last_ = true;
    begin_idle_time();
  } else {
    close(codec::websocket::kCloseNoStatus);
  }
}

void Connection::on_closed(runtime::SocketId, runtime::CloseCause) {
  end();
  environment_.owner.on_gone(*this);
}

}  // namespace cloudsync::gateway
