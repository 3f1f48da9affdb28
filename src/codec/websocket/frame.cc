#include "codec/websocket/frame.h"

#include "base/bytes.h"

#include <cstring>

namespace cloudsync::codec::websocket {

namespace {

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kMasked = 0x80;

void append_header(
    std::string& out, Opcode opcode, std::uint64_t payload_bytes, bool final, std::uint8_t mask) {
  const auto push = [&out](std::uint64_t byte) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(byte)));
  };
  push(static_cast<std::uint8_t>(opcode) | (final ? kFinal : 0U));
  if (payload_bytes < 126) {
    push(mask | payload_bytes);
    return;
  }
  const bool wide = payload_bytes > 0xFFFF;
  push(mask | (wide ? 127U : 126U));
  for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8) {
    push((payload_bytes >> shift) & 0xFF);
  }
}

/// `text` cut to at most `bytes`, not inside a character.
std::string_view cut_utf8(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) {
    return text;
  }
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) {
    --bytes;
  }
  return text.substr(0, bytes);
}

}  // namespace

bool is_sendable_close_code(std::uint16_t code) {
  // RFC 6455 section 7.4 and the IANA registry: 1004 to 1006 and 1015 are never sent.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

void append_frame_header(std::string& out, Opcode opcode, std::uint64_t payload_bytes, bool final) {
  append_header(out, opcode, payload_bytes, final, 0);
}

std::size_t frame_header_bytes(std::string_view frame) {
  const auto length = static_cast<std::uint8_t>(frame[1]);
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

Opcode frame_opcode(std::string_view frame) {
  return static_cast<Opcode>(frame[0] & 0x0F);
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload, bool final) {
  append_header(out, opcode, payload.size(), final, 0);
  out.append(payload);
}

void append_masked_frame(
    std::string& out, Opcode opcode, std::string_view payload, const MaskKey& key, bool final) {
  append_header(out, opcode, payload.size(), final, kMasked);
  out.append(as_text(key));
  const std::size_t start = out.size();
  out.append(payload);
  apply_mask(as_mutable_bytes(out).subspan(start), key);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  if (code == kCloseNoStatus) {
    return payload;
  }
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xFF));
  payload.append(cut_utf8(reason, kControlPayloadMax - 2));
  return payload;
}

void append_close_frame(std::string& out, std::uint16_t code, std::string_view reason) {
  append_frame(out, Opcode::kClose, close_payload(code, reason));
}

void apply_mask(std::span<std::uint8_t> data, const MaskKey& key, std::uint64_t offset) {
  std::array<std::uint8_t, 8> pattern{};
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    pattern[i] = key[(offset + i) % key.size()];
  }
  std::uint64_t wide = 0;
  std::memcpy(&wide, pattern.data(), sizeof wide);
  std::size_t i = 0;
  for (; i + sizeof wide <= data.size(); i += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data() + i, sizeof word);
    word ^= wide;
    std::memcpy(data.data() + i, &word, sizeof word);
  }
  for (; i < data.size(); ++i) {
    data[i] = static_cast<std::uint8_t>(data[i] ^ pattern[i % pattern.size()]);
  }
}

}  // namespace cloudsync::codec::websocket
