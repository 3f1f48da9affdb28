#pragma once
// Incremental HTTP/1.1 response parser for clients (load generator, tests). As strict as the
// request parser. Interim responses (1xx except 101) are skipped. A 101 is complete after its head.

#include "codec/http1/body_decoder.h"
#include "codec/http1/head_reader.h"
#include "codec/http1/response.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cloudsync::codec::http1 {

struct ResponseLimits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t body_bytes = 64 * 1024 * 1024;
  std::size_t headers = 100;
};

class ResponseParser {
 public:
  explicit ResponseParser(ResponseLimits limits = {}) : limits_(limits) {}

  /// Reads on; answers kNeedMore, kComplete or kError, never kHeadComplete. Bytes behind the
  /// response are not consumed.
  FeedResult feed(std::span<const std::uint8_t> input);

  /// The peer closed the connection: kComplete if that ends the body, else kError.
  ParseStatus finish();

  /// The next response answers a HEAD request and has no body whatever its headers say.
  void expect_no_body() { no_body_ = true; }

  /// The response so far; whole after kComplete.
  const Response& response() const { return response_; }

  /// After kComplete: whether the server keeps the connection open.
  bool keep_alive() const { return keep_alive_; }

  /// Moves the response out (header names in lower case) and makes the parser ready for the next.
  Response take_response();

  /// After kError: one phrase for the log.
  std::string_view error_reason() const { return error_reason_; }

 private:
  enum class State : std::uint8_t { kHead, kBody, kBodyUntilEnd, kComplete, kError };

  FeedResult feed_head(std::span<const std::uint8_t> input);
  FeedResult feed_body(std::span<const std::uint8_t> input);
  bool parse_head(std::string_view head);
  bool parse_status_line(std::string_view line);
  bool apply_framing();
  bool error(std::string_view reason);

  ResponseLimits limits_;
  State state_ = State::kHead;
  bool no_body_ = false;
  bool keep_alive_ = true;
  int version_minor_ = 1;
  std::string_view error_reason_;
  HeadReader head_;
  Response response_;
  BodyDecoder body_;
};

}  // namespace cloudsync::codec::http1
