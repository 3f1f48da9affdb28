#include "codec/socketio/msgpack.h"

#include "base/bytes.h"
#include "codec/utf8.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <ctime>

namespace cloudsync::codec::socketio {

namespace {

using Tree = nlohmann::json;

constexpr std::string_view kPlaceholder = "_placeholder";

/// MessagePack's timestamp, extension type -1, as the library hands it over.
constexpr std::uint64_t kTimestamp = 255;

auto malformed(std::string_view what) {
  return fail(ErrorCode::kBadRequest, std::string(what));
}

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) {
    number = number << 8 | byte;
  }
  return number;
}

/// The text that JSON.stringify gives a date: the three forms are seconds (32 bits), nanoseconds
/// (30 bits) with seconds (34), and nanoseconds (32) with seconds (64).
JsonValue date_text(std::span<const std::uint8_t> bytes) {
  std::uint64_t nanoseconds = 0;
  std::int64_t seconds = 0;
  if (bytes.size() == 4) {
    seconds = static_cast<std::int64_t>(big_endian(bytes));
  } else if (bytes.size() == 8) {
    const std::uint64_t both = big_endian(bytes);
    nanoseconds = both >> 34;
    seconds = static_cast<std::int64_t>(both & 0x3'FFFF'FFFF);
  } else if (bytes.size() == 12) {
    nanoseconds = big_endian(bytes.first(4));
    seconds = static_cast<std::int64_t>(big_endian(bytes.subspan(4)));
  }
  constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999
  if (seconds < 0 || seconds > kSecondsMax || nanoseconds >= 1'000'000'000) {
    return nullptr;
  }
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(),
                                 text.size(),
                                 "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                 parts.tm_year + 1900,
                                 parts.tm_mon + 1,
                                 parts.tm_mday,
                                 parts.tm_hour,
                                 parts.tm_min,
                                 parts.tm_sec,
                                 static_cast<int>(nanoseconds / 1'000'000));
  return JsonValue(boost::json::string_view(text.data(), static_cast<std::size_t>(size)));
}

/// Builds a value from the library's events; returning false stops its recursion, so that nothing
/// is deeper than the limit.
class Builder final : public nlohmann::json_sax<Tree> {
 public:
  explicit Builder(const DecoderLimits& limits) : limits_(limits) {}

  bool null() override { return add(nullptr); }

  bool boolean(bool value) override { return add(value); }

  bool number_integer(number_integer_t value) override { return number(value); }

  bool number_unsigned(number_unsigned_t value) override { return number(value); }

  // As parse_json: whole numbers that JavaScript has exactly are integers. It has no other way to
  // write NaN and infinity in JSON than null.
  bool number_float(number_float_t value, const string_t&) override {
    if (!std::isfinite(value)) {
      return add(nullptr);
    }
    if (std::trunc(value) == value && std::abs(value) <= static_cast<double>(kJsonIntegerMax)) {
      return add(static_cast<std::int64_t>(value));
    }
    return add(value);
  }

  bool string(string_t& value) override {
    return is_text(value) && add(boost::json::string_view(value));
  }

  bool binary(binary_t& value) override {
    if (value.has_subtype()) {
      return add(value.subtype() == kTimestamp ? date_text(value) : JsonValue(nullptr));
    }
    bytes_ += value.size();
    if (attachments.size() >= limits_.attachments || bytes_ > limits_.attachment_bytes) {
      error = {ErrorCode::kTooLarge, "too much binary data"};
      return false;
    }
    JsonObject placeholder;
    placeholder[kPlaceholder] = true;
    placeholder["num"] = static_cast<std::int64_t>(attachments.size());
    attachments.emplace_back(value.begin(), value.end());
    return add(std::move(placeholder));
  }

  bool start_object(std::size_t) override { return open(JsonObject()); }

  bool key(string_t& value) override {
    if (!is_text(value)) {
      return false;
    }
    looks_like_placeholder = looks_like_placeholder || value == kPlaceholder;
    keys_.back() = std::move(value);
    return true;
  }

  bool end_object() override { return close(); }

  bool start_array(std::size_t) override { return open(JsonArray()); }

  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  JsonValue result;
  std::vector<std::string> attachments;
  bool looks_like_placeholder = false;  // an object of the peer's
  Error error{ErrorCode::kBadRequest, "malformed MessagePack"};

 private:
  template <class Number>
  bool number(Number value) {
    if (std::cmp_greater(value, kJsonIntegerMax) || std::cmp_less(value, -kJsonIntegerMax)) {
      return add(static_cast<double>(value));
    }
    return add(static_cast<std::int64_t>(value));
  }

