#include "codec/websocket/deflate.h"

#include "base/assert.h"

#include <zlib.h>

#include <algorithm>

namespace cloudsync::codec::websocket {

namespace {

/// What a sender cuts off each message and a receiver puts back (RFC 7692 sections 7.2.1, 7.2.2):
/// the end of an empty stored block.
constexpr std::array<std::uint8_t, 4> kTail = {0x00, 0x00, 0xFF, 0xFF};

/// zlib's default: 128 KiB of hash tables.
constexpr int kMemoryLevel = 8;

/// zlib makes no raw stream with a window of 256 bytes, but one of 512 serves: its references go
/// back at most the window less 262 bytes (MAX_DIST in its deflate.h).
constexpr int kZlibWindowBitsMin = 9;

/// Room that is made for a flush, so that zlib does not have to cut it (zlib.h, deflate()).
constexpr std::size_t kFlushRoom = 64;

/// zlib counts in 32 bits.
constexpr std::size_t kPieceMax = std::size_t{1} << 30;

uInt piece(std::size_t bytes) {
  return static_cast<uInt>(std::min(bytes, kPieceMax));
}

/// zlib reads through a pointer that is not const.
Bytef* input_pointer(const void* bytes) {
  return static_cast<Bytef*>(const_cast<void*>(bytes));
}

}  // namespace

Deflater::Deflater() = default;
Deflater::~Deflater() = default;

void Deflater::End::operator()(z_stream_s* stream) const {
  ::deflateEnd(stream);
  delete stream;
}

z_stream_s& Deflater::stream_for(int window_bits) {
  CS_ASSERT(window_bits >= kWindowBitsMin && window_bits <= kWindowBitsMax, "a window of the RFC");
  const int bits = std::max(window_bits, kZlibWindowBitsMin);
  auto& stream = streams_[static_cast<std::size_t>(bits)];
  if (stream == nullptr) {
    stream.reset(new z_stream_s{});
    // The fastest level: an event's JSON shrinks to within a tenth of the best for a third of the
    // time, and the loop waits for it.
    const int made = ::deflateInit2(
        stream.get(), Z_BEST_SPEED, Z_DEFLATED, -bits, kMemoryLevel, Z_DEFAULT_STRATEGY);
    CS_ASSERT(made == Z_OK, "memory for a compressor");
  } else {
    ::deflateReset(stream.get());
  }
  return *stream;
}

void Deflater::deflate(std::span<const std::string_view> pieces,
                       int window_bits,
                       std::string& out) {
  z_stream_s& stream = stream_for(window_bits);
  std::size_t bytes = 0;
  for (const std::string_view text : pieces) {
    bytes += text.size();
  }
  std::size_t end = out.size();
  out.resize(end + bytes / 4 + kFlushRoom);
  const auto run = [&](std::string_view text, int flush) {
    do {
      if (out.size() - end < kFlushRoom) {
        out.resize(end + std::max(end, kFlushRoom));
      }
      const uInt given = piece(text.size());
      const uInt room = piece(out.size() - end);
      stream.next_in = input_pointer(text.data());
      stream.avail_in = given;
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + end);
      stream.avail_out = room;
      ::deflate(&stream, flush);
      text.remove_prefix(given - stream.avail_in);
      end += room - stream.avail_out;
    } while (!text.empty() || stream.avail_out == 0);
  };
  for (const std::string_view text : pieces) {
    run(text, Z_NO_FLUSH);
  }
  run({}, Z_SYNC_FLUSH);
  out.resize(end - kTail.size());
}

Inflater::Inflater(std::size_t buffer_bytes) : buffer_(buffer_bytes) {}

Inflater::~Inflater() = default;

void Inflater::End::operator()(z_stream_s* stream) const {
  ::inflateEnd(stream);
  delete stream;
}

InflateStatus Inflater::inflate(std::span<const std::uint8_t> payload,
                                std::size_t limit,
                                std::vector<std::uint8_t>& message) {
  std::size_t size = 0;
  const InflateStatus status = measure(payload, limit, size);
  if (status != InflateStatus::kOk) {
    return status;
  }
  if (size <= buffer_.size()) {
    message.assign(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
    return status;
  }
  message.clear();
  message.resize(size);
  fill(payload, message);
  return status;
}

void Inflater::restart() {
  if (stream_ != nullptr) {
    ::inflateReset(stream_.get());
    return;
  }
  stream_.reset(new z_stream_s{});
  const int made = ::inflateInit2(stream_.get(), -kWindowBitsMax);
  CS_ASSERT(made == Z_OK, "memory for a decompressor");
}

// The buffer is written over and over; it has the message if that fits.
InflateStatus Inflater::measure(std::span<const std::uint8_t> payload,
                                std::size_t limit,
                                std::size_t& size) {
  restart();
  Step last;
  for (std::span<const std::uint8_t> input : {payload, std::span<const std::uint8_t>(kTail)}) {
    do {
      const std::size_t at = size < buffer_.size() ? size : 0;
      last = step(input, std::span(buffer_).subspan(at));
      size += last.produced;
      if (size > limit) {  // first, so that it does not depend on the buffer which is found
        return InflateStatus::kTooBig;
      }
      if (last.corrupt) {
        return InflateStatus::kCorrupt;
      }
    } while (!last.needs_input);
    if (last.stream_ended) {
      return InflateStatus::kOk;  // a final block ended the message, which needs no tail then
    }
  }
  return last.block_ended ? InflateStatus::kOk : InflateStatus::kCorrupt;
}

void Inflater::fill(std::span<const std::uint8_t> payload, std::span<std::uint8_t> message) {
  restart();
  for (std::span<const std::uint8_t> input : {payload, std::span<const std::uint8_t>(kTail)}) {
    bool needs_input = false;
    while (!needs_input && !message.empty()) {
      const Step done = step(input, message);
      message = message.subspan(done.produced);
      needs_input = done.needs_input;
    }
  }
  CS_ASSERT(message.empty(), "the payload was measured");
}

Inflater::Step Inflater::step(std::span<const std::uint8_t>& input, std::span<std::uint8_t> out) {
  z_stream_s& stream = *stream_;
  const uInt given = piece(input.size());
  const uInt room = piece(out.size());
  stream.next_in = input_pointer(input.data());
  stream.avail_in = given;
  stream.next_out = out.data();
  stream.avail_out = room;
  const int result = ::inflate(&stream, Z_SYNC_FLUSH);
  input = input.subspan(given - stream.avail_in);
  Step done;
  done.produced = room - stream.avail_out;
  done.corrupt = result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END;
  // zlib.h, inflate(): 128 says that a block ended; below 64 are bits left of the last byte.
  done.block_ended = (stream.data_type & 128) != 0 && (stream.data_type & 63) == 0;
  done.stream_ended = result == Z_STREAM_END && input.empty();
  done.needs_input = input.empty() && (stream.avail_out != 0 || done.stream_ended);
  if (result == Z_STREAM_END && !input.empty()) {
    ::inflateReset(&stream);  // a final block inside a message is allowed (section 7.2.3.5)
  }
  return done;
}

}  // namespace cloudsync::codec::websocket
