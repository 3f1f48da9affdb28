#include "codec/websocket/handshake.h"

#include "base/crypto.h"

#include <algorithm>

namespace cloudsync::codec::websocket {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
constexpr std::size_t kNonceBytes = 16;

http1::Response refusal(int status, std::string_view why) {
  http1::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  response.body = why;
  return response;
}

}  // namespace

std::string accept_key(std::string_view key) {
  std::string text(key);
  text.append(kGuid);
  return base64(sha1(as_bytes(text)));
}

bool is_websocket_upgrade(const http1::Request& request) {
  return http1::has_token(request.headers, "upgrade", "websocket");
}

std::optional<http1::Response> refuse_upgrade(const http1::Request& request) {
  if (request.method != "GET" || request.version_minor != 1) {
    return refusal(400, "A WebSocket upgrade is a GET of HTTP/1.1");
  }
  if (!is_websocket_upgrade(request) ||
      !http1::has_token(request.headers, "connection", "upgrade")) {
    return refusal(400, "Upgrade: websocket and Connection: Upgrade are required");
  }
  const std::string* version = request.find("sec-websocket-version");
  if (version == nullptr || *version != "13") {
    http1::Response response = refusal(426, "Only WebSocket version 13 is supported");
    response.headers.push_back({"Upgrade", "websocket"});
    response.headers.push_back({"Sec-WebSocket-Version", "13"});
    return response;
  }
  const std::string* key = request.find("sec-websocket-key");
  const auto nonce = key == nullptr ? std::nullopt : from_base64(*key);
  if (!nonce || nonce->size() != kNonceBytes) {
    return refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  }
  // Section 9.1 asks for this whether or not any extension is wanted.
  if (const auto extensions = parse_extensions(request.headers); !extensions) {
    return refusal(400, extensions.error().message);
  }
  if (!request.body.empty()) {
    return refusal(400, "A WebSocket upgrade has no body");
  }
  return std::nullopt;
}

std::string accept_response(const http1::Request& request,
                            const std::optional<DeflateAgreement>& deflate) {
  const std::string* key = request.find("sec-websocket-key");
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  out.append(accept_key(key == nullptr ? std::string_view() : *key)).append("\r\n");
  if (deflate) {
    out.append("Sec-WebSocket-Extensions: ").append(deflate_response(*deflate)).append("\r\n");
  }
  out.append("\r\n");
  return out;
}

std::string client_request(const ClientHandshake& handshake) {
  std::string out = "GET ";
  out.append(handshake.target).append(" HTTP/1.1\r\nHost: ").append(handshake.host);
  out.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  out.append("Sec-WebSocket-Key: ").append(base64(handshake.nonce)).append("\r\n");
  for (const http1::Header& header : handshake.headers) {
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  out.append("\r\n");
  return out;
}

Result<void> check_response(const http1::Response& response,
                            const std::array<std::uint8_t, 16>& nonce) {
  if (response.status != 101) {
    return fail(ErrorCode::kBadRequest,
                "the server answered " + std::to_string(response.status) + " instead of 101");
  }
  if (!http1::has_token(response.headers, "upgrade", "websocket") ||
      !http1::has_token(response.headers, "connection", "upgrade")) {
    return fail(ErrorCode::kBadRequest, "the server did not upgrade to WebSocket");
  }
  const std::string* accept = response.find("sec-websocket-accept");
  if (accept == nullptr || *accept != accept_key(base64(nonce))) {
    return fail(ErrorCode::kBadRequest, "Sec-WebSocket-Accept does not match the key");
  }
  if (response.find("sec-websocket-extensions") != nullptr ||
      response.find("sec-websocket-protocol") != nullptr) {
    return fail(ErrorCode::kBadRequest, "the server chose an extension or protocol never offered");
  }
  return {};
}

}  // namespace cloudsync::codec::websocket
