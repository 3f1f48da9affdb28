// The long-polling side of a session: the HTTP contract of Engine.IO v4.

#include "codec/engineio/packet.h"
#include "gateway/session.h"

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

void Session::open_polling(Connection& connection) {
  connection.respond(payload_response("0" + open_packet(true)));
}

void Session::on_poll(Connection& connection) {
  if (poll_ != nullptr) {
    // Two GETs at once: the reference kills the session, the first GET learns it with a close
    // packet.
    connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
    close("overlapping polls");
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

void Session::on_post(Connection& connection, const codec::http1::Request& request) {
  if (post_ != nullptr) {
    connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
    close("overlapping posts");
    return;
  }
  const std::string* type = request.find("content-type");
  if (type != nullptr && type->starts_with("application/octet-stream")) {
    connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
    close("transport error");
    return;
  }
  engineio::PayloadReader reader(request.body);
  while (!closed_) {
    const auto packet = reader.next();
    if (!packet) {
      connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
      close("parse error");
      return;
    }
    if (!*packet) {
      break;
    }
    if ((*packet)->type == engineio::PacketType::kClose) {
      flush();
      free_poll();
    }
    if ((*packet)->binary) {
      take_message(true, (*packet)->data);
    } else {
      handle_engine_packet(static_cast<char>((*packet)->type), (*packet)->data);
    }
  }
  post_ = &connection;
  if (waiting_.empty() || closed_) {
    finish_post();
  }
}

// An answer later tells the client to wait with its next POST, as it must.
void Session::finish_post() {
  if (post_ != nullptr) {
    std::exchange(post_, nullptr)
        ->respond({.status = 200, .headers = {{"content-type", "text/html"}}, .body = "ok"});
  }
}

}  // namespace cloudsync::gateway
