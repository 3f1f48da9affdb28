#include "codec/http1/body_decoder.h"

#include "base/bytes.h"
#include "codec/http1/head_reader.h"

#include <algorithm>

namespace cloudsync::codec::http1 {

namespace {

/// 15 hex digits can't overflow 64 bits, and no body is that long.
constexpr std::uint8_t kSizeDigitsMax = 15;

int hex_digit(std::uint8_t byte) {
  if (byte >= '0' && byte <= '9') {
    return byte - '0';
  }
  const int letter = byte | 0x20;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool is_text(std::uint8_t byte) {
  return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

}  // namespace

BodyDecoder BodyDecoder::sized(std::uint64_t bytes) {
  BodyDecoder decoder;
  decoder.remaining_ = bytes;
  return decoder;
}

BodyDecoder BodyDecoder::chunked(std::size_t overhead_max) {
  BodyDecoder decoder;
  decoder.state_ = State::kChunkSize;
  decoder.overhead_left_ = overhead_max;
  return decoder;
}

BodyDecoder BodyDecoder::until_end() {
  BodyDecoder decoder;
  decoder.state_ = State::kUntilEnd;
  return decoder;
}

BodyDecoder::FeedResult BodyDecoder::feed(std::span<const std::uint8_t> input,
                                          std::string& body,
                                          std::size_t limit) {
  const auto append = [&body, input](std::size_t from, std::size_t count) {
    body.append(as_text(input.subspan(from, count)));
  };
  if (state_ == State::kUntilEnd) {
    if (input.size() > limit - std::min(body.size(), limit)) {
      return {Status::kTooLarge, 0};
    }
    append(0, input.size());
    return {Status::kNeedMore, input.size()};
  }
  if (state_ == State::kSized) {
    if (remaining_ > limit - std::min(body.size(), limit)) {
      return {Status::kTooLarge, 0};
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
    append(0, count);
    remaining_ -= count;
    return {remaining_ == 0 ? Status::kComplete : Status::kNeedMore, count};
  }
  std::size_t i = 0;
  while (i < input.size()) {
    if (state_ == State::kChunkData) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size() - i));
      append(i, count);
      remaining_ -= count;
      i += count;
      if (remaining_ == 0) {
        state_ = State::kChunkDataCr;
      }
      continue;
    }
    const Status status = step(input[i], body.size(), limit);
    if (status == Status::kBad || status == Status::kTooLarge) {
      return {status, i};
    }
    ++i;
    if (status == Status::kComplete) {
      return {status, i};
    }
  }
  return {Status::kNeedMore, i};
}

BodyDecoder::Status BodyDecoder::add_overhead() {
  if (overhead_left_ == 0) {
    return Status::kTooLarge;
  }
  --overhead_left_;
  return Status::kNeedMore;
}

// Everything of a chunked body but its data, one byte at a time:
//
//   kChunkSize -> [kChunkExtension ->] kChunkSizeLf -> kChunkData -> kChunkDataCr -> kChunkDataLf
//   -> kChunkSize kChunkSizeLf (size 0) -> kTrailerStart -> { kTrailerName -> kTrailerValue ->
//   kTrailerLf -> kTrailerStart } kTrailerStart -> kEndLf -> complete
BodyDecoder::Status BodyDecoder::step(std::uint8_t byte, std::size_t body_size, std::size_t limit) {
  switch (state_) {
    case State::kChunkSize:
      if (const int digit = hex_digit(byte); digit >= 0) {
        if (size_digits_ == kSizeDigitsMax) {
          return Status::kBad;
        }
        ++size_digits_;
        remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
        return Status::kNeedMore;
      }
      if (size_digits_ == 0 || (byte != '\r' && byte != ';')) {
        return Status::kBad;
      }
      if (remaining_ > limit - std::min(body_size, limit)) {
        return Status::kTooLarge;
      }
      state_ = byte == '\r' ? State::kChunkSizeLf : State::kChunkExtension;
      return Status::kNeedMore;
    case State::kChunkExtension:
      if (byte == '\r') {
        state_ = State::kChunkSizeLf;
        return Status::kNeedMore;
      }
      return is_text(byte) ? add_overhead() : Status::kBad;
    case State::kChunkSizeLf:
      state_ = remaining_ == 0 ? State::kTrailerStart : State::kChunkData;
      size_digits_ = 0;
      return byte == '\n' ? Status::kNeedMore : Status::kBad;
    case State::kChunkDataCr:
      state_ = State::kChunkDataLf;
      return byte == '\r' ? Status::kNeedMore : Status::kBad;
    case State::kChunkDataLf:
      state_ = State::kChunkSize;
      return byte == '\n' ? Status::kNeedMore : Status::kBad;
    case State::kTrailerStart:
      if (byte == '\r') {
        state_ = State::kEndLf;
        return Status::kNeedMore;
      }
      state_ = State::kTrailerName;
      return is_token_char(static_cast<char>(byte)) ? add_overhead() : Status::kBad;
    case State::kTrailerName:
      if (byte == ':') {
        state_ = State::kTrailerValue;
        return add_overhead();
      }
      return is_token_char(static_cast<char>(byte)) ? add_overhead() : Status::kBad;
    case State::kTrailerValue:
      if (byte == '\r') {
        state_ = State::kTrailerLf;
        return Status::kNeedMore;
      }
      return is_text(byte) ? add_overhead() : Status::kBad;
    case State::kTrailerLf:
      state_ = State::kTrailerStart;
      return byte == '\n' ? add_overhead() : Status::kBad;
    case State::kEndLf:
      return byte == '\n' ? Status::kComplete : Status::kBad;
    case State::kSized:
    case State::kUntilEnd:
    case State::kChunkData:
      break;  // handled by feed()
  }
  return Status::kBad;
}

}  // namespace cloudsync::codec::http1
