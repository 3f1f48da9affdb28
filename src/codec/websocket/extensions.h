#pragma once
// Sec-WebSocket-Extensions (RFC 6455 section 9.1) and the negotiation of permessage-deflate (RFC
// 7692 section 7.1). Pure and linear in the header's length, which HTTP bounds.

#include "base/result.h"
#include "codec/http1/message.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::codec::websocket {

/// Base-2 logarithms of the LZ77 window (RFC 7692 section 7.1.2).
inline constexpr int kWindowBitsMin = 8;
inline constexpr int kWindowBitsMax = 15;

struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value;  ///< without its quotes

  friend bool operator==(const ExtensionParameter&, const ExtensionParameter&) = default;
};

/// One offer of a client, or one choice of a server.
struct Extension {
  std::string name;
  std::vector<ExtensionParameter> parameters;  ///< in order; a name may come twice

  friend bool operator==(const Extension&, const Extension&) = default;
};

/// Reads all headers of the name as one list, as section 9.1 asks. None: an empty list. Error:
/// kBadRequest if they do not conform to the grammar; the handshake must then fail.
Result<std::vector<Extension>> parse_extensions(const http1::Headers& headers);

/// What a server agreed to. Neither side ever takes its context over to the next message: with it
/// each connection would keep a compressor of 256 KiB and a decompressor of 44 KiB while idle.
struct DeflateAgreement {
  /// Largest window for what the server compresses.
  int server_window_bits = kWindowBitsMax;
  /// The client named server_max_window_bits, so the answer must, too.
  bool names_server_window = false;

  friend bool operator==(const DeflateAgreement&, const DeflateAgreement&) = default;
};

/// Accepts the first offer of permessage-deflate that is sound. An offer with an unknown, repeated
/// or malformed parameter is declined (section 7.1), and so is every other extension.
std::optional<DeflateAgreement> accept_deflate(const std::vector<Extension>& offers);

/// The value of the server's header.
std::string deflate_response(const DeflateAgreement& agreement);

}  // namespace cloudsync::codec::websocket
