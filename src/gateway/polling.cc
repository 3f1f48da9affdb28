// The long-polling side of a session: the HTTP contract of Engine.IO v4.

#include "gateway/session.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudsync::gateway {

namespace engineio = codec::engineio;
using codec::http1::Response;

namespace {

Response payload_response(std::string payload) {
  return {.status = 200,
          .headers = {{"content-type", "text/plain; charset=UTF-8"}, {"cache-control", "no-store"}},
          .body = std::move(payload)};
}

Response refusal_response(engineio::RefusalCode code) {
  return {.status = engineio::refusal_status(code),
          .headers = {{"content-type", "application/json"}, {"cache-control", "no-store"}},
          .body = engineio::refusal_json(code)};
}

}  // namespace

void Session::open_polling(Connection& connection, codec::http1::Headers headers) {
  Response response = payload_response("0" + open_packet(true));
  std::move(headers.begin(), headers.end(), std::back_inserter(response.headers));
  connection.respond(std::move(response));
}

void Session::on_poll(Connection& connection) {
  if (lingering()) {
    // One GET may take the farewell: another may stand behind this one, and be read when it is
    // answered.
    linger_deadline_.reset();
    poll_ = &connection;
    flush();
    retire();
    return;
  }
  if (poll_ != nullptr) {
    // Two GETs at once: the reference kills the session, the first GET learns it with a close
    // packet.
    connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
    refuse("two_gets", "transport error");
    return;
  }
  poll_ = &connection;
  flush();
}

void Session::flush() {
  flush_scheduled = false;
  if (poll_ == nullptr || buffer_.empty()) {
    return;
  }
  std::string payload;
  for (const EncodedPacket& packet : std::exchange(buffer_, {})) {
    if (!payload.empty()) {
      payload += engineio::kSeparator;
    }
    packet.append_engine_text(payload);
  }
  buffered_bytes_ = 0;
  std::exchange(poll_, nullptr)->respond(payload_response(std::move(payload)));
  send_held_presence();
}

// Data that waits goes out with the flush that is due.
void Session::free_poll() {
  if (poll_ != nullptr && buffer_.empty()) {
    std::exchange(poll_, nullptr)->respond(payload_response("6"));
  }
}

std::optional<Response> Session::on_post_head(Connection& connection) {
  if (post_ == nullptr && receiving_ == nullptr) {
    receiving_ = &connection;
    return std::nullopt;
  }
  refuse("two_posts", "transport error");
  return refusal_response(engineio::RefusalCode::kBadRequest);
}

void Session::on_body(Connection& connection) {
  if (receiving_ == &connection) {
    receiving_ = nullptr;
  }
}

void Session::on_post(Connection& connection, codec::http1::Request request) {
  if (post_ != nullptr || receiving_ != nullptr) {
    connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
    refuse("two_posts", "transport error");
    return;
  }
  const std::string* type = request.find("content-type");
  if (type != nullptr && type->starts_with("application/octet-stream")) {
    connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
    refuse("octet_stream", "transport error");
    return;
  }
  post_ = std::make_unique<Post>(connection, std::move(request.body));
  continue_input();
}

bool Session::read_post() {
  if (!post_->waiting) {
    const auto packet = post_->reader.next();
    if (!packet) {
      note_refusal("session_closed", "malformed_packet");
      post_->answer(refusal_response(engineio::RefusalCode::kBadRequest));
      close("parse error");
      return false;
    }
    if (!*packet) {
      std::exchange(post_, nullptr)->answer_ok();  // the connection may bring the next one at once
      return true;
    }
    post_->waiting = *packet;
    if ((*packet)->type != engineio::PacketType::kPong) {
      note_life();
    }
  }
  const engineio::Packet packet = *post_->waiting;
  if (packet.type == engineio::PacketType::kMessage && must_wait()) {
    return false;
  }
  post_->waiting.reset();
  if (packet.type == engineio::PacketType::kClose) {
    flush();
    free_poll();
  }
  handle_engine_packet(packet);
  return true;
}

void Session::Post::answer(Response response) {
  if (connection != nullptr) {
    std::exchange(connection, nullptr)->respond(std::move(response));
  }
}

// It comes when all is handled, so that the client waits with its next POST, as it must.
void Session::Post::answer_ok() {
  answer({.status = 200,
          .headers = {{"content-type", "text/html"}, {"cache-control", "no-store"}},
          .body = "ok"});
}

}  // namespace cloudsync::gateway
