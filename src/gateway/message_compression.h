#pragma once
// permessage-deflate (RFC 7692) for the connections of one loop, which share its zlib states.

#include "base/bytes.h"
#include "codec/websocket/deflate.h"

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace cloudsync::gateway {

/// A message below this is sent as it is: in bytes of payload. It fits into one TCP segment anyway;
/// the reference server's threshold.
inline constexpr std::size_t kCompressionThreshold = 1'024;

class MessageCompression {
 public:
  /// For the parsers of the loop's connections.
  codec::websocket::Inflater& inflater() { return inflater_; }

  /// The same message as `frame` (one unmasked, uncompressed frame in pieces) in a compressed
  /// frame; null if it is below the threshold or gets no smaller. The last answer for each window
  /// is kept and known again by the frame's first piece, so a broadcast is compressed once.
  SharedBytes compress(std::span<const SharedBytes> frame, int window_bits);

 private:
  struct Last {
    std::weak_ptr<const std::string> frame;  // not kept alive, but its address is not used again
    SharedBytes compressed;
  };

  SharedBytes compress_anew(std::span<const SharedBytes> frame, int window_bits);

  codec::websocket::Inflater inflater_;
  codec::websocket::Deflater deflater_;
  std::array<Last, codec::websocket::kWindowBitsMax + 1> last_;  // by window
};

}  // namespace cloudsync::gateway
