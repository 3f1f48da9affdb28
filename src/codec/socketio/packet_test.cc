#include "codec/socketio/packet.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::socketio {
namespace {

using Args = std::vector<std::string_view>;

std::string text_of(const Packet& packet) {
  std::string out;
  append_packet(out, packet);
  return out;
}

TEST(SocketIoPacket, EncodesEvents) {
  EXPECT_EQ(encode_event("/", "hi", {}), R"(2["hi"])");
  EXPECT_EQ(encode_event("/", "hi", Args{"1", "{\"a\":2}"}), R"(2["hi",1,{"a":2}])");
  EXPECT_EQ(encode_event("/admin", "hi", Args{"null"}, 12), R"(2/admin,12["hi",null])");
  EXPECT_EQ(encode_event("/", "a\"b", {}), R"(2["a\"b"])");
}

TEST(SocketIoPacket, EncodesAcks) {
  EXPECT_EQ(encode_ack("/", 0, {}), "30[]");
  EXPECT_EQ(encode_ack("/a", 7, Args{"1", "\"x\""}), R"(3/a,7[1,"x"])");
}

TEST(SocketIoPacket, AppendsBehindWhatIsThere) {
  std::string out = "4";
  append_event(out, "/", "hi", {});
  EXPECT_EQ(out, R"(42["hi"])");
}

TEST(SocketIoPacket, EncodesConnects) {
  std::string out;
  append_connect(out, "/");
  append_connect(out, "/admin", R"({"sid":"x"})");
  append_disconnect(out, "/");
  append_disconnect(out, "/admin");
  EXPECT_EQ(out, R"(00/admin,{"sid":"x"}11/admin,)");
}

TEST(SocketIoPacket, EncodesConnectErrors) {
  std::string out;
  append_connect_error(out, "/random", "Invalid namespace");
  EXPECT_EQ(out, R"(4/random,{"message":"Invalid namespace"})");
  out.clear();
  append_connect_error(out, "/", "no", R"({"code":1})");
  EXPECT_EQ(out, R"(4{"message":"no","data":{"code":1}})");
}

TEST(SocketIoPacket, EncodesBinaryEvents) {
  Packet packet;
  packet.type = PacketType::kBinaryEvent;
  packet.nsp = "/a";
  packet.id = 3;
  packet.data = parse_json(R"(["e",{"_placeholder":true,"num":0}])").value();
  packet.attachments = {"bytes"};
  EXPECT_EQ(text_of(packet), R"(51-/a,3["e",{"_placeholder":true,"num":0}])");
}

TEST(SocketIoPacket, FindsAttachmentsOfPlaceholders) {
  Packet packet;
  packet.attachments = {"zero", "one"};
  const auto find = [&packet](std::string_view json) {
    return find_attachment(packet, parse_json(json).value());
  };
  EXPECT_EQ(*find(R"({"_placeholder":true,"num":1})"), "one");
  EXPECT_EQ(find(R"({"_placeholder":true,"num":2})"), nullptr);
  EXPECT_EQ(find(R"({"_placeholder":false,"num":1})"), nullptr);
  EXPECT_EQ(find(R"({"num":1})"), nullptr);
  EXPECT_EQ(find("1"), nullptr);
  packet.attachments.clear();
  EXPECT_EQ(find(R"({"_placeholder":true,"num":0})"), nullptr);
}

TEST(SocketIoPacket, NameIsTheFirstStringOfAnEvent) {
  Packet packet;
  EXPECT_EQ(event_name(packet), std::nullopt);
  packet.data = parse_json("[1]").value();
  EXPECT_EQ(event_name(packet), std::nullopt);
  packet.data = parse_json(R"(["hi"])").value();
  EXPECT_EQ(event_name(packet), "hi");
}

}  // namespace
}  // namespace cloudsync::codec::socketio
