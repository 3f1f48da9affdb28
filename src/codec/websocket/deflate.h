#pragma once
// The compression of permessage-deflate (RFC 7692 section 7.2) without context takeover: each
// message stands alone, so one Deflater and one Inflater serve all connections of a loop, and an
// idle connection costs nothing.

#include "codec/websocket/extensions.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct z_stream_s;  // zlib's

namespace cloudsync::codec::websocket {

/// Bytes by which deflate may make an incompressible message of `bytes` larger. Stored blocks cost
/// 5 bytes; no encoder of note makes them smaller than 4 KiB (zlib: 16 KiB).
constexpr std::size_t deflate_overhead(std::size_t bytes) {
  return bytes / 512 + 64;
}

/// Compresses messages. Its states of up to 256 KiB are made when first needed, one a window.
class Deflater {
 public:
  Deflater();
  ~Deflater();

  /// Appends the compressed payload of the message whose text is `pieces` in order. References go
  /// back at most 2^window_bits bytes (8 to 15).
  void deflate(std::span<const std::string_view> pieces, int window_bits, std::string& out);

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };

  z_stream_s& stream_for(int window_bits);

  std::array<std::unique_ptr<z_stream_s, End>, kWindowBitsMax + 1> streams_;  // by window
};

enum class InflateStatus : std::uint8_t {
  kOk,
  kTooBig,   ///< the message is larger than the limit
  kCorrupt,  ///< not the deflate data of a whole message
};

/// Room in an Inflater for the messages that come all the time; larger ones cost more.
inline constexpr std::size_t kInflateBufferBytes = std::size_t{32} * 1024;

/// Decompresses messages. Its state of 44 KiB is made when first needed.
class Inflater {
 public:
  /// `buffer_bytes` is at least 1.
  explicit Inflater(std::size_t buffer_bytes = kInflateBufferBytes);
  ~Inflater();

  /// Replaces `message` by the one whose compressed payload is `payload`; leaves it alone if the
  /// status is not kOk. The payload is inflated into a fixed buffer first, as far as `limit`: a
  /// bomb costs the time for that and no memory. A message larger than the buffer is inflated a
  /// second time, into room of exactly its size.
  InflateStatus inflate(std::span<const std::uint8_t> payload,
                        std::size_t limit,
                        std::vector<std::uint8_t>& message);

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };

  struct Step {
    std::size_t produced = 0;
    bool corrupt = false;
    bool needs_input = false;   // what was given is used up and all of it is out
    bool block_ended = false;   // the message may end here
    bool stream_ended = false;  // with a final block
  };

  void restart();
  InflateStatus measure(std::span<const std::uint8_t> payload,
                        std::size_t limit,
                        std::size_t& size);
  void fill(std::span<const std::uint8_t> payload, std::span<std::uint8_t> message);
  /// Inflates some of `input`, which it cuts, to `out`.
  Step step(std::span<const std::uint8_t>& input, std::span<std::uint8_t> out);

  std::unique_ptr<z_stream_s, End> stream_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace cloudsync::codec::websocket
