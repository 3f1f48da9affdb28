#pragma once
// The body of one HTTP/1.1 message: a known length, chunks (RFC 9112 section 7.1), or all until the
// end of the connection (responses only). Shared by the request and the response parser.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cloudsync::codec::http1 {

class BodyDecoder {
 public:
  enum class Status : std::uint8_t { kNeedMore, kComplete, kBad, kTooLarge };

  struct FeedResult {
    Status status = Status::kNeedMore;
    std::size_t consumed = 0;
  };

  BodyDecoder() = default;
  /// A body of exactly `bytes`.
  static BodyDecoder sized(std::uint64_t bytes);
  /// A chunked body; extensions and trailers are checked, dropped, and together at most
  /// `overhead_max` bytes.
  static BodyDecoder chunked(std::size_t overhead_max);
  /// Everything until the connection ends; feed() never completes it.
  static BodyDecoder until_end();

  /// Appends decoded bytes to `body`, of which there may be at most `limit`. The limit is checked
  /// against declared sizes, before anything is stored.
  FeedResult feed(std::span<const std::uint8_t> input, std::string& body, std::size_t limit);

 private:
  enum class State : std::uint8_t {
    kSized,
    kUntilEnd,
    kChunkSize,
    kChunkExtension,
    kChunkSizeLf,
    kChunkData,
    kChunkDataCr,
    kChunkDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
  };

  Status step(std::uint8_t byte, std::size_t body_size, std::size_t limit);
  Status add_overhead();

  State state_ = State::kSized;
  std::uint8_t size_digits_ = 0;
  std::uint64_t remaining_ = 0;
  std::size_t overhead_left_ = 0;
};

}  // namespace cloudsync::codec::http1
