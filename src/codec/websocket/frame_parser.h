#pragma once
// Incremental WebSocket frame parser (RFC 6455 section 5) that reassembles messages, and inflates
// them if permessage-deflate was negotiated (RFC 7692). Strict, bounded, and small while idle: one
// with nothing in flight is 32 bytes without a buffer, and a new one will do as well. The events
// and the error are the same however the input is cut.

#include "codec/websocket/deflate.h"
#include "codec/websocket/frame.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace cloudsync::codec::websocket {

/// Who owns the parser: a server requires masked frames, a client refuses them (section 5.1).
enum class Role : std::uint8_t { kServer, kClient };

struct FrameLimits {
  /// One message after reassembly and inflation. A larger declared length is 1009 before anything
  /// is stored, and a message that inflates to more is 1009 as soon as it does.
  std::size_t message_bytes = 1'000'000;
  /// Frames of one message, empty ones too (CVE-2026-48779); above it 1008.
  std::size_t fragments = 4'096;
};

/// Receives what a parser finds. The views die when the call returns; they may point into the
/// input. Each returns whether to go on: after false the parser drops the rest of the input and all
/// that follows. A callback must not destroy the parser.
class FrameVisitor {
 public:
  virtual ~FrameVisitor() = default;
  /// A whole message. `opcode` is kText (then `payload` is valid UTF-8) or kBinary.
  virtual bool on_message(Opcode opcode, std::span<const std::uint8_t> payload) = 0;
  virtual bool on_ping(std::span<const std::uint8_t> payload) = 0;
  virtual bool on_pong(std::span<const std::uint8_t> payload) = 0;
  /// The peer closes; `code` is kCloseNoStatus if it gave none. Input behind a close is dropped.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
};

/// Why a connection must be closed: the code for the close frame and a phrase for it and the log.
struct FrameError {
  std::uint16_t code = kCloseProtocolError;
  std::string_view reason;

  friend bool operator==(const FrameError&, const FrameError&) = default;
};

class FrameParser {
 public:
  /// `limits` outlives the parser, and so does `inflater`: null if permessage-deflate was not
  /// negotiated, else one that other parsers of the thread may share. A compressed message is kept
  /// as it came and inflated when it is whole: until then nobody's few bytes are many of ours.
  FrameParser(Role role, const FrameLimits& limits, Inflater* inflater = nullptr);
  FrameParser(FrameParser&&) noexcept;
  FrameParser& operator=(FrameParser&&) noexcept;
  ~FrameParser();

  /// Consumes all of `input`, which it unmasks in place, and calls `visitor` for each message or
  /// control frame that it completes. A message that came in one frame and is whole in `input` is
  /// delivered from there, without a copy. Errors: 1002 protocol, 1007 invalid UTF-8 (at the first
  /// bad byte, across fragments; in a compressed text when it is whole) or deflate data (which is
  /// "not consistent with the type of the message", section 7.4.1), 1008 too many fragments, 1009
  /// too big. After an error, a close frame or a visitor's false, input is ignored.
  std::optional<FrameError> feed(std::span<std::uint8_t> input, FrameVisitor& visitor);

  /// Whether part of a frame or message is held: the peer owes the rest. If none is and the stream
  /// is not stopped, another parser goes on as well.
  bool in_flight() const { return partial_ != nullptr; }

  /// Bytes of payload held for the message in flight.
  std::size_t buffered_bytes() const;

  /// Whether an error, a close frame or the visitor ended the stream.
  bool stopped() const { return stopped_; }

 private:
  struct Partial;
  class Feed;

  const FrameLimits* limits_;
  Inflater* inflater_;
  std::unique_ptr<Partial> partial_;
  Role role_;
  bool stopped_ = false;
};

}  // namespace cloudsync::codec::websocket
