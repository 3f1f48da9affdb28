#include "loadtest/room_members.h"

#include "loadtest/stamped_message.h"

namespace cloudsync::loadtest {
namespace {

/// A message of kMessageBytes as it comes, which is not worth a JSON parser.
constexpr std::string_view kEventBegin = R"(2["message",")";
constexpr std::string_view kEventEnd = R"("])";

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

}  // namespace

// --- Socket.IO ---

void SocketIoRoomMember::open(const std::optional<runtime::Endpoint>& source) {
  client_.open(room().target, source, {});
}

void SocketIoRoomMember::on_ready() {
  if (context().options.echo) {
    on_joined();
  } else {
    client_.emit("join", quoted(room().name), 0);
  }
}

void SocketIoRoomMember::on_ack(std::uint64_t id, const JsonArray&) {
  if (id == 0 && state() == State::kConnecting) {
    on_joined();
  } else {
    fail_with("bad_ack");
  }
}

void SocketIoRoomMember::transmit(TimePoint due) {
  ++context().measurements.submissions;
  client_.emit("message", quoted(stamped_message({due, number()})), std::nullopt);
}

bool SocketIoRoomMember::try_packet(std::string_view text) {
  if (!text.starts_with(kEventBegin) || !text.ends_with(kEventEnd)) {
    return false;
  }
  text.remove_prefix(kEventBegin.size());
  text.remove_suffix(kEventEnd.size());
  const auto stamp = read_stamp(text);
  if (!stamp) {
    return false;
  }
  ++context().measurements.frames;
  on_received(stamp->due, stamp->sender == number());
  return true;
}

void SocketIoRoomMember::on_event(std::string_view, const JsonArray&, std::string_view) {
  fail_with("bad_message");
}

// --- WebSocket ---

void WebSocketRoomMember::open(const std::optional<runtime::Endpoint>& source) {
  client_.open(room().target, source, "/");
}

void WebSocketRoomMember::on_open() {
  if (context().options.echo) {
    on_joined();
  } else {
    client_.send_text("join " + room().name);
  }
}

void WebSocketRoomMember::transmit(TimePoint due) {
  ++context().measurements.submissions;
  client_.send_text(stamped_message({due, number()}));
}

void WebSocketRoomMember::on_text(std::string_view text) {
  if (state() == State::kConnecting && text == "joined") {
    on_joined();
    return;
  }
  const auto stamp = read_stamp(text);
  if (!stamp || state() != State::kJoined) {
    fail_with("bad_message");
    return;
  }
  ++context().measurements.frames;
  on_received(stamp->due, stamp->sender == number());
}

}  // namespace cloudsync::loadtest
