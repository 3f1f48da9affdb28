// The Socket.IO decoder reads any sequence of messages: the input is split at 0x1E, and an element
// that begins with 'b' is a binary message. Accepted packets are written and read back to the same.

#include "base/assert.h"
#include "codec/socketio/decoder.h"

#include <string>
#include <string_view>

namespace {

using namespace cloudsync::codec::socketio;

constexpr DecoderLimits kLimits{.nsp_bytes = 32, .attachments = 3, .attachment_bytes = 64};

Packet read_back(const Packet& packet, Role role) {
  std::string text;
  append_packet(text, packet);
  Decoder decoder(role, kLimits);
  auto result = decoder.decode_text(text);
  CS_ASSERT(result, "what was written is read");
  for (const std::string& attachment : packet.attachments) {
    result = decoder.decode_binary(attachment);
    CS_ASSERT(result, "attachments are read");
  }
  CS_ASSERT(result->has_value(), "the packet is complete");
  return **result;
}

void check_packet(const Packet& packet, Role role) {
  CS_ASSERT(packet.nsp.starts_with('/') && packet.nsp.size() <= kLimits.nsp_bytes,
            "the namespace is bounded");
  CS_ASSERT(packet.attachments.size() <= kLimits.attachments, "the attachments are bounded");
  CS_ASSERT(!packet.is_event() || packet.data.is_array(), "events are arrays");
  Packet expected = packet;
  expected.had_lone_surrogates = false;  // what is written is well-formed
  CS_ASSERT(read_back(packet, role) == expected, "a packet survives the round trip");
  (void)event_name(packet);
}

void run(std::string_view input, Role role) {
  Decoder decoder(role, kLimits);
  while (true) {
    const auto end = input.find('\x1e');
    const std::string_view element = input.substr(0, end);
    const bool binary = element.starts_with('b');
    auto packet = binary ? decoder.decode_binary(element.substr(1)) : decoder.decode_text(element);
    if (!packet) {
      return;
    }
    CS_ASSERT(packet->has_value() != decoder.waiting(), "either a packet or a wait for more");
    if (*packet) {
      check_packet(**packet, role);
    }
    if (end == std::string_view::npos) {
      return;
    }
    input.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  run(input, Role::kServer);
  run(input, Role::kClient);
  return 0;
}
