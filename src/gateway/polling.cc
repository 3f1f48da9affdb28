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
    polling()->linger_deadline = kNever;
    polling()->poll = &connection;
    flush();
    retire();
    return;
  }
  if (polling()->poll != nullptr) {
    // Two GETs at once: the reference kills the session, the first GET learns it with a close
    // packet.
    connection.respond(refusal_response(engineio::RefusalCode::kBadRequest));
    refuse("two_gets", "transport error");
    return;
  }
  polling()->poll = &connection;
  flush();
}

void Session::flush() {
  if (polling() == nullptr) {
    return;
  }
  polling()->flush_scheduled = false;
  if (polling()->poll == nullptr || polling()->buffer.empty()) {
    return;
  }
  std::string payload;
  for (const EncodedPacket& packet : polling()->take_buffer()) {
    if (!payload.empty()) {
      payload += engineio::kSeparator;
    }
    packet.append_engine_text(payload);
  }
  std::exchange(polling()->poll, nullptr)->respond(payload_response(std::move(payload)));
  send_held_presence();
}

// Data that waits goes out with the flush that is due.
void Session::free_poll() {
  if (polling()->poll != nullptr && polling()->buffer.empty()) {
    std::exchange(polling()->poll, nullptr)->respond(payload_response("6"));
  }
}

std::optional<Response> Session::on_post_head(Connection& connection) {
  if (polling()->post == nullptr && polling()->receiving == nullptr) {
    polling()->receiving = &connection;
    return std::nullopt;
  }
  refuse("two_posts", "transport error");
  return refusal_response(engineio::RefusalCode::kBadRequest);
}

void Session::on_body(Connection& connection) {
  if (polling() != nullptr && polling()->receiving == &connection) {
    polling()->receiving = nullptr;
  }
}

void Session::on_post(Connection& connection, codec::http1::Request request) {
  if (polling()->post != nullptr || polling()->receiving != nullptr) {
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
  polling()->post = std::make_unique<Post>(connection, std::move(request.body));
  continue_input();
}

bool Session::read_post() {
  Post& post = *polling()->post;
  if (!post.waiting) {
    const auto packet = post.reader.next();
    if (!packet) {
      note_refusal("session_closed", "malformed_packet");
      post.answer(refusal_response(engineio::RefusalCode::kBadRequest));
      close("parse error");
      return false;
    }
    if (!*packet) {
      const auto handled = std::exchange(polling()->post, nullptr);
      handled->answer_ok();  // the connection may bring the next one at once
      return true;
    }
    post.waiting = *packet;
    if ((*packet)->type != engineio::PacketType::kPong) {
      note_life();
    }
  }
  const engineio::Packet packet = *post.waiting;
  if (packet.type == engineio::PacketType::kMessage && must_wait()) {
    return false;
  }
  post.waiting.reset();
  if (packet.type == engineio::PacketType::kClose) {
    flush();
    free_poll();
  }
  handle_engine_packet(packet);
  return true;
}

// Who holds a GET learns of the end with a close packet, and who holds none with the next one. The
// POST is not destroyed: the packet that closes the session may be in it. The GET that takes the
// farewell may stand behind it.
bool Session::close_polling() {
  if (!lingering() || !polling()->candidate_probed) {
    drop_candidate();
  }
  if (polling()->poll != nullptr) {
    polling()->buffer.push_back(EncodedPacket::from_engine_text("1"));
    flush();
  }
  const bool lingers = lingering();
  if (lingers) {
    polling()->buffer.push_back(EncodedPacket::from_engine_text("1"));
  }
  if (polling()->receiving != nullptr) {
    std::exchange(polling()->receiving, nullptr)->close(codec::websocket::kCloseNoStatus);
  }
  if (polling()->post != nullptr) {
    polling()->post->answer_ok();
  }
  return lingers;
}

void Session::on_request_ended(Connection& connection) {
  if (&connection == polling()->candidate) {
    polling()->candidate = nullptr;
    polling()->upgrade_deadline = kNever;
  } else if (&connection == polling()->poll) {
    polling()->poll = nullptr;
    close("transport error");
  } else if (&connection == polling()->receiving) {
    polling()->receiving = nullptr;
    if (!connection.refused() && transport_ == Transport::kPolling) {
      close("transport error");
    }
  } else if (polling()->post != nullptr && &connection == polling()->post->connection) {
    polling()->post->connection = nullptr;
    if (transport_ == Transport::kPolling) {
      close("transport error");
    }
  }
}

std::list<EncodedPacket> Session::Polling::take_buffer() {
  buffered_bytes = 0;
  return std::exchange(buffer, {});
}

bool Session::Polling::unused() const {
  return candidate == nullptr && poll == nullptr && receiving == nullptr && post == nullptr &&
         buffer.empty();
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
