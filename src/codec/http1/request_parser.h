#pragma once
// Incremental, strict HTTP/1.1 request parser for servers. Anything that two implementations could
// read differently is refused (request smuggling: RFC 9112 section 11.2): Content-Length together
// with Transfer-Encoding, repeated Host or Content-Length, folded headers, white space before a
// colon, bare CR or LF, NUL. The result is the same however the input is cut.
//
//   feed -> kNeedMore | kHeadComplete (only if there is a body) | kComplete | kError
//   after kHeadComplete: look at request(), maybe set_body_limit(), feed the rest
//   after kComplete: take_request(), then feed what was not consumed

#include "codec/http1/body_decoder.h"
#include "codec/http1/head_reader.h"
#include "codec/http1/request.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cloudsync::codec::http1 {

struct RequestLimits {
  /// Request line and headers with their line ends; above it 431 (414 while in the request line).
  /// Chunk extensions and trailers are bounded by it too.
  std::size_t header_bytes = 16 * 1024;
  /// Body after chunk decoding; above it 413, before a byte of it is stored.
  std::size_t body_bytes = 1024 * 1024;
  /// Number of header fields; above it 431.
  std::size_t headers = 100;
};

class RequestParser {
 public:
  explicit RequestParser(RequestLimits limits = {}) : limits_(limits) {}

  /// Reads on. Bytes behind a complete request are not consumed (pipelining, or WebSocket frames
  /// glued to the upgrade). Cost: linear in the input. After kError every call answers kError.
  FeedResult feed(std::span<const std::uint8_t> input);

  /// The request so far: valid from kHeadComplete on, until take_request().
  const Request& request() const { return request_; }

  /// Moves the complete request out and makes the parser ready for the next one.
  Request take_request();

  /// Replaces the body limit, of this request and the following; at kHeadComplete at the latest.
  void set_body_limit(std::size_t bytes) { limits_.body_bytes = bytes; }

  /// Whether no byte of a request has arrived since the last one was taken: then closing the
  /// connection loses nothing.
  bool idle() const { return state_ == State::kHead && head_.empty(); }

  /// After kError: 400, 413, 414, 431, 501 or 505.
  int error_status() const { return error_status_; }

  /// After kError: one phrase for the log. Never holds input.
  std::string_view error_reason() const { return error_reason_; }

 private:
  enum class State : std::uint8_t { kHead, kBodyStart, kBody, kComplete, kError };

  FeedResult feed_head(std::span<const std::uint8_t> input);
  FeedResult feed_body(std::span<const std::uint8_t> input);
  bool parse_head(std::string_view head);
  bool parse_request_line(std::string_view line);
  bool parse_header(std::string_view line);
  bool apply_framing();
  bool resolve_target();
  bool error(int status, std::string_view reason);

  RequestLimits limits_;
  State state_ = State::kHead;
  int error_status_ = 0;
  std::string_view error_reason_;
  HeadReader head_;
  Request request_;
  BodyDecoder body_;
};

}  // namespace cloudsync::codec::http1
