#include "codec/http1/response_parser.h"

#include "base/assert.h"

#include <algorithm>

namespace cloudsync::codec::http1 {

FeedResult ResponseParser::feed(std::span<const std::uint8_t> input) {
  std::size_t consumed = 0;
  while (true) {
    const State before = state_;
    FeedResult result{ParseStatus::kError, 0};
    switch (state_) {
      case State::kHead:
        result = feed_head(input.subspan(consumed));
        break;
      case State::kBody:
      case State::kBodyUntilEnd:
        result = feed_body(input.subspan(consumed));
        break;
      case State::kComplete:
        result = {ParseStatus::kComplete, 0};
        break;
      case State::kError:
        break;
    }
    consumed += result.consumed;
    // A skipped interim response leaves the state at kHead with input to go on with.
    const bool moved = state_ != before || result.consumed > 0;
    if (result.status != ParseStatus::kHeadComplete || !moved) {
      return {result.status, consumed};
    }
  }
}

ParseStatus ResponseParser::finish() {
  if (state_ == State::kBodyUntilEnd) {
    state_ = State::kComplete;
  } else if (state_ != State::kComplete) {
    error("connection closed inside a response");
  }
  return state_ == State::kComplete ? ParseStatus::kComplete : ParseStatus::kError;
}

Response ResponseParser::take_response() {
  CS_ASSERT(state_ == State::kComplete, "only a complete response can be taken");
  state_ = State::kHead;
  no_body_ = false;
  return std::exchange(response_, Response());
}

FeedResult ResponseParser::feed_head(std::span<const std::uint8_t> input) {
  const HeadReader::FeedResult read = head_.feed(input, limits_.header_bytes);
  switch (read.status) {
    case HeadReader::Status::kNeedMore:
      return {ParseStatus::kNeedMore, read.consumed};
    case HeadReader::Status::kBadByte:
      error("NUL or bare CR or LF in the head");
      break;
    case HeadReader::Status::kFirstLineTooLarge:
    case HeadReader::Status::kTooLarge:
      error("headers too large");
      break;
    case HeadReader::Status::kComplete:
      if (parse_head(read.head)) {
        head_.clear();
        return {state_ == State::kComplete ? ParseStatus::kComplete : ParseStatus::kHeadComplete,
                read.consumed};
      }
      break;
  }
  head_.clear();
  return {ParseStatus::kError, read.consumed};
}

FeedResult ResponseParser::feed_body(std::span<const std::uint8_t> input) {
  const BodyDecoder::FeedResult read = body_.feed(input, response_.body, limits_.body_bytes);
  switch (read.status) {
    case BodyDecoder::Status::kNeedMore:
      return {ParseStatus::kNeedMore, read.consumed};
    case BodyDecoder::Status::kComplete:
      state_ = State::kComplete;
      return {ParseStatus::kComplete, read.consumed};
    case BodyDecoder::Status::kBad:
      error("malformed chunk");
      break;
    case BodyDecoder::Status::kTooLarge:
      error("body too large");
      break;
  }
  return {ParseStatus::kError, read.consumed};
}

bool ResponseParser::parse_head(std::string_view head) {
  response_ = Response();
  if (!parse_status_line(take_line(head))) {
    return false;
  }
  while (!head.empty()) {
    std::optional<Header> header = parse_header_line(take_line(head));
    if (!header || response_.headers.size() == limits_.headers) {
      return error("malformed header or too many");
    }
    response_.headers.push_back(std::move(*header));
  }
  return apply_framing();
}

bool ResponseParser::parse_status_line(std::string_view line) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool well_formed = line.size() >= 12 && line.starts_with("HTTP/1.") &&
                           (line[7] == '0' || line[7] == '1') && line[8] == ' ' &&
                           std::all_of(line.begin() + 9, line.begin() + 12, is_digit) &&
                           line[9] != '0' && (line.size() == 12 || line[12] == ' ');
  if (!well_formed) {
    return error("malformed status line");
  }
  version_minor_ = line[7] - '0';
  response_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  return true;
}

// RFC 9112 section 6.3, in its order.
bool ResponseParser::apply_framing() {
  const Headers& headers = response_.headers;
  const int status = response_.status;
  keep_alive_ = version_minor_ == 1 ? !has_token(headers, "connection", "close")
                                    : has_token(headers, "connection", "keep-alive");
  const auto count = [&headers](std::string_view name) {
    return std::count_if(
        headers.begin(), headers.end(), [name](const Header& h) { return h.name == name; });
  };
  if (count("content-length") + count("transfer-encoding") > 1) {
    return error("ambiguous body length");
  }
  if (status < 200 && status != 101) {
    return true;  // interim: the real head follows
  }
  if (no_body_ || status == 101 || status == 204 || status == 304) {
    state_ = State::kComplete;
    return true;
  }
  if (const std::string* encoding = response_.find("transfer-encoding"); encoding != nullptr) {
    if (!equal_ignoring_case(*encoding, "chunked")) {
      return error("transfer coding not implemented");
    }
    body_ = BodyDecoder::chunked(limits_.header_bytes);
    state_ = State::kBody;
  } else if (const std::string* length = response_.find("content-length"); length != nullptr) {
    const auto bytes = parse_content_length(*length);
    if (!bytes) {
      return error("malformed Content-Length");
    }
    body_ = BodyDecoder::sized(*bytes);
    state_ = *bytes == 0 ? State::kComplete : State::kBody;
  } else {
    body_ = BodyDecoder::until_end();
    state_ = State::kBodyUntilEnd;
    keep_alive_ = false;
  }
  return true;
}

bool ResponseParser::error(std::string_view reason) {
  state_ = State::kError;
  error_reason_ = reason;
  return false;
}

}  // namespace cloudsync::codec::http1
