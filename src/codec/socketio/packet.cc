#include "codec/socketio/packet.h"

#include <array>
#include <charconv>

namespace cloudsync::codec::socketio {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_type(std::string& out, PacketType type) {
  out.push_back(static_cast<char>('0' + static_cast<int>(type)));
}

void append_nsp(std::string& out, std::string_view nsp) {
  if (nsp != "/") {
    out.append(nsp);
    out.push_back(',');
  }
}

std::size_t total_size(std::span<const std::string_view> texts) {
  std::size_t size = 0;
  for (const std::string_view text : texts) {
    size += text.size() + 1;
  }
  return size;
}

}  // namespace

std::optional<std::string_view> event_name(const Packet& packet) {
  const JsonArray* elements = packet.data.if_array();
  if (elements == nullptr || elements->empty() || !(*elements)[0].is_string()) {
    return std::nullopt;
  }
  return view((*elements)[0].get_string());
}

const std::string* find_attachment(const Packet& packet, const JsonValue& value) {
  const JsonObject* object = value.if_object();
  if (object == nullptr || packet.attachments.empty()) {
    return nullptr;
  }
  const JsonValue* mark = object->if_contains("_placeholder");
  const auto index = find_unsigned(*object, "num");
  if (mark == nullptr || !mark->is_bool() || !mark->get_bool() || !index ||
      *index >= packet.attachments.size()) {
    return nullptr;
  }
  return &packet.attachments[static_cast<std::size_t>(*index)];
}

void append_packet(std::string& out, const Packet& packet) {
  append_type(out, packet.type);
  if (packet.type == PacketType::kBinaryEvent || packet.type == PacketType::kBinaryAck) {
    append_number(out, packet.attachments.size());
    out.push_back('-');
  }
  append_nsp(out, packet.nsp);
  if (packet.id) {
    append_number(out, *packet.id);
  }
  if (!packet.data.is_null()) {
    append_json(out, packet.data);
  }
}

void append_event(std::string& out,
                  std::string_view nsp,
                  std::string_view name,
                  std::span<const std::string_view> json_args,
                  std::optional<std::uint64_t> ack_id) {
  out.reserve(out.size() + nsp.size() + name.size() + total_size(json_args) + 32);
  append_type(out, PacketType::kEvent);
  append_nsp(out, nsp);
  if (ack_id) {
    append_number(out, *ack_id);
  }
  out.push_back('[');
  append_json_string(out, name);
  for (const std::string_view arg : json_args) {
    out.push_back(',');
    out.append(arg);
  }
  out.push_back(']');
}

std::string encode_event(std::string_view nsp,
                         std::string_view name,
                         std::span<const std::string_view> json_args,
                         std::optional<std::uint64_t> ack_id) {
  std::string out;
  append_event(out, nsp, name, json_args, ack_id);
  return out;
}

void append_ack(std::string& out,
                std::string_view nsp,
                std::uint64_t ack_id,
                std::span<const std::string_view> json_args) {
  out.reserve(out.size() + nsp.size() + total_size(json_args) + 32);
  append_type(out, PacketType::kAck);
  append_nsp(out, nsp);
  append_number(out, ack_id);
  out.push_back('[');
  for (std::size_t i = 0; i < json_args.size(); ++i) {
    if (i > 0) {
      out.push_back(',');
    }
    out.append(json_args[i]);
  }
  out.push_back(']');
}

std::string encode_ack(std::string_view nsp,
                       std::uint64_t ack_id,
                       std::span<const std::string_view> json_args) {
  std::string out;
  append_ack(out, nsp, ack_id, json_args);
  return out;
}

void append_connect(std::string& out, std::string_view nsp, std::string_view json) {
  append_type(out, PacketType::kConnect);
  append_nsp(out, nsp);
  out.append(json);
}

void append_disconnect(std::string& out, std::string_view nsp) {
  append_type(out, PacketType::kDisconnect);
  append_nsp(out, nsp);
}

void append_connect_error(std::string& out,
                          std::string_view nsp,
                          std::string_view message,
                          std::string_view json_data) {
  append_type(out, PacketType::kConnectError);
  append_nsp(out, nsp);
  out.append("{\"message\":");
  append_json_string(out, message);
  if (!json_data.empty()) {
    out.append(",\"data\":").append(json_data);
  }
  out.push_back('}');
}

}  // namespace cloudsync::codec::socketio
