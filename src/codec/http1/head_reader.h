#pragma once
// Finds the end of an HTTP/1.1 message head and parses its header lines. Shared by the request and
// the response parser, so that both are equally strict.

#include "codec/http1/message.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cloudsync::codec::http1 {

/// Collects a head: the lines up to the first empty one, each ended by CR LF. Empty lines before
/// the first line are skipped (RFC 9112 section 2.2). Copies only what arrives in pieces.
class HeadReader {
 public:
  enum class Status : std::uint8_t {
    kNeedMore,
    kComplete,
    kBadByte,            ///< NUL, CR without LF, or LF without CR
    kFirstLineTooLarge,  ///< more than the limit, still in the first line
    kTooLarge,
  };

  struct FeedResult {
    Status status = Status::kNeedMore;
    std::size_t consumed = 0;
    /// kComplete: all lines with their CR LF, without the empty one. Lives until the input changes
    /// or clear() is called.
    std::string_view head;
  };

  /// Reads on; a head has at most `limit` bytes, everything skipped included.
  FeedResult feed(std::span<const std::uint8_t> input, std::size_t limit);

  /// Whether nothing has arrived since the start or the last clear().
  bool empty() const { return size_ == 0; }

  /// Forgets the head and frees its memory.
  void clear();

 private:
  enum class State : std::uint8_t { kBeforeFirst, kInLine, kLineStart };

  FeedResult finish(std::span<const std::uint8_t> input, std::size_t begin, std::size_t end);

  State state_ = State::kBeforeFirst;
  bool after_cr_ = false;
  bool first_line_ = true;
  std::size_t size_ = 0;
  std::string buffer_;
};

/// Cuts the next line, without its CR LF, off `lines`.
std::string_view take_line(std::string_view& lines);

/// Parses one "name: value" line. Nothing if the name is empty or no token (so also for a folded
/// line and for white space before the colon), or if the value has control characters.
std::optional<Header> parse_header_line(std::string_view line);

/// Parses a Content-Length: digits only, below 2^63.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

/// Whether `c` may be part of a token (RFC 9110 section 5.6.2).
bool is_token_char(char c);

}  // namespace cloudsync::codec::http1
