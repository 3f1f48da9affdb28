#pragma once
// HTTP/1.1 responses: the value, its bytes, and the reason phrases.

#include "base/bytes.h"
#include "codec/http1/message.h"

#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::codec::http1 {

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// The rest of the body, behind `body`: pieces that others hold too, sent without a copy of them.
  /// None if the status has no body.
  std::vector<SharedBytes> shared_body = {};
  /// `shared_body` lives as long as the node does: it costs nothing while a slow peer takes it.
  bool resident = false;

  /// Of `body` and `shared_body`.
  std::size_t body_size() const;

  const std::string* find(std::string_view name) const { return find_header(headers, name); }

  friend bool operator==(const Response&, const Response&) = default;
};

/// "Not Found" for 404; "Unknown" for a status without a registered phrase.
std::string_view reason_phrase(int status);

/// The bytes of `response` up to its shared body, which is to follow. With Content-Length (unless
/// the status has no body: 1xx, 204, 304) and Connection, neither of which may be among its
/// headers. Control characters in header values become spaces, so that text from a peer can't start
/// a header of its own.
std::string encode(const Response& response, bool keep_alive);

/// The same for a HEAD request: the length of the body is told, the body is not sent.
std::string encode_head(const Response& response, bool keep_alive);

}  // namespace cloudsync::codec::http1
