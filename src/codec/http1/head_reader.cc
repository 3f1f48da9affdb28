#include "codec/http1/head_reader.h"

#include "base/bytes.h"

#include <algorithm>
#include <array>
#include <limits>

namespace cloudsync::codec::http1 {

namespace {

constexpr auto kTokenChars = [] {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) {
    table[static_cast<unsigned char>(c)] = true;
  }
  for (char c = 'a'; c <= 'z'; ++c) {
    table[static_cast<unsigned char>(c)] = true;
    table[static_cast<unsigned char>(c - 'a' + 'A')] = true;
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

/// Visible characters, blanks and bytes from 0x80 on (RFC 9110 section 5.5).
bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

}  // namespace

bool is_token_char(char c) {
  return kTokenChars[static_cast<unsigned char>(c)];
}

HeadReader::FeedResult HeadReader::feed(std::span<const std::uint8_t> input, std::size_t limit) {
  // What is kept starts at the first line; empty lines before it are counted, not kept.
  std::size_t begin = 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (size_ == limit) {
      return {first_line_ ? Status::kFirstLineTooLarge : Status::kTooLarge, i, {}};
    }
    ++size_;
    const std::uint8_t byte = input[i];
    if (byte == '\0' || (byte == '\n') != after_cr_) {
      return {Status::kBadByte, i, {}};
    }
    after_cr_ = byte == '\r';
    if (byte == '\n') {
      if (state_ == State::kLineStart) {
        return finish(input, begin, i + 1);
      }
      if (state_ == State::kInLine) {
        state_ = State::kLineStart;
        first_line_ = false;
      } else {
        begin = i + 1;
        buffer_.clear();
      }
    } else if (byte != '\r') {
      state_ = State::kInLine;
    }
  }
  buffer_.append(as_text(input.subspan(begin)));
  return {Status::kNeedMore, input.size(), {}};
}

HeadReader::FeedResult HeadReader::finish(std::span<const std::uint8_t> input,
                                          std::size_t begin,
                                          std::size_t end) {
  const std::string_view last = as_text(input.subspan(begin, end - begin));
  std::string_view head = last;
  if (!buffer_.empty()) {
    buffer_.append(last);
    head = buffer_;
  }
  head.remove_suffix(2);
  return {Status::kComplete, end, head};
}

void HeadReader::clear() {
  *this = HeadReader();
}

std::string_view take_line(std::string_view& lines) {
  const auto end = lines.find("\r\n");
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
  return line;
}

std::optional<Header> parse_header_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return std::nullopt;
  }
  std::string name(line.substr(0, colon));
  for (char& c : name) {
    if (!is_token_char(c)) {
      return std::nullopt;
    }
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  std::string_view value = line.substr(colon + 1);
  if (!std::all_of(value.begin(), value.end(), is_value_char)) {
    return std::nullopt;
  }
  const auto begin = std::min(value.find_first_not_of(" \t"), value.size());
  value.remove_prefix(begin);
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  return Header{std::move(name), std::string(value)};
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kMax - digit) / 10) {
      return std::nullopt;
    }
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace cloudsync::codec::http1
