// The payload reader reads any bytes; what it accepts is written back to the same bytes, and a cut
// at a separator changes nothing.

#include "base/assert.h"
#include "base/crypto.h"
#include "codec/engineio/packet.h"
#include "codec/utf8.h"

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cloudsync::codec;
using namespace cloudsync::codec::engineio;

struct Owned {
  PacketType type = PacketType::kMessage;
  bool binary = false;
  std::string data;

  friend bool operator==(const Owned&, const Owned&) = default;
};

struct Outcome {
  std::vector<Owned> packets;
  bool failed = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(std::string_view payload) {
  Outcome outcome;
  PayloadReader reader(payload);
  while (true) {
    const auto packet = reader.next();
    outcome.failed = !packet;
    if (!packet || !*packet) {
      return outcome;
    }
    const Packet& found = **packet;
    CS_ASSERT(found.binary || is_utf8(cloudsync::as_bytes(found.data)), "text is valid UTF-8");
    outcome.packets.push_back({found.type, found.binary, std::string(found.data)});
  }
}

std::string write(const std::vector<Owned>& packets) {
  std::string payload;
  for (const Owned& packet : packets) {
    append_to_payload(payload, {packet.type, packet.binary, packet.data});
  }
  return payload;
}

/// The payload read as its elements, each as a payload of its own.
Outcome read_elements(std::string_view payload) {
  Outcome outcome;
  while (true) {
    const auto end = payload.find(kSeparator);
    Outcome element = read(payload.substr(0, end));
    for (Owned& packet : element.packets) {
      outcome.packets.push_back(std::move(packet));
    }
    outcome.failed = element.failed;
    if (outcome.failed || end == std::string_view::npos) {
      return outcome;
    }
    payload.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const Outcome outcome = read(payload);
  CS_ASSERT(read_elements(payload) == outcome, "elements are read independently");
  if (!outcome.failed) {
    // Not the same bytes: base64 may carry stray bits behind the last byte (RFC 4648 section 3.5).
    CS_ASSERT(read(write(outcome.packets)) == outcome, "a payload survives the round trip");
  }
  if (const auto packet = decode_text(payload)) {
    std::string out;
    append_text(out, packet->type, packet->data);
    CS_ASSERT(out == payload, "a packet is written as it was read");
  }
  if (const auto handshake = parse_handshake(payload)) {
    auto again = parse_handshake(encode_handshake(*handshake));
    CS_ASSERT(again && *again == *handshake, "a handshake survives the round trip");
  }
  return 0;
}
