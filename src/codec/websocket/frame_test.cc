#include "codec/websocket/frame.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::websocket {
namespace {

constexpr MaskKey kKey = {0x37, 0xFA, 0x21, 0x3D};

std::string frame(Opcode opcode, std::string_view payload, bool final = true) {
  std::string out;
  append_frame(out, opcode, payload, final);
  return out;
}

// RFC 6455 section 5.7.
TEST(Frame, EncodesTheExamplesOfTheRfc) {
  EXPECT_EQ(frame(Opcode::kText, "Hello"), "\x81\x05Hello");
  EXPECT_EQ(frame(Opcode::kText, "Hel", false), "\x01\x03Hel");
  EXPECT_EQ(frame(Opcode::kContinuation, "lo"), "\x80\x02lo");
  EXPECT_EQ(frame(Opcode::kPing, "Hello"), "\x89\x05Hello");
  std::string masked;
  append_masked_frame(masked, Opcode::kText, "Hello", kKey);
  EXPECT_EQ(masked, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  EXPECT_EQ(frame(Opcode::kBinary, std::string(256, 'x')).substr(0, 4),
            std::string("\x82\x7E\x01\x00", 4));
  EXPECT_EQ(frame(Opcode::kBinary, std::string(65536, 'x')).substr(0, 10),
            std::string("\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST(Frame, UsesTheShortestLengthForm) {
  EXPECT_EQ(frame(Opcode::kText, std::string(125, 'x')).size(), 125U + 2);
  EXPECT_EQ(frame(Opcode::kText, std::string(126, 'x')).size(), 126U + 4);
  EXPECT_EQ(frame(Opcode::kText, std::string(65535, 'x')).size(), 65535U + 4);
  EXPECT_EQ(frame(Opcode::kText, std::string(65536, 'x')).size(), 65536U + 10);
}

TEST(Frame, TellsItsHeader) {
  for (const std::size_t bytes : {0U, 125U, 126U, 65'535U, 65'536U}) {
    const std::string payload(bytes, 'x');
    EXPECT_EQ(
        frame(Opcode::kBinary, payload).substr(frame_header_bytes(frame(Opcode::kBinary, payload))),
        payload);
  }
  EXPECT_EQ(frame_opcode(frame(Opcode::kText, "")), Opcode::kText);
  EXPECT_EQ(frame_opcode(frame(Opcode::kBinary, "")), Opcode::kBinary);
}

TEST(Frame, MaskingTwiceGivesTheOriginalAtEveryOffset) {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::uint64_t offset = 0; offset < 8; ++offset) {
      std::vector<std::uint8_t> data(size);
      for (std::size_t i = 0; i < size; ++i) {
        data[i] = static_cast<std::uint8_t>(i ^ kKey[(offset + i) % 4]);
      }
      apply_mask(data, kKey, offset);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(data[i], i);
      }
    }
  }
}

TEST(CloseFrame, CarriesCodeAndReason) {
  std::string out;
  append_close_frame(out, kCloseTooBig, "big");
  EXPECT_EQ(out,
            "\x88\x05\x03\xF1"
            "big");
}

TEST(CloseFrame, WithoutStatusIsEmpty) {
  EXPECT_EQ(close_payload(kCloseNoStatus, "ignored"), "");
}

TEST(CloseFrame, ReasonIsCutAtACharacter) {
  EXPECT_EQ(close_payload(1000, std::string(200, 'a')).size(), 125U);
  std::string reason(122, 'a');
  reason.append("\xE2\x82\xAC");
  EXPECT_EQ(close_payload(1000, reason).size(), 124U);
}

TEST(CloseCode, OnlyRegisteredOrPrivateCodesAreSent) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999}) {
    EXPECT_TRUE(is_sendable_close_code(static_cast<std::uint16_t>(code))) << code;
  }
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    EXPECT_FALSE(is_sendable_close_code(static_cast<std::uint16_t>(code))) << code;
  }
}

}  // namespace
}  // namespace cloudsync::codec::websocket
