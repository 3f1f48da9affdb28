// The MessagePack decoder reads any message in both roles. Accepted packets keep the limits, and
// are written and read back to the same.

#include "base/assert.h"
#include "base/json.h"
#include "codec/socketio/msgpack.h"

#include <numeric>
#include <string>
#include <string_view>

namespace {

using namespace cloudsync::codec::socketio;

constexpr DecoderLimits kLimits{
    .nsp_bytes = 32, .attachments = 3, .attachment_bytes = 64, .json_depth = 8};

void check_packet(const Packet& packet, Role role) {
  CS_ASSERT(packet.nsp.starts_with('/') && packet.nsp.size() <= kLimits.nsp_bytes,
            "the namespace is bounded");
  CS_ASSERT(packet.attachments.size() <= kLimits.attachments, "the attachments are bounded");
  const std::size_t attached =
      std::accumulate(packet.attachments.begin(),
                      packet.attachments.end(),
                      std::size_t{0},
                      [](std::size_t sum, const std::string& each) { return sum + each.size(); });
  CS_ASSERT(attached <= kLimits.attachment_bytes, "and so are their bytes");
  CS_ASSERT(!packet.is_event() || packet.data.is_array(), "events are arrays");
  CS_ASSERT(cloudsync::parse_json(cloudsync::to_json(packet.data), kLimits.json_depth).has_value(),
            "the payload is JSON, and no deeper than allowed");
  const auto again = decode_msgpack(role, kLimits, encode_msgpack(packet));
  CS_ASSERT(again && *again == packet, "a packet survives the round trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // reinterpret_cast: the fuzzer's bytes are read as characters.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const Role role : {Role::kServer, Role::kClient}) {
    if (const auto packet = decode_msgpack(role, kLimits, input)) {
      check_packet(*packet, role);
    }
  }
  return 0;
}
