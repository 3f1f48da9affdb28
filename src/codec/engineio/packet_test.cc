#include "codec/engineio/packet.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::engineio {
namespace {

/// Each packet as a line ("4hello", "b:bytes"), "error" if the payload has one.
std::vector<std::string> read(std::string_view payload) {
  std::vector<std::string> lines;
  PayloadReader reader(payload);
  while (true) {
    const auto packet = reader.next();
    if (!packet) {
      lines.emplace_back("error");
      EXPECT_FALSE(reader.next().value().has_value());
      return lines;
    }
    if (!*packet) {
      return lines;
    }
    lines.push_back((*packet)->binary ? "b:" : std::string(1, static_cast<char>((*packet)->type)));
    lines.back() += (*packet)->data;
  }
}

using Lines = std::vector<std::string>;

TEST(EngineIoPacket, DecodesEachType) {
  for (const char type : {'0', '1', '2', '3', '4', '5', '6'}) {
    const std::string message = std::string(1, type) + "data";
    const auto packet = decode_text(message);
    ASSERT_TRUE(packet);
    EXPECT_EQ(*packet, (Packet{static_cast<PacketType>(type), false, "data"}));
  }
}

TEST(EngineIoPacket, DecodesAMessageWithoutData) {
  EXPECT_EQ(decode_text("4")->data, "");
}

TEST(EngineIoPacket, RefusesEmptyAndUnknown) {
  for (const char* message : {"", "7", "b", "bAAAA", " 4", "\xFF", "a"}) {
    EXPECT_FALSE(decode_text(message)) << message;
  }
}

TEST(EngineIoPacket, TextRoundTrips) {
  std::string out;
  append_text(out, PacketType::kPong, "probe");
  EXPECT_EQ(out, "3probe");
}

TEST(EngineIoPacket, BinaryIsAMessage) {
  EXPECT_EQ(decode_binary("1a"), (Packet{PacketType::kMessage, true, "1a"}));
}

TEST(EngineIoPayload, ReadsPacketsInOrder) {
  EXPECT_EQ(read("4hello"), Lines{"4hello"});
  EXPECT_EQ(read("4hello\x1e"
                 "2\x1e"
                 "bAQID\x1e"
                 "4\xE2\x82\xAC"),
            (Lines{"4hello", "2", "b:\x01\x02\x03", "4\xE2\x82\xAC"}));
}

TEST(EngineIoPayload, EmptyElementsAreErrors) {
  EXPECT_EQ(read(""), Lines{"error"});
  EXPECT_EQ(read("4a\x1e"), (Lines{"4a", "error"}));
  EXPECT_EQ(read("\x1e"
                 "4a"),
            Lines{"error"});
  EXPECT_EQ(read("4a\x1e\x1e"
                 "4b"),
            (Lines{"4a", "error"}));
}

TEST(EngineIoPayload, PacketsBeforeABadOneAreRead) {
  EXPECT_EQ(read("4a\x1e"
                 "xyz\x1e"
                 "4b"),
            (Lines{"4a", "error"}));
}

TEST(EngineIoPayload, Base64IsStrict) {
  for (const char* bad : {"bAQI", "bAQID=", "bA===", "bAQ I", "bAQ-_", "b\xC3\xA9==", "bAQIDBA"}) {
    EXPECT_EQ(read(bad), Lines{"error"}) << bad;
  }
  EXPECT_EQ(read("b"), Lines{"b:"});
  EXPECT_EQ(read("bAQI="), Lines{"b:\x01\x02"});
}

TEST(EngineIoPayload, InvalidUtf8IsAnError) {
  EXPECT_EQ(read("4\xFF"), Lines{"error"});
  EXPECT_EQ(read("4a\x1e"
                 "4\xE2\x82"),
            (Lines{"4a", "error"}));
}

TEST(EngineIoPayload, ReadsAMegabyteOfTinyPackets) {
  std::string payload = "6";
  for (int i = 0; i < 500'000; ++i) {
    payload +=
        "\x1e"
        "6";
  }
  EXPECT_EQ(read(payload).size(), 500'001U);
}

TEST(EngineIoPayload, WritesWhatItReads) {
  std::string payload;
  append_to_payload(payload, {PacketType::kMessage, false, "a"});
  append_to_payload(payload, {PacketType::kMessage, true, "\x01\x02"});
  append_to_payload(payload, {PacketType::kClose, false, ""});
  EXPECT_EQ(payload,
            "4a\x1e"
            "bAQI=\x1e"
            "1");
  EXPECT_EQ(read(payload), (Lines{"4a", "b:\x01\x02", "1"}));
}

TEST(EngineIoPayload, SizeIsWhatAppendingAdds) {
  for (const std::string_view data : {"", "a", "ab", "abc", "abcd"}) {
    for (const bool binary : {false, true}) {
      std::string payload = "6";
      append_to_payload(payload, {PacketType::kMessage, binary, data});
      EXPECT_EQ(payload.size() - 1, payload_size({PacketType::kMessage, binary, data}));
    }
  }
}

TEST(EngineIoHandshake, HasExactlyTheFiveKeys) {
  EXPECT_EQ(
      encode_handshake({"abc", {"websocket"}, 25'000, 20'000, 1'000'000}),
      R"({"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
  EXPECT_EQ(encode_handshake({"abc", {}, 1, 2, 3}),
            R"({"sid":"abc","upgrades":[],"pingInterval":1,"pingTimeout":2,"maxPayload":3})");
}

TEST(EngineIoHandshake, RoundTrips) {
  const Handshake handshake{"a\"b", {"websocket", "webtransport"}, 300, 200, 1000};
  EXPECT_EQ(parse_handshake(encode_handshake(handshake)).value(), handshake);
}

TEST(EngineIoHandshake, MaxPayloadMayBeAbsent) {
  EXPECT_EQ(
      parse_handshake(R"({"sid":"a","upgrades":[],"pingInterval":1,"pingTimeout":2})")->max_payload,
      0U);
}

TEST(EngineIoHandshake, RefusesMalformedText) {
  for (const char* json : {"",
                           "[]",
                           "{}",
                           R"({"sid":1,"upgrades":[],"pingInterval":1,"pingTimeout":2})",
                           R"({"sid":"","upgrades":[],"pingInterval":1,"pingTimeout":2})",
                           R"({"sid":"a","upgrades":[1],"pingInterval":1,"pingTimeout":2})",
                           R"({"sid":"a","upgrades":[],"pingInterval":-1,"pingTimeout":2})",
                           R"({"sid":"a","upgrades":[],"pingInterval":1})"}) {
    EXPECT_FALSE(parse_handshake(json)) << json;
  }
}

TEST(EngineIoRefusal, HasTheReferenceServersWords) {
  EXPECT_EQ(refusal_json(RefusalCode::kTransportUnknown),
            R"({"code":0,"message":"Transport unknown"})");
  EXPECT_EQ(refusal_json(RefusalCode::kSessionUnknown),
            R"({"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(refusal_json(RefusalCode::kBadHandshakeMethod),
            R"({"code":2,"message":"Bad handshake method"})");
  EXPECT_EQ(refusal_json(RefusalCode::kBadRequest), R"({"code":3,"message":"Bad request"})");
  EXPECT_EQ(refusal_json(RefusalCode::kForbidden, "no \"entry\""),
            R"({"code":4,"message":"no \"entry\""})");
  EXPECT_EQ(refusal_json(RefusalCode::kUnsupportedProtocol),
            R"({"code":5,"message":"Unsupported protocol version"})");
}

TEST(EngineIoRefusal, OnlyForbiddenIs403) {
  EXPECT_EQ(refusal_status(RefusalCode::kForbidden), 403);
  EXPECT_EQ(refusal_status(RefusalCode::kSessionUnknown), 400);
}

}  // namespace
}  // namespace cloudsync::codec::engineio
