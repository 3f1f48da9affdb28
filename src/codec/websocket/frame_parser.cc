#include "codec/websocket/frame_parser.h"

#include "base/bytes.h"
#include "codec/utf8.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace cloudsync::codec::websocket {

namespace {

struct FrameHeader {
  bool final = false;
  bool compressed = false;
  bool masked = false;
  Opcode opcode = Opcode::kText;
  std::uint64_t payload_bytes = 0;
  MaskKey key{};

  bool is_control() const { return (static_cast<std::uint8_t>(opcode) & 0x8) != 0; }
};

/// Bytes of a header whose first bytes these are, as far as they tell.
std::size_t header_size(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 2) {
    return 2;
  }
  const std::uint8_t length = bytes[1] & 0x7F;
  const std::size_t mask = (bytes[1] & 0x80) != 0 ? sizeof(MaskKey) : 0;
  return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + mask;
}

/// `bytes` is a whole header.
FrameHeader decode_header(std::span<const std::uint8_t> bytes) {
  FrameHeader header;
  header.final = (bytes[0] & 0x80) != 0;
  header.compressed = (bytes[0] & kCompressedBit) != 0;
  header.opcode = static_cast<Opcode>(bytes[0] & 0x0F);
  header.masked = (bytes[1] & 0x80) != 0;
  header.payload_bytes = bytes[1] & 0x7F;
  const std::size_t length_bytes = header.payload_bytes == 126   ? 2
                                   : header.payload_bytes == 127 ? 8
                                                                 : 0;
  if (length_bytes > 0) {
    header.payload_bytes = 0;
    for (const std::uint8_t byte : bytes.subspan(2, length_bytes)) {
      header.payload_bytes = header.payload_bytes << 8 | byte;
    }
  }
  if (header.masked) {
    std::copy_n(bytes.begin() + 2 + static_cast<std::ptrdiff_t>(length_bytes),
                header.key.size(),
                header.key.begin());
  }
  return header;
}

bool is_minimal(std::span<const std::uint8_t> bytes, std::uint64_t length) {
  const std::uint8_t form = bytes[1] & 0x7F;
  return form < 126 || length > (form == 126 ? 125U : 0xFFFFU);
}

FrameError protocol_error(std::string_view reason) {
  return {kCloseProtocolError, reason};
}

}  // namespace

// What is held while a frame or a fragmented message is incomplete; freed as soon as neither is.
struct FrameParser::Partial {
  // The header being read, or the frame being read once `in_frame`.
  std::array<std::uint8_t, kFrameHeaderMax> header_bytes{};
  std::size_t header_count = 0;
  bool in_frame = false;
  FrameHeader frame;
  std::uint64_t frame_received = 0;

  // The message being reassembled, over all its fragments.
  bool in_message = false;
  bool compressed = false;
  Opcode message_opcode = Opcode::kText;
  std::size_t fragments = 0;
  Utf8Validator utf8;
  std::vector<std::uint8_t> message;

  // A control frame that came in pieces; it may stand between fragments.
  std::string control;

  bool idle() const { return header_count == 0 && !in_frame && !in_message; }

  /// Appends to the message, whose buffer doubles as it fills but never outgrows `limit`.
  void append(std::span<const std::uint8_t> payload, std::size_t limit) {
    const std::size_t size = message.size() + payload.size();
    if (size > message.capacity()) {
      message.reserve(std::max(size, std::min(limit, 2 * message.capacity())));
    }
    message.insert(message.end(), payload.begin(), payload.end());
  }
};

// One call of feed(): the input left, and the steps over it.
class FrameParser::Feed {
 public:
  Feed(FrameParser& parser, std::span<std::uint8_t> input, FrameVisitor& visitor)
      : parser_(parser), input_(input), visitor_(visitor) {}

  std::optional<FrameError> run() {
    while (!parser_.stopped_ && !input_.empty()) {
      const bool in_frame = parser_.partial_ != nullptr && parser_.partial_->in_frame;
      if (auto error = in_frame ? continue_frame() : begin_frame()) {
        return error;
      }
    }
    return std::nullopt;
  }

 private:
  Partial& partial() {
    if (parser_.partial_ == nullptr) {
      parser_.partial_ = std::make_unique<Partial>();
    }
    return *parser_.partial_;
  }

  bool in_message() const { return parser_.partial_ != nullptr && parser_.partial_->in_message; }

  /// Frees the held state if nothing is in flight any more.
  void release_if_idle() {
    if (parser_.partial_ != nullptr && parser_.partial_->idle()) {
      parser_.partial_.reset();
    }
  }

