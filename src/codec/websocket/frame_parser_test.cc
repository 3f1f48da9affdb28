#include "codec/websocket/frame_parser.h"

#include "codec/testing.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::websocket {
namespace {

using namespace std::string_view_literals;

constexpr MaskKey kKey = {0x37, 0xFA, 0x21, 0x3D};

/// Writes each event as one line of text.
class Recorder final : public FrameVisitor {
 public:
  bool on_message(Opcode opcode, std::span<const std::uint8_t> payload) override {
    return add(opcode == Opcode::kText ? "text" : "binary", payload);
  }

  bool on_ping(std::span<const std::uint8_t> payload) override { return add("ping", payload); }

  bool on_pong(std::span<const std::uint8_t> payload) override { return add("pong", payload); }

  void on_close(std::uint16_t code, std::string_view reason) override {
    events.push_back("close " + std::to_string(code) + " " + std::string(reason));
  }

  std::vector<std::string> events;
  std::size_t stop_after = SIZE_MAX;

 private:
  bool add(std::string_view kind, std::span<const std::uint8_t> payload) {
    events.push_back(std::string(kind) + " " + std::string(payload.begin(), payload.end()));
    return events.size() < stop_after;
  }
};

struct Outcome {
  std::vector<std::string> events;
  int error = 0;
  bool in_flight = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

struct Options {
  Role role = Role::kServer;
  FrameLimits limits = {};
  std::size_t stop_after = SIZE_MAX;
  bool deflate = false;
};

Outcome run(std::string_view input, const testing::Cut& cut, const Options& options) {
  Inflater inflater;
  FrameParser parser(options.role, options.limits, options.deflate ? &inflater : nullptr);
  Recorder recorder;
  recorder.stop_after = options.stop_after;
  Outcome outcome;
  testing::for_each_piece(input, cut, [&](std::span<std::uint8_t> piece) {
    if (const auto error = parser.feed(piece, recorder)) {
      EXPECT_EQ(outcome.error, 0);
      EXPECT_FALSE(error->reason.empty());
      outcome.error = error->code;
    }
  });
  outcome.events = recorder.events;
  outcome.in_flight = parser.in_flight();
  return outcome;
}

Outcome parse(std::string_view input, const Options& options = {}) {
  const auto cuts = testing::cuts_of(input.size(), input.size() > 10'000 ? 3 : 20);
  const Outcome whole = run(input, cuts[0], options);
  for (const testing::Cut& cut : cuts) {
    EXPECT_EQ(run(input, cut, options), whole);
  }
  return whole;
}

std::string masked(Opcode opcode, std::string_view payload, bool final = true) {
  std::string out;
  append_masked_frame(out, opcode, payload, kKey, final);
  return out;
}

std::string text(std::string_view payload, bool final = true) {
  return masked(Opcode::kText, payload, final);
}

std::string continuation(std::string_view payload, bool final) {
  return masked(Opcode::kContinuation, payload, final);
}

using Events = std::vector<std::string>;

TEST(FrameParser, ReadsTheExamplesOfTheRfc) {
  const Options client{.role = Role::kClient};
  EXPECT_EQ(parse("\x81\x05Hello", client).events, Events{"text Hello"});
  EXPECT_EQ(parse("\x01\x03Hel\x80\x02lo", client).events, Events{"text Hello"});
  EXPECT_EQ(parse("\x89\x05Hello", client).events, Events{"ping Hello"});
  EXPECT_EQ(parse("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").events, Events{"text Hello"});
  EXPECT_EQ(parse("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").events, Events{"pong Hello"});
}

TEST(FrameParser, ReadsEveryLengthForm) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(parse(masked(Opcode::kBinary, payload)).events, Events{"binary " + payload});
  }
}

TEST(FrameParser, ReadsSeveralFramesOfOneInput) {
  EXPECT_EQ(
      parse(text("a") + masked(Opcode::kPing, "") + text("") + masked(Opcode::kPong, "p")).events,
      (Events{"text a", "ping ", "text ", "pong p"}));
}

TEST(FrameParser, ControlFramesMayStandBetweenFragments) {
  const Outcome outcome = parse(text("a", false) + masked(Opcode::kPing, "p") +
                                continuation("", false) + continuation("b", true));
  EXPECT_EQ(outcome.events, (Events{"ping p", "text ab"}));
  EXPECT_FALSE(outcome.in_flight);
}

TEST(FrameParser, RejectsUnmaskedFramesFromClients) {
  EXPECT_EQ(parse("\x81\x05Hello").error, kCloseProtocolError);
}

TEST(FrameParser, RejectsMaskedFramesFromServers) {
  EXPECT_EQ(parse(text("a"), {.role = Role::kClient}).error, kCloseProtocolError);
}

TEST(FrameParser, RejectsReservedBitsAndOpcodes) {
  for (const int first : {0xC1, 0xA1, 0x91, 0xC9, 0x83, 0x87, 0x8B, 0x8F}) {
    std::string frame = text("a");
    frame[0] = static_cast<char>(first);
    EXPECT_EQ(parse(frame).error, kCloseProtocolError) << first;
  }
}

// RFC 7692 section 7.2.3.1.
constexpr std::string_view kCompressedHello = "\xf2\x48\xcd\xc9\xc9\x07\x00"sv;

/// Marks the first frame of `frames` as compressed.
std::string rsv1(std::string frames) {
  frames[0] = static_cast<char>(frames[0] | 0x40);
  return frames;
}

std::string compressed(std::string_view payload) {
  std::string out;
  Deflater().deflate(std::array{payload}, kWindowBitsMax, out);
  return out;
}

constexpr Options kDeflate{.deflate = true};

TEST(FrameParser, InflatesAMessageWholeOrInFragments) {
  EXPECT_EQ(parse(rsv1(text(kCompressedHello)), kDeflate).events, Events{"text Hello"});
  const Outcome outcome =
      parse(rsv1(text(kCompressedHello.substr(0, 3), false)) + masked(Opcode::kPing, "p") +
                continuation(kCompressedHello.substr(3), true) + text("plain"),
            kDeflate);
  EXPECT_EQ(outcome.events, (Events{"ping p", "text Hello", "text plain"}));
  EXPECT_EQ(parse(rsv1(masked(Opcode::kBinary, compressed("\xFF"))), kDeflate).events,
            Events{"binary \xFF"});
}

TEST(FrameParser, RejectsReservedBitsThatBeginNoCompressedMessage) {
  EXPECT_EQ(parse(rsv1(text(kCompressedHello))).error, kCloseProtocolError);
  EXPECT_EQ(parse(rsv1(masked(Opcode::kPing, "")), kDeflate).error, kCloseProtocolError);
  EXPECT_EQ(parse(rsv1(masked(Opcode::kClose, "")), kDeflate).error, kCloseProtocolError);
  EXPECT_EQ(parse(text("a", false) + rsv1(continuation("a", true)), kDeflate).error,
            kCloseProtocolError);
  for (const int bits : {0x20, 0x10, 0x60, 0x50, 0x70}) {
    std::string frame = text(kCompressedHello);
    frame[0] = static_cast<char>(frame[0] | bits);
    EXPECT_EQ(parse(frame, kDeflate).error, kCloseProtocolError) << bits;
  }
}

TEST(FrameParser, ChecksTheTextThatItInflated) {
  EXPECT_EQ(parse(rsv1(text(compressed("a\xFF"))), kDeflate).error, kCloseInvalidText);
  EXPECT_EQ(parse(rsv1(text(compressed("\xE2\x82\xAC"))), kDeflate).events,
            Events{"text \xE2\x82\xAC"});
  EXPECT_EQ(parse(rsv1(text("\xFF")), kDeflate).error, kCloseInvalidText);
}

TEST(FrameParser, BoundsWhatItInflates) {
  Options options = kDeflate;
  options.limits.message_bytes = 1'000;
  const std::string most(1'000, 'a');
  EXPECT_EQ(parse(rsv1(text(compressed(most))), options).events, Events{"text " + most});
  EXPECT_EQ(parse(rsv1(text(compressed(most + "a"))), options).error, kCloseTooBig);
  const std::string bomb = compressed(std::string(1'000'000, 'a'));
  EXPECT_EQ(
      parse(rsv1(text(bomb.substr(0, 500), false)) + continuation(bomb.substr(500), true), options)
          .error,
      kCloseTooBig);
}

// A message of the largest size passes if deflate could not make it smaller.
TEST(FrameParser, TakesAnIncompressibleMessageOfTheLimit) {
  std::minstd_rand random(1);
  std::string noise(100'000, ' ');
  for (char& byte : noise) {
    byte = static_cast<char>(random() >> 8);
  }
  Options options = kDeflate;
  options.limits.message_bytes = noise.size();
  const std::string payload = compressed(noise);
  EXPECT_GT(payload.size(), noise.size());
  EXPECT_EQ(parse(rsv1(masked(Opcode::kBinary, payload)), options).events,
            Events{"binary " + noise});
  EXPECT_EQ(parse(rsv1(masked(Opcode::kBinary, std::string(101'000, 'x'))), options).error,
            kCloseTooBig);
}

TEST(FrameParser, RejectsFragmentedAndLongControlFrames) {
  EXPECT_EQ(parse(masked(Opcode::kPing, "", false)).error, kCloseProtocolError);
  EXPECT_EQ(parse(masked(Opcode::kPing, std::string(126, 'a'))).error, kCloseProtocolError);
  EXPECT_EQ(parse(masked(Opcode::kPing, std::string(125, 'a'))).events,
            Events{"ping " + std::string(125, 'a')});
}

TEST(FrameParser, RejectsMisplacedContinuations) {
  EXPECT_EQ(parse(continuation("a", true)).error, kCloseProtocolError);
  EXPECT_EQ(parse(text("a") + continuation("a", true)).error, kCloseProtocolError);
  EXPECT_EQ(parse(text("a", false) + text("b")).error, kCloseProtocolError);
}

TEST(FrameParser, RejectsLengthsThatAreNotMinimalOrNegative) {
  const std::string key("\0\0\0\0", 4);
  EXPECT_EQ(parse(std::string("\x82\xFE\x00\x7D", 4) + key).error, kCloseProtocolError);
  EXPECT_EQ(parse(std::string("\x82\xFF\0\0\0\0\0\0\xFF\xFF", 10) + key).error,
            kCloseProtocolError);
  EXPECT_EQ(parse(std::string("\x82\xFF\x80\0\0\0\0\0\0\0", 10) + key).error, kCloseProtocolError);
}

TEST(FrameParser, RejectsDeclaredLengthsBeforeThePayload) {
  const FrameLimits limits{.message_bytes = 200};
  EXPECT_EQ(parse(text(std::string(200, 'a')), {.limits = limits}).error, 0);
  EXPECT_EQ(parse(text(std::string(201, 'a')).substr(0, 8), {.limits = limits}).error,
            kCloseTooBig);
  // CVE-2016-10542: half an exabyte.
  EXPECT_EQ(parse(std::string("\x82\xFF\x07\0\0\0\0\0\0\0abcd", 14)).error, kCloseTooBig);
}

TEST(FrameParser, RejectsFragmentsThatTogetherAreTooLong) {
  const Options options{.limits = {.message_bytes = 4}};
  EXPECT_EQ(parse(text("ab", false) + continuation("cd", true), options).events,
            Events{"text abcd"});
  EXPECT_EQ(parse(text("ab", false) + continuation("cde", true), options).error, kCloseTooBig);
}

TEST(FrameParser, RejectsTooManyFragmentsEvenEmptyOnes) {
  const Options options{.limits = {.fragments = 3}};
  const std::string empty = continuation("", false);
  EXPECT_EQ(parse(text("", false) + empty + continuation("", true), options).events,
            Events{"text "});
  EXPECT_EQ(parse(text("", false) + empty + empty + empty, options).error, kClosePolicy);
}

TEST(FrameParser, ControlFramesAreNotFragments) {
  const Options options{.limits = {.fragments = 2}};
  const std::string ping = masked(Opcode::kPing, "");
  EXPECT_EQ(parse(text("a", false) + ping + ping + ping + continuation("b", true), options).error,
            0);
}

TEST(FrameParser, RejectsInvalidText) {
  EXPECT_EQ(parse(text("a\xFF")).error, kCloseInvalidText);
  EXPECT_EQ(parse(text("\xE2\x82")).error, kCloseInvalidText);
  EXPECT_EQ(parse(text("\xED\xA0\x80")).error, kCloseInvalidText);
  EXPECT_EQ(parse(masked(Opcode::kBinary, "a\xFF")).error, 0);
}

TEST(FrameParser, AcceptsCharactersCutByFragments) {
  EXPECT_EQ(
      parse(text("\xE2", false) + continuation("\x82", false) + continuation("\xAC", true)).events,
      Events{"text \xE2\x82\xAC"});
}

TEST(FrameParser, RejectsInvalidTextAcrossFragments) {
  EXPECT_EQ(parse(text("\xE2", false) + continuation("a", false)).error, kCloseInvalidText);
  EXPECT_EQ(parse(text("a", false) + continuation("\xE2", true)).error, kCloseInvalidText);
}

TEST(FrameParser, RejectsInvalidTextBeforeTheFrameEnds) {
  EXPECT_EQ(parse(text("ab\xFF" + std::string(1000, 'a')).substr(0, 12)).error, kCloseInvalidText);
}

TEST(FrameParser, ReadsCloseFrames) {
  EXPECT_EQ(parse(masked(Opcode::kClose, "")).events, Events{"close 1005 "});
  EXPECT_EQ(parse(masked(Opcode::kClose, "\x03\xE8")).events, Events{"close 1000 "});
  EXPECT_EQ(parse(masked(Opcode::kClose, "\x0F\xA0why")).events, Events{"close 4000 why"});
}

TEST(FrameParser, RejectsMalformedCloseFrames) {
  EXPECT_EQ(parse(masked(Opcode::kClose, "\x03")).error, kCloseProtocolError);
  EXPECT_EQ(parse(masked(Opcode::kClose, "\x03\xED")).error, kCloseProtocolError);
  EXPECT_EQ(parse(masked(Opcode::kClose, std::string("\x00\x00", 2))).error, kCloseProtocolError);
  EXPECT_EQ(parse(masked(Opcode::kClose, "\x03\xE8\xFF")).error, kCloseInvalidText);
}

TEST(FrameParser, IgnoresWhatFollowsACloseFrame) {
  const Outcome outcome = parse(masked(Opcode::kClose, "") + text("a") + "\xFF\xFF");
  EXPECT_EQ(outcome.events, Events{"close 1005 "});
  EXPECT_EQ(outcome.error, 0);
  EXPECT_FALSE(outcome.in_flight);
}

TEST(FrameParser, IgnoresWhatFollowsAStop) {
  EXPECT_EQ(parse(text("a") + text("b") + text("c"), {.stop_after = 2}).events,
            (Events{"text a", "text b"}));
}

TEST(FrameParser, DeliversAWholeFrameFromTheInput) {
  class Pointer final : public FrameVisitor {
   public:
    bool on_message(Opcode, std::span<const std::uint8_t> payload) override {
      data = payload.data();
      return true;
    }

    bool on_ping(std::span<const std::uint8_t>) override { return true; }

    bool on_pong(std::span<const std::uint8_t>) override { return true; }

    void on_close(std::uint16_t, std::string_view) override {}

    const std::uint8_t* data = nullptr;
  };

  const std::string frame = text("hello");
  std::vector<std::uint8_t> input(frame.begin(), frame.end());
  const FrameLimits limits;
  FrameParser parser(Role::kServer, limits);
  Pointer visitor;
  EXPECT_FALSE(parser.feed(input, visitor));
  EXPECT_EQ(visitor.data, input.data() + 6);
}

TEST(FrameParser, HoldsNothingBetweenMessages) {
  static_assert(sizeof(FrameParser) <= 32);
  EXPECT_FALSE(parse(text("a") + masked(Opcode::kPing, "b")).in_flight);
  EXPECT_FALSE(parse(text("a", false) + continuation("b", true)).in_flight);
  EXPECT_TRUE(parse(text("a", false)).in_flight);
  EXPECT_TRUE(parse("\x81").in_flight);
}

// An announced megabyte costs memory only as it arrives.
TEST(FrameParser, BuffersOnlyWhatArrived) {
  const FrameLimits limits;
  FrameParser parser(Role::kServer, limits);
  Recorder recorder;
  const std::string frame = text(std::string(900'000, 'a')).substr(0, 24);
  std::vector<std::uint8_t> input(frame.begin(), frame.end());
  EXPECT_FALSE(parser.feed(input, recorder));
  EXPECT_EQ(parser.buffered_bytes(), 10U);
}

TEST(FrameParser, SurvivesAPingFloodInsideAMessage) {
  std::string input = text("a", false);
  for (int i = 0; i < 10'000; ++i) {
    input += masked(Opcode::kPing, "p");
  }
  input += continuation("b", true);
  EXPECT_EQ(parse(input).events.size(), 10'001U);
}

}  // namespace
}  // namespace cloudsync::codec::websocket
