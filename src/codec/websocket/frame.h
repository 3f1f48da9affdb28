#pragma once
// WebSocket frames (RFC 6455 section 5.2): opcodes, close codes, and the encoders.
//
//   byte 0: FIN RSV1-3 opcode(4) | byte 1: MASK length(7) | 0, 2 or 8 bytes of length, big-endian
//   | 0 or 4 bytes of mask | payload

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cloudsync::codec::websocket {

enum class Opcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

/// Close codes that this code base names (RFC 6455 section 7.4.1); others are plain numbers.
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseGoingAway = 1001;
inline constexpr std::uint16_t kCloseProtocolError = 1002;
inline constexpr std::uint16_t kCloseNoStatus =
    1005;  ///< never on the wire: a close without a code
inline constexpr std::uint16_t kCloseInvalidText = 1007;
inline constexpr std::uint16_t kClosePolicy = 1008;
inline constexpr std::uint16_t kCloseTooBig = 1009;
inline constexpr std::uint16_t kCloseTryAgainLater = 1013;

inline constexpr std::size_t kControlPayloadMax = 125;
inline constexpr std::size_t kFrameHeaderMax = 14;

/// In the first byte of a frame: RSV1, which marks the first frame of a compressed message (RFC
/// 7692 section 6).
inline constexpr std::uint8_t kCompressedBit = 0x40;

using MaskKey = std::array<std::uint8_t, 4>;

/// Whether a peer may send this close code: 1000-1003, 1007-1014, 3000-4999.
bool is_sendable_close_code(std::uint16_t code);

/// Appends the header of an unmasked frame (server to client); the payload follows it.
void append_frame_header(std::string& out,
                         Opcode opcode,
                         std::uint64_t payload_bytes,
                         bool final = true);

/// Bytes of the header that `frame`, an unmasked one, begins with.
std::size_t frame_header_bytes(std::string_view frame);

/// The opcode of `frame`, which is not empty.
Opcode frame_opcode(std::string_view frame);

/// Appends a whole unmasked frame.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, bool final = true);

/// Appends a whole frame masked with `key` (client to server); the key is random for each frame.
void append_masked_frame(std::string& out,
                         Opcode opcode,
                         std::string_view payload,
                         const MaskKey& key,
                         bool final = true);

/// The payload of a close frame; `reason` is cut to fit, at a character. kCloseNoStatus gives an
/// empty payload.
std::string close_payload(std::uint16_t code, std::string_view reason = {});

/// Appends a server's close frame.
void append_close_frame(std::string& out, std::uint16_t code, std::string_view reason = {});

/// XORs `data` in place with `key`, beginning at byte `offset` of the payload. Its own inverse.
void apply_mask(std::span<std::uint8_t> data, const MaskKey& key, std::uint64_t offset = 0);

}  // namespace cloudsync::codec::websocket