  std::optional<FrameError> begin_frame() {
    std::array<std::uint8_t, kFrameHeaderMax> bytes{};
    std::size_t count = 0;
    if (parser_.partial_ != nullptr) {
      count = parser_.partial_->header_count;
      std::copy_n(parser_.partial_->header_bytes.begin(), count, bytes.begin());
    }
    std::size_t taken = 0;
    while (true) {
      const std::size_t need = header_size({bytes.data(), count});
      const std::size_t more = std::min(need - count, input_.size() - taken);
      std::copy_n(input_.begin() + static_cast<std::ptrdiff_t>(taken),
                  more,
                  bytes.begin() + static_cast<std::ptrdiff_t>(count));
      count += more;
      taken += more;
      if (auto error = check_first_bytes({bytes.data(), count})) {
        return error;
      }
      if (count < need) {
        Partial& held = partial();
        held.header_bytes = bytes;
        held.header_count = count;
        input_ = {};
        return std::nullopt;
      }
      if (need == header_size({bytes.data(), count})) {
        break;
      }
    }
    const FrameHeader header = decode_header({bytes.data(), count});
    if (auto error = check_length(header, {bytes.data(), count})) {
      return error;
    }
    input_ = input_.subspan(taken);
    if (parser_.partial_ != nullptr) {
      parser_.partial_->header_count = 0;
    }
    return begin_payload(header);
  }

  /// Refuses what the first one or two bytes of a header already show to be wrong, so that the
  /// error does not depend on how much of the header has arrived.
  std::optional<FrameError> check_first_bytes(std::span<const std::uint8_t> bytes) const {
    if (bytes.empty()) {
      return std::nullopt;
    }
    const bool reserved = (bytes[0] & 0x70) != 0;
    if (reserved && !((bytes[0] & 0x70) == kCompressedBit && parser_.inflater_ != nullptr)) {
      return protocol_error("reserved bit set");
    }
    const std::uint8_t opcode = bytes[0] & 0x0F;
    const bool final = (bytes[0] & 0x80) != 0;
    if ((opcode > 0x2 && opcode < 0x8) || opcode > 0xA) {
      return protocol_error("unknown opcode");
    }
    if (reserved && (opcode == 0x0 || opcode >= 0x8)) {
      return protocol_error("compressed frame that begins no message");
    }
    if (opcode >= 0x8 && !final) {
      return protocol_error("fragmented control frame");
    }
    if (opcode == 0x0 && !in_message()) {
      return protocol_error("continuation without a message");
    }
    if ((opcode == 0x1 || opcode == 0x2) && in_message()) {
      return protocol_error("new message inside a fragmented one");
    }
    if (bytes.size() < 2) {
      return std::nullopt;
    }
    if (((bytes[1] & 0x80) != 0) != (parser_.role_ == Role::kServer)) {
      return protocol_error(parser_.role_ == Role::kServer ? "frame not masked" : "frame masked");
    }
    if (opcode >= 0x8 && (bytes[1] & 0x7F) > kControlPayloadMax) {
      return protocol_error("control frame too long");
    }
    return std::nullopt;
  }

  std::optional<FrameError> check_length(const FrameHeader& header,
                                         std::span<const std::uint8_t> bytes) const {
    if (header.payload_bytes >> 63 != 0 || !is_minimal(bytes, header.payload_bytes)) {
      return protocol_error("malformed length");
    }
    if (header.is_control()) {
      return std::nullopt;
    }
    const std::size_t held = in_message() ? parser_.partial_->message.size() : 0;
    const bool compressed = in_message() ? parser_.partial_->compressed : header.compressed;
    if (header.payload_bytes > buffer_max(compressed) - held) {
      return FrameError{kCloseTooBig, "message too big"};
    }
    const std::size_t fragments = in_message() ? parser_.partial_->fragments : 0;
    if (fragments >= parser_.limits_->fragments) {
      return FrameError{kClosePolicy, "too many fragments"};
    }
    return std::nullopt;
  }

  /// Bytes that the frames of one message may carry.
  std::size_t buffer_max(bool compressed) const {
    const std::size_t bytes = parser_.limits_->message_bytes;
    return compressed ? bytes + deflate_overhead(bytes) : bytes;
  }

  std::optional<FrameError> begin_payload(const FrameHeader& header) {
    const bool whole = header.payload_bytes <= input_.size();
    if (whole && header.is_control()) {
      return end_control(header.opcode, take(header, 0));
    }
    if (whole && header.final && header.opcode != Opcode::kContinuation) {
      const auto payload = take(header, 0);
      release_if_idle();
      return header.compressed ? deliver_inflated(header.opcode, payload)
                               : deliver(header.opcode, payload);
    }
    Partial& held = partial();
    held.in_frame = true;
    held.frame = header;
    held.frame_received = 0;
    if (!header.is_control()) {
      if (!held.in_message) {
        held.in_message = true;
        held.compressed = header.compressed;
        held.message_opcode = header.opcode;
        held.fragments = 0;
        held.utf8 = Utf8Validator();
      }
      ++held.fragments;
    }
    return continue_frame();
  }

