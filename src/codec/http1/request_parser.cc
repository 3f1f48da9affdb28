#include "codec/http1/request_parser.h"

#include "base/assert.h"

#include <algorithm>
#include <array>

namespace cloudsync::codec::http1 {

namespace {

/// Headers that decide about framing, routing or access: with two of them, two readers could take
/// different ones.
constexpr std::array<std::string_view, 8> kSingleHeaders = {"host",
                                                            "content-length",
                                                            "transfer-encoding",
                                                            "content-type",
                                                            "authorization",
                                                            "origin",
                                                            "sec-websocket-key",
                                                            "sec-websocket-version"};

constexpr std::size_t kMethodMax = 32;

bool is_host_char(char c) {
  // RFC 3986 uri-host and port: unreserved, percent, sub-delims, and the brackets of an IPv6
  // literal.
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~%!$&'()*+;=:[]").find(c) != std::string_view::npos;
}

bool is_target_char(char c) {
  return c > 0x20 && c < 0x7F && c != '#';
}

}  // namespace

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

FeedResult RequestParser::feed(std::span<const std::uint8_t> input) {
  switch (state_) {
    case State::kHead:
      return feed_head(input);
    case State::kBodyStart:
    case State::kBody:
      return feed_body(input);
    case State::kComplete:
      return {ParseStatus::kComplete, 0};
    case State::kError:
      break;
  }
  return {ParseStatus::kError, 0};
}

Request RequestParser::take_request() {
  CS_ASSERT(state_ == State::kComplete, "only a complete request can be taken");
  state_ = State::kHead;
  return std::exchange(request_, Request());
}

FeedResult RequestParser::feed_head(std::span<const std::uint8_t> input) {
  const HeadReader::FeedResult read = head_.feed(input, limits_.header_bytes);
  switch (read.status) {
    case HeadReader::Status::kNeedMore:
      return {ParseStatus::kNeedMore, read.consumed};
    case HeadReader::Status::kBadByte:
      error(400, "NUL or bare CR or LF in the head");
      break;
    case HeadReader::Status::kFirstLineTooLarge:
      error(414, "request line too long");
      break;
    case HeadReader::Status::kTooLarge:
      error(431, "headers too large");
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

FeedResult RequestParser::feed_body(std::span<const std::uint8_t> input) {
  state_ = State::kBody;
  const BodyDecoder::FeedResult read = body_.feed(input, request_.body, limits_.body_bytes);
  switch (read.status) {
    case BodyDecoder::Status::kNeedMore:
      return {ParseStatus::kNeedMore, read.consumed};
    case BodyDecoder::Status::kComplete:
      state_ = State::kComplete;
      return {ParseStatus::kComplete, read.consumed};
    case BodyDecoder::Status::kBad:
      error(400, "malformed chunk");
      break;
    case BodyDecoder::Status::kTooLarge:
      error(413, "body too large");
      break;
  }
  return {ParseStatus::kError, read.consumed};
}

bool RequestParser::parse_head(std::string_view head) {
  request_ = Request();
  if (!parse_request_line(take_line(head))) {
    return false;
  }
  while (!head.empty()) {
    if (!parse_header(take_line(head))) {
      return false;
    }
  }
  return resolve_target() && apply_framing();
}

bool RequestParser::parse_request_line(std::string_view line) {
  const auto method_end = std::min(line.find(' '), line.size());
  const std::string_view method = line.substr(0, method_end);
  if (method.empty() || method.size() > kMethodMax ||
      !std::all_of(method.begin(), method.end(), is_token_char)) {
    return error(400, "malformed method");
  }
  line.remove_prefix(std::min(method_end + 1, line.size()));
  const auto target_end = std::min(line.find(' '), line.size());
  const std::string_view target = line.substr(0, target_end);
  if (target.empty() || !std::all_of(target.begin(), target.end(), is_target_char)) {
    return error(400, "malformed request target");
  }
  line.remove_prefix(std::min(target_end + 1, line.size()));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() != 8 || !line.starts_with("HTTP/") || !is_digit(line[5]) || line[6] != '.' ||
      !is_digit(line[7])) {
    return error(400, "malformed HTTP version");
  }
  if (line[5] != '1' || line[7] > '1') {
    return error(505, "HTTP version not supported");
  }
  request_.method = method;
  request_.target = target;
  request_.version_minor = line[7] - '0';
  return true;
}

bool RequestParser::parse_header(std::string_view line) {
  std::optional<Header> header = parse_header_line(line);
  if (!header) {
    return error(400, "malformed header");
  }
  if (request_.headers.size() == limits_.headers) {
    return error(431, "too many headers");
  }
  const bool single =
      std::find(kSingleHeaders.begin(), kSingleHeaders.end(), header->name) != kSingleHeaders.end();
  if (single && request_.find(header->name) != nullptr) {
    return error(400, "repeated header");
  }
  request_.headers.push_back(std::move(*header));
  return true;
}

bool RequestParser::resolve_target() {
  const std::string* host = request_.find("host");
  if (host == nullptr && request_.version_minor == 1) {
    return error(400, "missing Host");
  }
  if (host != nullptr && !std::all_of(host->begin(), host->end(), is_host_char)) {
    return error(400, "malformed Host");
  }
  std::string& target = request_.target;
  if (target[0] == '/' || (target == "*" && request_.method == "OPTIONS")) {
    return true;
  }
  // Absolute form (RFC 9112 section 3.2.2). Access is decided by Host, so another authority would
  // be a way round that.
  const std::string_view view = target;
  const auto scheme_end = view.find("://");
  if (scheme_end == std::string_view::npos ||
      !(equal_ignoring_case(view.substr(0, scheme_end), "http") ||
        equal_ignoring_case(view.substr(0, scheme_end), "https"))) {
    return error(400, "malformed request target");
  }
  const std::string_view rest = view.substr(scheme_end + 3);
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  if (host == nullptr || !equal_ignoring_case(rest.substr(0, authority_end), *host)) {
    return error(400, "request target and Host differ");
  }
  std::string path(rest.substr(authority_end));
  if (path.empty() || path[0] != '/') {
    path.insert(path.begin(), '/');
  }
  target = std::move(path);
  return true;
}

bool RequestParser::apply_framing() {
  const Headers& headers = request_.headers;
  const bool http11 = request_.version_minor == 1;
  request_.keep_alive = http11 ? !has_token(headers, "connection", "close")
                               : has_token(headers, "connection", "keep-alive");
  request_.is_upgrade =
      http11 && request_.find("upgrade") != nullptr && has_token(headers, "connection", "upgrade");

  const std::string* length = request_.find("content-length");
  const std::string* encoding = request_.find("transfer-encoding");
  bool has_body = false;
  if (encoding != nullptr) {
    if (length != nullptr || !http11) {
      return error(400, "Transfer-Encoding with Content-Length or in HTTP/1.0");
    }
    if (!equal_ignoring_case(*encoding, "chunked")) {
      return error(501, "transfer coding not implemented");
    }
    body_ = BodyDecoder::chunked(limits_.header_bytes);
    has_body = true;
  } else if (length != nullptr) {
    const auto bytes = parse_content_length(*length);
    if (!bytes) {
      return error(400, "malformed Content-Length");
    }
    body_ = BodyDecoder::sized(*bytes);
    has_body = *bytes > 0;
  }
  if (const std::string* expect = request_.find("expect"); expect != nullptr) {
    request_.expects_continue = http11 && has_body && equal_ignoring_case(*expect, "100-continue");
  }
  state_ = has_body ? State::kBodyStart : State::kComplete;
  return true;
}

bool RequestParser::error(int status, std::string_view reason) {
  state_ = State::kError;
  error_status_ = status;
  error_reason_ = reason;
  return false;
}

}  // namespace cloudsync::codec::http1
