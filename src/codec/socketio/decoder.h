#pragma once
// The Socket.IO decoder of one connection. Strict: whatever the reference server would close the
// connection for is an error here, and so are the inputs of its advisories (CVE-2020-36049,
// CVE-2022-2421, CVE-2023-32695, CVE-2026-33151, CVE-2026-69185). Bounded by DecoderLimits. Holds
// nothing but a pointer between packets.

#include "base/result.h"
#include "codec/socketio/packet.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace cloudsync::codec::socketio {

/// Who owns the decoder: a server refuses CONNECT_ERROR, a client takes it.
enum class Role : std::uint8_t { kServer, kClient };

struct DecoderLimits {
  /// Name of a namespace.
  std::size_t nsp_bytes = 256;
  /// Attachments of one packet; stock clients refuse more than 10 as well.
  std::size_t attachments = 10;
  /// Sum of a packet's attachments.
  std::size_t attachment_bytes = 1'000'000;
  /// Nesting of the payload.
  std::size_t json_depth = kJsonDepthMax;
};

/// Whether payload and id of a packet are what its type asks for. Error: kBadRequest.
Result<void> check_packet(const Packet& packet, bool has_payload);

class Decoder {
 public:
  /// `limits` outlives the decoder.
  Decoder(Role role, const DecoderLimits& limits);
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  /// Decodes the data of a text message. Nothing if attachments must follow. Errors: kBadRequest
  /// for anything malformed, and for any text while attachments are owed; kTooLarge for a limit.
  /// After an error the connection must be closed.
  Result<std::optional<Packet>> decode_text(std::string_view text);

  /// Takes the next attachment; the packet, if it was the last. Errors: kBadRequest if none was
  /// owed, kTooLarge.
  Result<std::optional<Packet>> decode_binary(std::string_view bytes);

  /// Whether attachments are owed. The owner closes a connection that owes them for too long.
  bool waiting() const { return pending_ != nullptr; }

 private:
  struct Pending;

  Result<JsonValue> parse_payload(std::string_view text, bool& had_lone_surrogates) const;

  const DecoderLimits* limits_;
  std::unique_ptr<Pending> pending_;
  Role role_;
};

}  // namespace cloudsync::codec::socketio
