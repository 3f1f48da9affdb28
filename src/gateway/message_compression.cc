#include "gateway/message_compression.h"

#include "codec/websocket/frame.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudsync::gateway {

namespace websocket = codec::websocket;

SharedBytes MessageCompression::compress(std::span<const SharedBytes> frame, int window_bits) {
  std::size_t bytes = 0;
  for (const SharedBytes& piece : frame) {
    bytes += piece->size();
  }
  if (bytes - websocket::frame_header_bytes(*frame[0]) < kCompressionThreshold) {
    return nullptr;
  }
  Last& last = last_[static_cast<std::size_t>(window_bits)];
  if (last.frame.owner_before(frame[0]) || frame[0].owner_before(last.frame)) {
    last = {.frame = frame[0], .compressed = compress_anew(frame, window_bits)};
  }
  return last.compressed;
}

SharedBytes MessageCompression::compress_anew(std::span<const SharedBytes> frame, int window_bits) {
  const std::string_view first = *frame[0];
  std::vector<std::string_view> texts{first.substr(websocket::frame_header_bytes(first))};
  std::size_t bytes = texts[0].size();
  for (const SharedBytes& piece : frame.subspan(1)) {
    texts.push_back(*piece);
    bytes += piece->size();
  }
  std::string payload;
  deflater_.deflate(texts, window_bits, payload);
  if (payload.size() >= bytes) {
    return nullptr;
  }
  std::string compressed;
  compressed.reserve(payload.size() + websocket::kFrameHeaderMax);
  websocket::append_frame_header(compressed, websocket::frame_opcode(first), payload.size());
  compressed[0] = static_cast<char>(compressed[0] | websocket::kCompressedBit);
  return share(std::move(compressed += payload));
}

}  // namespace cloudsync::gateway
