// The frame parser reads any bytes in both roles, with and without permessage-deflate, and the same
// from any cut of them.

#include "base/assert.h"
#include "codec/testing.h"
#include "codec/utf8.h"
#include "codec/websocket/frame_parser.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cloudsync::codec;
using namespace cloudsync::codec::websocket;

constexpr FrameLimits kLimits{.message_bytes = 300, .fragments = 8};

class Recorder final : public FrameVisitor {
 public:
  bool on_message(Opcode opcode, std::span<const std::uint8_t> payload) override {
    CS_ASSERT(payload.size() <= kLimits.message_bytes, "the message limit holds");
    CS_ASSERT(opcode == Opcode::kBinary || is_utf8(payload), "text is valid UTF-8");
    return add(opcode == Opcode::kText ? "t" : "b", payload);
  }

  bool on_ping(std::span<const std::uint8_t> payload) override { return add("i", payload); }

  bool on_pong(std::span<const std::uint8_t> payload) override { return add("o", payload); }

  void on_close(std::uint16_t code, std::string_view reason) override {
    CS_ASSERT(code == kCloseNoStatus || is_sendable_close_code(code), "close codes are valid");
    events.push_back("c" + std::to_string(code) + std::string(reason));
  }

  std::vector<std::string> events;

 private:
  bool add(std::string_view kind, std::span<const std::uint8_t> payload) {
    events.push_back(std::string(kind) + std::string(payload.begin(), payload.end()));
    return true;
  }
};

struct Outcome {
  std::vector<std::string> events;
  int error = 0;
  bool in_flight = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome run(std::string_view input, const testing::Cut& cut, Role role, Inflater* inflater) {
  FrameParser parser(role, kLimits, inflater);
  Recorder recorder;
  Outcome outcome;
  testing::for_each_piece(input, cut, [&](std::span<std::uint8_t> piece) {
    if (const auto error = parser.feed(piece, recorder)) {
      CS_ASSERT(outcome.error == 0, "there is one error");
      outcome.error = error->code;
    }
    CS_ASSERT(parser.buffered_bytes() <= kLimits.message_bytes + kControlPayloadMax +
                                             deflate_overhead(kLimits.message_bytes),
              "what is held is bounded");
  });
  outcome.events = recorder.events;
  outcome.in_flight = parser.in_flight();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cuts = testing::cuts_of(size, 2);
  // Shared by all runs, as by the connections of a loop; messages fit into the one's buffer alone.
  static Inflater inflater;
  static Inflater small(7);
  for (const Role role : {Role::kServer, Role::kClient}) {
    const Outcome plain = run(input, cuts[0], role, nullptr);
    const Outcome inflated = run(input, cuts[0], role, &inflater);
    for (const testing::Cut& cut : cuts) {
      CS_ASSERT(run(input, cut, role, nullptr) == plain, "the outcome does not depend on the cut");
      CS_ASSERT(run(input, cut, role, &small) == inflated, "nor on the buffer");
    }
  }
  return 0;
}
