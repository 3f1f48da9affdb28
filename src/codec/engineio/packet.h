#pragma once
// Engine.IO v4 packets: one digit and data. On WebSocket one packet is one message, and a binary
// frame is a message without a digit. A polling payload joins packets by 0x1E; binary there is 'b'
// and base64. Protocol: https://github.com/socketio/engine.io-protocol (v4).

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::codec::engineio {

enum class PacketType : char {
  kOpen = '0',
  kClose = '1',
  kPing = '2',
  kPong = '3',
  kMessage = '4',
  kUpgrade = '5',
  kNoop = '6',
};

/// A decoded packet. `data` is borrowed from the input or the reader. Only messages can be binary.
struct Packet {
  PacketType type = PacketType::kMessage;
  bool binary = false;
  std::string_view data;

  friend bool operator==(const Packet&, const Packet&) = default;
};

inline constexpr char kSeparator = '\x1e';

/// Decodes a WebSocket text message. Error: kBadRequest if it is empty or has another first byte
/// than '0' to '6'. Which types a peer may send, and when, is the session's business.
Result<Packet> decode_text(std::string_view message);

/// Decodes a WebSocket binary message: any bytes are a message, an empty one too.
Packet decode_binary(std::string_view message);

/// Appends the text form: what goes into one WebSocket text frame.
void append_text(std::string& out, PacketType type, std::string_view data = {});

/// Appends a binary message as it stands in a polling payload: 'b' and base64.
void append_binary(std::string& out, std::string_view data);

/// Reads a polling payload packet by packet, in one pass, so that the packets before a malformed
/// one can be processed. `payload` outlives the reader.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload) : rest_(payload) {}

  /// The next packet, or nothing at the end. Its data lives until the next call. Error: kBadRequest
  /// for an empty payload or element (a trailing separator makes one), an unknown type, base64
  /// without its padding or with other characters, or invalid UTF-8; then reading is over.
  Result<std::optional<Packet>> next();

 private:
  std::string_view rest_;
  bool ended_ = false;
  std::vector<std::uint8_t> binary_;
};

/// Appends a packet to a polling payload, with a separator if it is not the first.
void append_to_payload(std::string& payload, const Packet& packet);

/// The bytes that append_to_payload() adds for `packet` to a payload that is not empty.
std::size_t payload_size(const Packet& packet);

/// The open packet's data.
struct Handshake {
  std::string sid;
  std::vector<std::string> upgrades;
  std::uint64_t ping_interval_ms = 25'000;
  std::uint64_t ping_timeout_ms = 20'000;
  std::uint64_t max_payload = 1'000'000;

  friend bool operator==(const Handshake&, const Handshake&) = default;
};

/// JSON with exactly the keys sid, upgrades, pingInterval, pingTimeout, maxPayload.
std::string encode_handshake(const Handshake& handshake);

/// The client's side. Unknown keys are ignored; maxPayload may be absent (before Socket.IO 4.5),
/// then 0. Error: kBadRequest.
Result<Handshake> parse_handshake(std::string_view json);

/// Errors of the HTTP handshake; the number is the code on the wire.
enum class RefusalCode : std::uint8_t {
  kTransportUnknown = 0,
  kSessionUnknown = 1,
  kBadHandshakeMethod = 2,
  kBadRequest = 3,
  kForbidden = 4,
  kUnsupportedProtocol = 5,
};

/// "Session ID unknown" and so on, as the reference server words them.
std::string_view refusal_message(RefusalCode code);
/// 403 for kForbidden, otherwise 400.
int refusal_status(RefusalCode code);
/// {"code":N,"message":"…"}; `message` replaces the standard text if it is not empty.
std::string refusal_json(RefusalCode code, std::string_view message = {});

}  // namespace cloudsync::codec::engineio
