#include "codec/socketio/decoder.h"

#include <algorithm>
#include <array>
#include <vector>

namespace cloudsync::codec::socketio {

namespace {

/// 16 digits hold every number up to kJsonIntegerMax, which is checked on top.
constexpr std::size_t kIdDigitsMax = 16;

/// Names that the JavaScript libraries emit themselves.
constexpr std::array<std::string_view, 6> kReservedEvents = {
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

auto malformed(std::string_view what) {
  return fail(ErrorCode::kBadRequest, std::string(what));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Cuts the digits off the start of `text`: at most one more than `digits_max` are looked at.
std::string_view take_digits(std::string_view& text, std::size_t digits_max) {
  std::size_t count = 0;
  while (count < text.size() && count <= digits_max && is_digit(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

std::uint64_t to_number(std::string_view digits) {
  std::uint64_t number = 0;
  for (const char c : digits) {
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

bool is_binary(PacketType type) {
  return type == PacketType::kBinaryEvent || type == PacketType::kBinaryAck;
}

Result<std::size_t> take_attachment_count(std::string_view& text, std::size_t max) {
  constexpr std::size_t kDigitsMax = 4;
  const std::string_view digits = take_digits(text, kDigitsMax);
  if (digits.empty() || digits.size() > kDigitsMax || text.empty() || text[0] != '-') {
    return malformed("malformed attachment count");
  }
  text.remove_prefix(1);
  const std::uint64_t count = to_number(digits);
  if (count == 0) {
    return malformed("binary packet without attachments");
  }
  if (count > max) {
    return fail(ErrorCode::kTooLarge, "too many attachments");
  }
  return static_cast<std::size_t>(count);
}

Result<std::string> take_nsp(std::string_view& text, std::size_t bytes_max) {
  if (text.empty() || text[0] != '/') {
    return std::string("/");
  }
  const auto end = std::min(text.find(','), text.size());
  if (end > bytes_max) {
    return fail(ErrorCode::kTooLarge, "namespace too long");
  }
  std::string nsp(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return nsp;
}

Result<std::optional<std::uint64_t>> take_id(std::string_view& text) {
  const std::string_view digits = take_digits(text, kIdDigitsMax);
  if (digits.empty()) {
    return std::optional<std::uint64_t>();
  }
  const std::uint64_t id = to_number(digits);
  if (digits.size() > kIdDigitsMax || id > static_cast<std::uint64_t>(kJsonIntegerMax)) {
    return malformed("acknowledgement id too long");
  }
  return std::optional<std::uint64_t>(id);
}

bool is_event_payload(const JsonValue& data) {
  const JsonArray* elements = data.if_array();
  if (elements == nullptr || elements->empty()) {
    return false;
  }
  const JsonValue& name = (*elements)[0];
  if (const auto* text = name.if_string()) {
    return std::find(kReservedEvents.begin(), kReservedEvents.end(), view(*text)) ==
           kReservedEvents.end();
  }
  return name.is_number();
}

/// Whether `object` claims to be a placeholder, and if so, a valid one of `count` attachments.
bool is_valid_placeholder(const JsonObject& object, std::size_t count) {
  const JsonValue* mark = object.if_contains("_placeholder");
  if (mark == nullptr || !mark->is_bool() || !mark->get_bool()) {
    return true;
  }
  const auto index = find_unsigned(object, "num");
  return index && *index < count;
}

/// Whether all placeholders of `data` name one of `count` attachments. Depth is bounded by the
/// parser, but a list of what is left needs no thought about the stack at all.
bool has_valid_placeholders(const JsonValue& data, std::size_t count) {
  std::vector<const JsonValue*> left{&data};
  while (!left.empty()) {
    const JsonValue& value = *left.back();
    left.pop_back();
    if (const JsonArray* array = value.if_array()) {
      for (const JsonValue& element : *array) {
        left.push_back(&element);
      }
    } else if (const JsonObject* object = value.if_object()) {
      if (!is_valid_placeholder(*object, count)) {
        return false;
      }
      for (const auto& member : *object) {
        left.push_back(&member.value());
      }
    }
  }
  return true;
}

}  // namespace

Result<void> check_packet(const Packet& packet, bool has_payload) {
  const JsonValue& data = packet.data;
  if (packet.id && !packet.is_event() && !packet.is_ack()) {
    return malformed("acknowledgement id on a packet that takes none");
  }
  switch (packet.type) {
    case PacketType::kConnect:
      if (has_payload && !data.is_object()) {
        return malformed("CONNECT takes an object");
      }
      return {};
    case PacketType::kDisconnect:
      if (has_payload) {
        return malformed("DISCONNECT takes no payload");
      }
      return {};
    case PacketType::kConnectError:
      if (!data.is_object() && !data.is_string()) {
        return malformed("CONNECT_ERROR takes an object");
      }
      return {};
    case PacketType::kEvent:
    case PacketType::kBinaryEvent:
      if (!is_event_payload(data)) {
        return malformed("EVENT takes an array that starts with a name");
      }
      return {};
    case PacketType::kAck:
    case PacketType::kBinaryAck:
      if (!packet.id || !data.is_array()) {
        return malformed("ACK takes an id and an array");
      }
      return {};
  }
  return malformed("unknown packet type");
}

// A binary packet whose attachments have not all arrived.
struct Decoder::Pending {
  Packet packet;
  std::size_t owed = 0;
  std::size_t bytes = 0;
};

Decoder::Decoder(Role role, const DecoderLimits& limits) : limits_(&limits), role_(role) {}

Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

// A stock client may send lone surrogates. To close its connection would make it send them again
// and again; so they are noted, and whoever takes the event refuses it with an answer.
Result<JsonValue> Decoder::parse_payload(std::string_view text, bool& had_lone_surrogates) const {
  auto data = parse_json(text, limits_->json_depth);
  if (!data) {
    std::string repaired(text);
    if (replace_lone_surrogates(repaired)) {
      had_lone_surrogates = true;
      return parse_json(repaired, limits_->json_depth);
    }
  }
  return data;
}

Result<std::optional<Packet>> Decoder::decode_text(std::string_view text) {
  if (waiting()) {
    return malformed("text while attachments are owed");
  }
  if (text.empty() || text[0] < '0' || text[0] > '6') {
    return malformed("unknown packet type");
  }
  Packet packet;
  packet.type = static_cast<PacketType>(text[0] - '0');
  text.remove_prefix(1);
  if (packet.type == PacketType::kConnectError && role_ == Role::kServer) {
    return malformed("CONNECT_ERROR from a client");
  }
  std::size_t owed = 0;
  if (is_binary(packet.type)) {
    CS_TRY_ASSIGN(owed, take_attachment_count(text, limits_->attachments));
  }
  CS_TRY_ASSIGN(packet.nsp, take_nsp(text, limits_->nsp_bytes));
  CS_TRY_ASSIGN(packet.id, take_id(text));
  const bool has_payload = !text.empty();
  if (has_payload) {
    CS_TRY_ASSIGN(packet.data, parse_payload(text, packet.had_lone_surrogates));
  }
  CS_TRY(check_packet(packet, has_payload));
  if (owed == 0) {
    return std::optional<Packet>(std::move(packet));
  }
  if (!has_valid_placeholders(packet.data, owed)) {
    return malformed("placeholder without an attachment");
  }
  pending_ = std::make_unique<Pending>();
  pending_->packet = std::move(packet);
  pending_->owed = owed;
  return std::optional<Packet>();
}

Result<std::optional<Packet>> Decoder::decode_binary(std::string_view bytes) {
  if (!waiting()) {
    return malformed("attachment that no packet announced");
  }
  if (bytes.size() > limits_->attachment_bytes - pending_->bytes) {
    return fail(ErrorCode::kTooLarge, "attachments too large");
  }
  pending_->bytes += bytes.size();
  pending_->packet.attachments.emplace_back(bytes);
  if (pending_->packet.attachments.size() < pending_->owed) {
    return std::optional<Packet>();
  }
  const std::unique_ptr<Pending> complete = std::move(pending_);
  return std::optional<Packet>(std::move(complete->packet));
}

}  // namespace cloudsync::codec::socketio
