#include "codec/websocket/deflate.h"

#include "base/bytes.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace cloudsync::codec::websocket {
namespace {

using namespace std::string_view_literals;

std::string deflated(std::string_view text, int window_bits = kWindowBitsMax) {
  static Deflater deflater;
  std::string out;
  deflater.deflate(std::array{text}, window_bits, out);
  return out;
}

std::string inflated_by(Inflater& inflater, std::string_view payload, std::size_t limit) {
  std::vector<std::uint8_t> message;
  const InflateStatus status = inflater.inflate(as_bytes(payload), limit, message);
  EXPECT_LE(message.capacity(), limit);
  switch (status) {
    case InflateStatus::kTooBig:
      return "(too big)";
    case InflateStatus::kCorrupt:
      return "(corrupt)";
    case InflateStatus::kOk:
      break;
  }
  return {message.begin(), message.end()};
}

/// The message, or "(too big)" or "(corrupt)"; the same if it fits into the buffer or not.
std::string inflated(std::string_view payload, std::size_t limit = 1'000'000) {
  static Inflater inflater;
  static Inflater small(3);
  const std::string message = inflated_by(inflater, payload, limit);
  EXPECT_TRUE(inflated_by(small, payload, limit) == message) << message.substr(0, 100);
  return message;
}

/// Runs and repetitions at all distances, of `size` bytes.
std::string sample(std::size_t size, std::uint32_t seed) {
  std::minstd_rand random(seed);
  std::string text;
  while (text.size() < size) {
    const std::size_t run = 1 + random() % 300;
    if (random() % 3 == 0 || text.empty()) {
      for (std::size_t i = 0; i < run; ++i) {
        text += static_cast<char>(random() >> 8);
      }
    } else {
      const std::size_t back = 1 + random() % text.size();
      for (std::size_t i = 0; i < run; ++i) {
        text += text[text.size() - back];
      }
    }
  }
  text.resize(size);
  return text;
}

// RFC 7692 section 7.2.3.
TEST(Inflater, ReadsTheExamplesOfTheRfc) {
  EXPECT_EQ(inflated("\xf2\x48\xcd\xc9\xc9\x07\x00"sv), "Hello");
  EXPECT_EQ(inflated("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"sv), "Hello");  // stored
  EXPECT_EQ(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"sv), "Hello");              // BFINAL
  EXPECT_EQ(inflated("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"sv), "Hello");
  EXPECT_EQ(inflated("\x00"sv), "");
}

TEST(Inflater, TakesWhatAFinalBlockLeavesOut) {
  EXPECT_EQ(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00"sv), "Hello");
  EXPECT_EQ(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00"sv), "HelloHello");
}

// Section 7.2.2 puts the tail back before it inflates: the last bytes of a message may come from
// it.
TEST(Inflater, InflatesTheTailAsPartOfTheMessage) {
  EXPECT_EQ(inflated("\x00\x04\x00\xfb\xff"sv), "\x00\x00\xff\xff"sv);
  std::string final_blocks;
  for (int i = 0; i < 1'000; ++i) {
    final_blocks += "\x03\x00\xf3\x48\xcd\xc9\xc9\x07\x00"sv;  // an empty one and one of "Hello"
  }
  EXPECT_EQ(inflated(final_blocks).size(), 5'000U);
}

TEST(Inflater, RejectsWhatIsNoMessage) {
  EXPECT_EQ(inflated(""), "(corrupt)");  // the empty message is one byte (section 7.2.3.6)
  EXPECT_EQ(inflated("\xFF"), "(corrupt)");
  EXPECT_EQ(inflated("\x06"), "(corrupt)");                        // block type 3
  EXPECT_EQ(inflated("\xf2\x48\xcd\xc9"), "(corrupt)");            // cut inside a block
  EXPECT_EQ(inflated("\x00\x05\x00\x00\x00"sv), "(corrupt)");      // length and complement
  EXPECT_EQ(inflated("\x00\xff\x00\x00\xff\x48"sv), "(corrupt)");  // a stored block cut short
  EXPECT_EQ(inflated("\x02\x13\x00"sv), "(corrupt)");              // refers before the start
}

// What a message before left in the state is not there for the next: no context takeover.
TEST(Inflater, KeepsNothingOfTheMessageBefore) {
  EXPECT_EQ(inflated(deflated("Hello")), "Hello");
  EXPECT_EQ(inflated("\xf2\x00\x11\x00\x00"sv), "(corrupt)");  // section 7.2.3.2: a second "Hello"
  EXPECT_EQ(inflated("\xFF"), "(corrupt)");
  EXPECT_EQ(inflated(deflated("Hello")), "Hello");
}

TEST(Inflater, MakesNoMoreThanTheLimit) {
  for (const std::size_t size : {1U, 63U, 64U, 65U, 1'000U, 300'000U}) {
    const std::string payload = deflated(std::string(size, 'a'));
    EXPECT_EQ(inflated(payload, size), std::string(size, 'a'));
    EXPECT_EQ(inflated(payload, size - 1), "(too big)");
  }
  EXPECT_EQ(inflated(deflated(""), 0), "");
}

TEST(Inflater, FindsTheLimitBeforeWhatIsCorruptBehindIt) {
  std::string payload = deflated(std::string(1'000, 'a'));
  payload += "\x06";  // block type 3
  EXPECT_EQ(inflated(payload, 999), "(too big)");
  EXPECT_EQ(inflated(payload, 1'000), "(corrupt)");
}

TEST(Inflater, StopsAtTheLimitOfABomb) {
  const std::string bomb = deflated(std::string(50'000'000, '\0'));
  EXPECT_LT(bomb.size(), 300'000U);
  EXPECT_EQ(inflated(bomb, 100'000), "(too big)");
}

TEST(Deflater, IsReadBackAtEveryWindow) {
  for (int window = kWindowBitsMin; window <= kWindowBitsMax; ++window) {
    for (const std::size_t size : {0U, 1U, 255U, 256U, 1'000U, 100'000U}) {
      const std::string text = sample(size, 7);
      EXPECT_EQ(inflated(deflated(text, window)), text) << window << " bits, " << size << " bytes";
    }
  }
}

// A receiver with a window of that size has to manage: zlib refuses longer distances.
TEST(Deflater, RefersBackNoFurtherThanItsWindow) {
  for (int window = kWindowBitsMin; window <= kWindowBitsMax; ++window) {
    const std::string text = sample(200'000, 11);
    std::string payload = deflated(text, window);
    payload.append("\x00\x00\xFF\xFF", 4);
    z_stream stream{};
    ASSERT_EQ(::inflateInit2(&stream, -window), Z_OK);
    std::string out;
    // Pieces that are smaller than the window make zlib keep it, instead of reading the output.
    std::array<Bytef, 100> piece{};
    stream.next_in = reinterpret_cast<Bytef*>(payload.data());
    stream.avail_in = static_cast<uInt>(payload.size());
    int result = Z_OK;
    while (result == Z_OK && out.size() < text.size()) {
      stream.next_out = piece.data();
      stream.avail_out = piece.size();
      result = ::inflate(&stream, Z_SYNC_FLUSH);
      out.append(reinterpret_cast<char*>(piece.data()), piece.size() - stream.avail_out);
    }
    EXPECT_EQ(out, text) << window;
    ::inflateEnd(&stream);
  }
}

TEST(Deflater, GivesTheSameInPiecesAndAppends) {
  const std::string text = sample(10'000, 3);
  const std::string_view view = text;
  Deflater deflater;
  std::string out = "header";
  deflater.deflate(
      std::array{view.substr(0, 10), ""sv, view.substr(10, 5'000), view.substr(5'010)}, 15, out);
  EXPECT_EQ(inflated(out.substr(6)), text);
  EXPECT_EQ(out.substr(0, 6), "header");
}

TEST(Deflater, KeepsNothingOfTheMessageBefore) {
  const std::string text = sample(1'000, 5);
  EXPECT_EQ(deflated(text), deflated(text));
}

TEST(Deflater, GrowsAnIncompressibleMessageByLessThanIsAllowedFor) {
  std::minstd_rand random(1);
  for (const std::size_t size : {0U, 1U, 1'000U, 70'000U, 500'000U}) {
    std::string noise(size, ' ');
    for (char& byte : noise) {
      byte = static_cast<char>(random() >> 8);
    }
    const std::string payload = deflated(noise);
    EXPECT_LE(payload.size(), size + deflate_overhead(size));
    EXPECT_EQ(inflated(payload), noise);
  }
}

}  // namespace
}  // namespace cloudsync::codec::websocket
