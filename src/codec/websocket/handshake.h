#pragma once
// The WebSocket opening handshake (RFC 6455 section 4), both sides. A server may accept
// permessage-deflate; the client offers no extension.

#include "base/result.h"
#include "codec/http1/request.h"
#include "codec/http1/response.h"
#include "codec/websocket/extensions.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudsync::codec::websocket {

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2, item 5.4).
std::string accept_key(std::string_view key);

/// Whether the client asked for this protocol at all: Upgrade lists "websocket", ignoring case.
bool is_websocket_upgrade(const http1::Request& request);

/// Checks an upgrade request (section 4.2.1): GET, HTTP/1.1, Upgrade and Connection tokens, a key
/// of 16 bytes in base64, version 13, well-formed extensions, no body. Nothing if it is good; else
/// the refusal to send before closing: 426 with Sec-WebSocket-Version for another version, 400
/// otherwise.
std::optional<http1::Response> refuse_upgrade(const http1::Request& request);

/// The bytes of the 101 response to a request that refuse_upgrade() accepted, with the answer to
/// its offer of compression.
std::string accept_response(const http1::Request& request,
                            const std::optional<DeflateAgreement>& deflate = std::nullopt);

struct ClientHandshake {
  std::string host;                      ///< Host header, with a port unless it is the default
  std::string target;                    ///< "/socket.io/?EIO=4&transport=websocket"
  std::array<std::uint8_t, 16> nonce{};  ///< random, new for each connection
  http1::Headers headers;                ///< further headers (Origin, Authorization, Cookie)
};

/// The bytes of the client's opening request (section 4.1).
std::string client_request(const ClientHandshake& handshake);

/// Checks the server's answer (section 4.1): 101, the tokens, the accept value for `nonce`, and no
/// extension or protocol, since none was offered. Error: kBadRequest with the reason.
Result<void> check_response(const http1::Response& response,
                            const std::array<std::uint8_t, 16>& nonce);

}  // namespace cloudsync::codec::websocket