  /// The rest of the frame's payload, or what of it has arrived, unmasked and cut off the input.
  std::span<const std::uint8_t> take(const FrameHeader& header, std::uint64_t received) {
    const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>(header.payload_bytes - received, input_.size()));
    const std::span<std::uint8_t> payload = input_.first(count);
    input_ = input_.subspan(count);
    if (header.masked) {
      apply_mask(payload, header.key, received);
    }
    return payload;
  }

  std::optional<FrameError> continue_frame() {
    Partial& held = *parser_.partial_;
    const auto payload = take(held.frame, held.frame_received);
    held.frame_received += payload.size();
    const bool frame_ended = held.frame_received == held.frame.payload_bytes;
    if (held.frame.is_control()) {
      held.control.append(as_text(payload));
    } else {
      held.append(payload, buffer_max(held.compressed));
      if (held.message_opcode == Opcode::kText && !held.compressed && !held.utf8.feed(payload)) {
        return FrameError{kCloseInvalidText, "invalid UTF-8"};
      }
    }
    if (!frame_ended) {
      return std::nullopt;
    }
    held.in_frame = false;
    if (held.frame.is_control()) {
      const std::string control = std::exchange(held.control, std::string());
      return end_control(held.frame.opcode, as_bytes(control));
    }
    return held.frame.final ? deliver_reassembled() : std::nullopt;
  }

  std::optional<FrameError> deliver(Opcode opcode, std::span<const std::uint8_t> message) {
    if (opcode == Opcode::kText && !is_utf8(message)) {
      return FrameError{kCloseInvalidText, "invalid UTF-8"};
    }
    proceed(visitor_.on_message(opcode, message));
    return std::nullopt;
  }

  std::optional<FrameError> deliver_inflated(Opcode opcode, std::span<const std::uint8_t> payload) {
    std::vector<std::uint8_t> message;
    switch (parser_.inflater_->inflate(payload, parser_.limits_->message_bytes, message)) {
      case InflateStatus::kTooBig:
        return FrameError{kCloseTooBig, "message too big"};
      case InflateStatus::kCorrupt:
        return FrameError{kCloseInvalidText, "invalid deflate data"};
      case InflateStatus::kOk:
        break;
    }
    return deliver(opcode, message);
  }

  std::optional<FrameError> deliver_reassembled() {
    // Taken out first: the parser holds nothing any more while the visitor runs.
    const std::unique_ptr<Partial> held = std::move(parser_.partial_);
    if (held->compressed) {
      return deliver_inflated(held->message_opcode, held->message);
    }
    if (held->message_opcode == Opcode::kText && !held->utf8.at_boundary()) {
      return FrameError{kCloseInvalidText, "invalid UTF-8"};
    }
    proceed(visitor_.on_message(held->message_opcode, held->message));
    return std::nullopt;
  }

  std::optional<FrameError> end_control(Opcode opcode, std::span<const std::uint8_t> payload) {
    release_if_idle();
    if (opcode == Opcode::kPing) {
      proceed(visitor_.on_ping(payload));
    } else if (opcode == Opcode::kPong) {
      proceed(visitor_.on_pong(payload));
    } else {
      return end_close(payload);
    }
    return std::nullopt;
  }

  std::optional<FrameError> end_close(std::span<const std::uint8_t> payload) {
    std::uint16_t code = kCloseNoStatus;
    std::span<const std::uint8_t> reason;
    if (!payload.empty()) {
      if (payload.size() == 1) {
        return protocol_error("malformed close frame");
      }
      code = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
      reason = payload.subspan(2);
      if (!is_sendable_close_code(code)) {
        return protocol_error("invalid close code");
      }
      if (!is_utf8(reason)) {
        return FrameError{kCloseInvalidText, "invalid UTF-8"};
      }
    }
    proceed(false);
    visitor_.on_close(code, as_text(reason));
    return std::nullopt;
  }

  void proceed(bool go_on) { parser_.stopped_ = parser_.stopped_ || !go_on; }

  FrameParser& parser_;
  std::span<std::uint8_t> input_;
  FrameVisitor& visitor_;
};

FrameParser::FrameParser(Role role, const FrameLimits& limits, Inflater* inflater)
    : limits_(&limits), inflater_(inflater), role_(role) {}

FrameParser::FrameParser(FrameParser&&) noexcept = default;
FrameParser& FrameParser::operator=(FrameParser&&) noexcept = default;
FrameParser::~FrameParser() = default;

std::optional<FrameError> FrameParser::feed(std::span<std::uint8_t> input, FrameVisitor& visitor) {
  auto error = Feed(*this, input, visitor).run();
  stopped_ = stopped_ || error.has_value();
  if (stopped_) {
    partial_.reset();
  }
  return error;
}

std::size_t FrameParser::buffered_bytes() const {
  return partial_ == nullptr ? 0 : partial_->message.size() + partial_->control.size();
}

}  // namespace cloudsync::codec::websocket
