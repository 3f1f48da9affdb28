#include "codec/engineio/packet.h"

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/json.h"
#include "codec/utf8.h"

#include <algorithm>

namespace cloudsync::codec::engineio {

namespace {

constexpr char kBase64Mark = 'b';

void append_field(std::string& out, std::string_view key, std::uint64_t value) {
  out.append(",\"").append(key).append("\":").append(std::to_string(value));
}

std::optional<std::vector<std::string>> string_array(const JsonObject& object,
                                                     std::string_view key) {
  const JsonValue* value = object.if_contains(key);
  const JsonArray* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (const JsonValue& element : *array) {
    if (!element.is_string()) {
      return std::nullopt;
    }
    result.emplace_back(view(element.get_string()));
  }
  return result;
}

}  // namespace

Result<Packet> decode_text(std::string_view message) {
  if (message.empty() || message[0] < '0' || message[0] > '6') {
    return fail(ErrorCode::kBadRequest, "unknown Engine.IO packet type");
  }
  return Packet{static_cast<PacketType>(message[0]), false, message.substr(1)};
}

Packet decode_binary(std::string_view message) {
  return Packet{PacketType::kMessage, true, message};
}

void append_text(std::string& out, PacketType type, std::string_view data) {
  out.push_back(static_cast<char>(type));
  out.append(data);
}

Result<std::optional<Packet>> PayloadReader::next() {
  if (ended_) {
    return std::optional<Packet>();
  }
  const auto end = rest_.find(kSeparator);
  const std::string_view element = rest_.substr(0, end);
  // Reading is over after the last element, and after the first bad one.
  ended_ = true;
  if (element.empty()) {
    return fail(ErrorCode::kBadRequest, "empty Engine.IO packet");
  }
  Packet packet;
  if (element[0] == kBase64Mark) {
    auto bytes = from_base64(element.substr(1));
    if (!bytes) {
      return fail(ErrorCode::kBadRequest, "malformed base64 in an Engine.IO payload");
    }
    binary_ = std::move(*bytes);
    packet = decode_binary(as_text(binary_));
  } else {
    if (!is_utf8(as_bytes(element))) {
      return fail(ErrorCode::kBadRequest, "invalid UTF-8 in an Engine.IO payload");
    }
    CS_TRY_ASSIGN(packet, decode_text(element));
  }
  if (end != std::string_view::npos) {
    rest_.remove_prefix(end + 1);
    ended_ = false;
  }
  return std::optional<Packet>(packet);
}

void append_binary(std::string& out, std::string_view data) {
  out.push_back(kBase64Mark);
  out.append(base64(as_bytes(data)));
}

void append_to_payload(std::string& payload, const Packet& packet) {
  if (!payload.empty()) {
    payload.push_back(kSeparator);
  }
  if (packet.binary) {
    append_binary(payload, packet.data);
  } else {
    append_text(payload, packet.type, packet.data);
  }
}

std::size_t payload_size(const Packet& packet) {
  return 2 + (packet.binary ? (packet.data.size() + 2) / 3 * 4 : packet.data.size());
}

std::string encode_handshake(const Handshake& handshake) {
  std::string out = "{\"sid\":";
  append_json_string(out, handshake.sid);
  out.append(",\"upgrades\":[");
  for (std::size_t i = 0; i < handshake.upgrades.size(); ++i) {
    if (i > 0) {
      out.push_back(',');
    }
    append_json_string(out, handshake.upgrades[i]);
  }
  out.push_back(']');
  append_field(out, "pingInterval", handshake.ping_interval_ms);
  append_field(out, "pingTimeout", handshake.ping_timeout_ms);
  append_field(out, "maxPayload", handshake.max_payload);
  out.push_back('}');
  return out;
}

Result<Handshake> parse_handshake(std::string_view json) {
  CS_TRY_ASSIGN(const JsonValue value, parse_json(json));
  const auto malformed = [] {
    return fail(ErrorCode::kBadRequest, "malformed Engine.IO handshake");
  };
  const JsonObject* object = value.if_object();
  if (object == nullptr) {
    return malformed();
  }
  const auto* sid = find_string(*object, "sid");
  auto upgrades = string_array(*object, "upgrades");
  const auto interval = find_unsigned(*object, "pingInterval");
  const auto timeout = find_unsigned(*object, "pingTimeout");
  if (sid == nullptr || sid->empty() || !upgrades || !interval || !timeout) {
    return malformed();
  }
  Handshake handshake;
  handshake.sid = view(*sid);
  handshake.upgrades = std::move(*upgrades);
  handshake.ping_interval_ms = *interval;
  handshake.ping_timeout_ms = *timeout;
  handshake.max_payload = find_unsigned(*object, "maxPayload").value_or(0);
  return handshake;
}

std::string_view refusal_message(RefusalCode code) {
  switch (code) {
    case RefusalCode::kTransportUnknown:
      return "Transport unknown";
    case RefusalCode::kSessionUnknown:
      return "Session ID unknown";
    case RefusalCode::kBadHandshakeMethod:
      return "Bad handshake method";
    case RefusalCode::kBadRequest:
      return "Bad request";
    case RefusalCode::kForbidden:
      return "Forbidden";
    case RefusalCode::kUnsupportedProtocol:
      return "Unsupported protocol version";
  }
  return "Bad request";
}

int refusal_status(RefusalCode code) {
  return code == RefusalCode::kForbidden ? 403 : 400;
}

std::string refusal_json(RefusalCode code, std::string_view message) {
  std::string out = "{\"code\":";
  out.append(std::to_string(static_cast<int>(code))).append(",\"message\":");
  append_json_string(out, message.empty() ? refusal_message(code) : message);
  out.push_back('}');
  return out;
}

}  // namespace cloudsync::codec::engineio
