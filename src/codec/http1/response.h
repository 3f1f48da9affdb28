#pragma once
// HTTP/1.1 responses: the value, its bytes, and the reason phrases.

#include "codec/http1/message.h"

#include <string>
#include <string_view>

namespace cloudsync::codec::http1 {

struct Response {
  int status = 200;
  Headers headers;
  std::string body;

  const std::string* find(std::string_view name) const { return find_header(headers, name); }

  friend bool operator==(const Response&, const Response&) = default;
};

/// "Not Found" for 404; "Unknown" for a status without a registered phrase.
std::string_view reason_phrase(int status);

/// The bytes of `response`, with Content-Length (unless the status has no body: 1xx, 204, 304) and
/// Connection, neither of which may be among its headers. Control characters in header values
/// become spaces, so that text from a peer can't start a header of its own.
std::string encode(const Response& response, bool keep_alive);

/// The same for a HEAD request: the length of the body is told, the body is not sent.
std::string encode_head(const Response& response, bool keep_alive);

}  // namespace cloudsync::codec::http1