  bool is_text(const std::string& text) {
    if (is_utf8(as_bytes(text))) {
      return true;
    }
    error.message = "text that is not UTF-8";
    return false;
  }

  bool open(JsonValue container) {
    if (containers_.size() >= limits_.json_depth) {
      error = {ErrorCode::kTooLarge, "nested too deep"};
      return false;
    }
    containers_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }

  bool close() {
    JsonValue whole = std::move(containers_.back());
    containers_.pop_back();
    keys_.pop_back();
    return add(std::move(whole));
  }

  bool add(JsonValue value) {
    if (containers_.empty()) {
      result = std::move(value);
    } else if (JsonArray* array = containers_.back().if_array()) {
      array->push_back(std::move(value));
    } else {
      containers_.back().get_object()[keys_.back()] = std::move(value);
    }
    return true;
  }

  const DecoderLimits& limits_;
  std::size_t bytes_ = 0;
  std::vector<JsonValue> containers_;
  std::vector<std::string> keys_;
};

Result<Packet> packet_of(JsonObject& fields, std::vector<std::string> attachments) {
  const auto type = find_unsigned(fields, "type");
  const auto* nsp = find_string(fields, "nsp");
  if (!type || *type > 4 || nsp == nullptr || nsp->empty() || nsp->front() != '/') {
    return malformed("malformed packet");
  }
  Packet packet;
  packet.type = static_cast<PacketType>(*type);
  packet.nsp = std::string(view(*nsp));
  const JsonValue* id = fields.if_contains("id");
  if (id != nullptr && !id->is_null()) {
    packet.id = find_unsigned(fields, "id");
    if (!packet.id) {
      return malformed("malformed acknowledgement id");
    }
  }
  if (JsonValue* data = fields.if_contains("data")) {
    packet.data = std::move(*data);
  }
  packet.attachments = std::move(attachments);
  return packet;
}

Tree tree_of(const Packet& packet, const JsonValue& value);

Tree object_of(const Packet& packet, const JsonObject& object) {
  Tree tree = Tree::object();
  for (const auto& member : object) {
    tree[std::string(member.key())] = tree_of(packet, member.value());
  }
  return tree;
}

/// Recursive: what peers sent is no deeper than json_depth, what applications send their own.
Tree tree_of(const Packet& packet, const JsonValue& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return nullptr;
    case boost::json::kind::bool_:
      return value.get_bool();
    case boost::json::kind::int64:
      return value.get_int64();
    case boost::json::kind::uint64:
      return value.get_uint64();
    case boost::json::kind::double_:
      return value.get_double();
    case boost::json::kind::string:
      return std::string(view(value.get_string()));
    case boost::json::kind::array: {
      Tree tree = Tree::array();
      for (const JsonValue& element : value.get_array()) {
        tree.push_back(tree_of(packet, element));
      }
      return tree;
    }
    case boost::json::kind::object:
      break;
  }
  if (const std::string* bytes = find_attachment(packet, value)) {
    return Tree::binary(std::vector<std::uint8_t>(bytes->begin(), bytes->end()));
  }
  return object_of(packet, value.get_object());
}

}  // namespace

Result<Packet> decode_msgpack(Role role, const DecoderLimits& limits, std::string_view bytes) {
  Builder builder(limits);
  if (!Tree::sax_parse(bytes, &builder, Tree::input_format_t::msgpack) ||
      !builder.result.is_object()) {
    return fail(std::move(builder.error));
  }
  if (builder.looks_like_placeholder && !builder.attachments.empty()) {
    return malformed("binary data beside an object that looks like a placeholder");
  }
  CS_TRY_ASSIGN(Packet packet,
                packet_of(builder.result.get_object(), std::move(builder.attachments)));
  if (packet.nsp.size() > limits.nsp_bytes) {
    return fail(ErrorCode::kTooLarge, "namespace too long");
  }
  if (packet.type == PacketType::kConnectError && role == Role::kServer) {
    return malformed("CONNECT_ERROR from a client");
  }
  CS_TRY(check_packet(packet, !packet.data.is_null()));
  return packet;
}

std::string encode_msgpack(const Packet& packet) {
  Tree tree = Tree::object();
  PacketType type = packet.type;
  if (packet.is_event()) {
    type = PacketType::kEvent;
  } else if (packet.is_ack()) {
    type = PacketType::kAck;
  }
  tree["type"] = static_cast<int>(type);
  tree["nsp"] = packet.nsp;
  if (!packet.data.is_null()) {
    tree["data"] = tree_of(packet, packet.data);
  }
  if (packet.id) {
    tree["id"] = *packet.id;
  }
  std::string bytes;
  Tree::to_msgpack(tree, bytes);
  return bytes;
}

}  // namespace cloudsync::codec::socketio
