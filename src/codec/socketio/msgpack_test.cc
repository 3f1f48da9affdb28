#include "codec/socketio/msgpack.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::socketio {
namespace {

const DecoderLimits kLimits{.attachments = 2, .attachment_bytes = 8, .json_depth = 4};

using namespace std::string_literals;

/// {type, nsp: "/", data}, with `data` as MessagePack.
std::string message(char type, std::string_view data) {
  std::string bytes = "\x83\xa4type"s;
  bytes += type;
  bytes +=
      "\xa3nsp\xa1/\xa4"
      "data"s;
  bytes += data;
  return bytes;
}

std::string json_of(std::string_view bytes) {
  const auto packet = decode_msgpack(Role::kServer, kLimits, bytes);
  return packet ? to_json(packet->data) : packet.error().message;
}

/// An event "e" with one argument.
std::string event(std::string_view argument) {
  return message(2,
                 "\x92\xa1"
                 "e"s.append(argument));
}

TEST(MsgpackPacket, ReadsAnEvent) {
  EXPECT_EQ(json_of(event("\x01")), R"(["e",1])");
  EXPECT_EQ(json_of(event("\xc0")), R"(["e",null])");
  EXPECT_EQ(json_of(event("\xcb\x3f\xf8\0\0\0\0\0\0"s)), R"(["e",1.5])");
  EXPECT_EQ(json_of(event("\xcb\x3f\xf0\0\0\0\0\0\0"s)), R"(["e",1])");
  EXPECT_EQ(json_of(event("\xcb\x7f\xf0\0\0\0\0\0\0"s)), R"(["e",null])");
  EXPECT_EQ(json_of(event("\x81\xa1"
                          "a\xa2\xc3\xa4"s)),
            "[\"e\",{\"a\":\"\u00e4\"}]");
}

TEST(MsgpackPacket, ReadsExtensionsAsJavaScriptMeansThem) {
  EXPECT_EQ(json_of(event("\xd4\0\0"s)), R"(["e",null])");  // undefined
  EXPECT_EQ(json_of(event("\xd6\xff\0\0\0\x01"s)), R"(["e","1970-01-01T00:00:01.000Z"])");
  EXPECT_EQ(json_of(event("\xd7\xff\x1d\xcd\x65\0\0\0\0\x01"s)),
            R"(["e","1970-01-01T00:00:01.125Z"])");
}

TEST(MsgpackPacket, KeepsBinaryAsAttachments) {
  const auto packet = decode_msgpack(Role::kServer, kLimits, event("\xc4\x02\x01\xff"s));
  ASSERT_TRUE(packet);
  EXPECT_EQ(to_json(packet->data), R"(["e",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(packet->attachments, std::vector<std::string>{"\x01\xff"});
  EXPECT_EQ(encode_msgpack(*packet), [] {
    std::string bytes =
        "\x83\xa4"
        "data\x92\xa1"
        "e\xc4\x02\x01\xff"s;
    return bytes + "\xa3nsp\xa1/\xa4type\x02"s;
  }());
}

TEST(MsgpackPacket, TakesAnObjectLikeAPlaceholderForWhatItIs) {
  const auto packet = decode_msgpack(Role::kServer, kLimits, event("\x81\xac_placeholder\xc3"));
  ASSERT_TRUE(packet);
  EXPECT_EQ(to_json(packet->data), R"(["e",{"_placeholder":true}])");
  EXPECT_EQ(encode_msgpack(*packet).find("\xc4"), std::string::npos);
}

TEST(MsgpackPacket, RefusesWhatIsMalformed) {
  EXPECT_EQ(json_of(""), "malformed MessagePack");
  EXPECT_EQ(json_of("\x83\xa4type"), "malformed MessagePack");
  EXPECT_EQ(json_of(event("\x01") + "x"), "malformed MessagePack");
  EXPECT_EQ(json_of(event("\xa1\xff")), "text that is not UTF-8");
  EXPECT_EQ(json_of(event("\x92\x81\xac_placeholder\xc3\xc4\0"s)),
            "binary data beside an object that looks like a placeholder");
  EXPECT_EQ(json_of(message(5,
                            "\x91\xa1"
                            "e")),
            "malformed packet");
  EXPECT_EQ(json_of(message(4,
                            "\xa1"
                            "e")),
            "CONNECT_ERROR from a client");
  EXPECT_EQ(json_of(message(2,
                            "\x91\xa7"
                            "connect")),
            "EVENT takes an array that starts with a name");
}

TEST(MsgpackPacket, KeepsItsLimits) {
  EXPECT_EQ(json_of(event("\x91\x91\x91\x01")), "nested too deep");
  EXPECT_EQ(json_of(message(2, std::string(100'000, '\x91'))), "nested too deep");
  EXPECT_EQ(json_of(event("\xc4\x09"
                          "123456789")),
            "too much binary data");
  EXPECT_EQ(json_of(event("\x93\xc4\0\xc4\0\xc4\0"s)), "too much binary data");
}

TEST(MsgpackPacket, IsWrittenAsItIsRead) {
  Packet packet;
  packet.type = PacketType::kAck;
  packet.nsp = "/admin";
  packet.id = 7;
  packet.data = *parse_json(R"([true,-1,1.5,"x",{"k":[null]}])");
  const DecoderLimits limits;
  const auto back = decode_msgpack(Role::kClient, limits, encode_msgpack(packet));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, packet);
}

}  // namespace
}  // namespace cloudsync::codec::socketio
