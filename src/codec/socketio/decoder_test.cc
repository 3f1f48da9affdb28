#include "codec/socketio/decoder.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::socketio {
namespace {

const DecoderLimits kLimits;

Packet decode(std::string_view text, Role role = Role::kServer) {
  Decoder decoder(role, kLimits);
  auto packet = decoder.decode_text(text);
  EXPECT_TRUE(packet && *packet) << text;
  return packet && *packet ? std::move(**packet) : Packet();
}

/// The error's code, or nothing if the text was accepted.
std::optional<ErrorCode> refusal(std::string_view text, Role role = Role::kServer) {
  Decoder decoder(role, kLimits);
  const auto packet = decoder.decode_text(text);
  return packet ? std::nullopt : std::optional(packet.error().code);
}

std::string json(const Packet& packet) {
  return to_json(packet.data);
}

TEST(SocketIoDecoder, DecodesConnects) {
  EXPECT_EQ(decode("0").type, PacketType::kConnect);
  EXPECT_TRUE(decode("0").data.is_null());
  EXPECT_EQ(decode("0").nsp, "/");
  EXPECT_EQ(json(decode(R"(0{"token":1})")), R"({"token":1})");
  EXPECT_EQ(decode("0/admin").nsp, "/admin");
  EXPECT_EQ(decode("0/admin,").nsp, "/admin");
  EXPECT_EQ(json(decode(R"(0/admin,{"a":1})")), R"({"a":1})");
}

TEST(SocketIoDecoder, NamespaceRunsToTheFirstComma) {
  EXPECT_EQ(decode("0/a?token=1&b").nsp, "/a?token=1&b");
  EXPECT_EQ(decode("2/,[\"e\"]").nsp, "/");
  EXPECT_EQ(refusal("2/a[\"e\"]"), ErrorCode::kBadRequest);
}

TEST(SocketIoDecoder, DecodesEvents) {
  const Packet packet = decode(R"(2/a,17["hi",{"b":[1,"x"]},null])");
  EXPECT_EQ(packet.type, PacketType::kEvent);
  EXPECT_EQ(packet.nsp, "/a");
  EXPECT_EQ(packet.id, 17U);
  EXPECT_EQ(event_name(packet), "hi");
  EXPECT_EQ(json(packet), R"(["hi",{"b":[1,"x"]},null])");
  EXPECT_EQ(decode(R"(2["hi"])").id, std::nullopt);
}

TEST(SocketIoDecoder, NotesLoneSurrogatesAndGoesOn) {
  const Packet packet = decode(R"(27["a","\ud800x"])");
  EXPECT_TRUE(packet.had_lone_surrogates);
  EXPECT_EQ(packet.id, 7U);
  EXPECT_EQ(json(packet), "[\"a\",\"\uFFFDx\"]");
  EXPECT_FALSE(decode(R"(2["a","\ud83d\ude00"])").had_lone_surrogates);
  EXPECT_EQ(refusal(R"(2["a","\ud800x")"), ErrorCode::kBadRequest);
}

TEST(SocketIoDecoder, EventNamesMayBeNumbers) {
  EXPECT_EQ(json(decode("2[5,1]")), "[5,1]");
}

// CVE-2024-38355: "error" is a name like any other.
TEST(SocketIoDecoder, ErrorIsAnOrdinaryEventName) {
  EXPECT_EQ(event_name(decode("2[\"error\"]")), "error");
}

TEST(SocketIoDecoder, RefusesReservedEventNames) {
  for (const char* name : {"connect",
                           "connect_error",
                           "disconnect",
                           "disconnecting",
                           "newListener",
                           "removeListener"}) {
    EXPECT_EQ(refusal("2[\"" + std::string(name) + "\"]"), ErrorCode::kBadRequest) << name;
    EXPECT_EQ(refusal("51-[\"" + std::string(name) + "\",{\"_placeholder\":true,\"num\":0}]"),
              ErrorCode::kBadRequest)
        << name;
  }
}

// CVE-2023-32695: the name is an object with a hostile toString.
TEST(SocketIoDecoder, RefusesEventsWithoutAName) {
  for (const char* text : {"2",
                           "2[]",
                           "2{}",
                           "2\"a\"",
                           "2null",
                           "2[null]",
                           "2[true]",
                           "2[[]]",
                           R"(2[{"toString":"x"}])"}) {
    EXPECT_EQ(refusal(text), ErrorCode::kBadRequest) << text;
  }
}

TEST(SocketIoDecoder, DecodesAcks) {
  const Packet packet = decode("30[1,2]");
  EXPECT_EQ(packet.type, PacketType::kAck);
  EXPECT_EQ(packet.id, 0U);
  EXPECT_EQ(json(packet), "[1,2]");
  EXPECT_EQ(json(decode("3/a,12[]")), "[]");
}

TEST(SocketIoDecoder, RefusesAcksWithoutIdOrArray) {
  for (const char* text : {"3", "3[1]", "31", "31{}", "31\"a\""}) {
    EXPECT_EQ(refusal(text), ErrorCode::kBadRequest) << text;
  }
}

TEST(SocketIoDecoder, DecodesDisconnects) {
  EXPECT_EQ(decode("1").nsp, "/");
  EXPECT_EQ(decode("1/admin,").nsp, "/admin");
  EXPECT_EQ(refusal("1{}"), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal("1null"), ErrorCode::kBadRequest);
}

TEST(SocketIoDecoder, RefusesConnectsWithOtherPayloads) {
  for (const char* text : {"0[]", "01", "0\"a\"", "0null", "0true", "05{}", "0/a,null"}) {
    EXPECT_EQ(refusal(text), ErrorCode::kBadRequest) << text;
  }
}

TEST(SocketIoDecoder, OnlyClientsTakeConnectErrors) {
  EXPECT_EQ(refusal(R"(4{"message":"no"})"), ErrorCode::kBadRequest);
  EXPECT_EQ(json(decode(R"(4{"message":"no"})", Role::kClient)), R"({"message":"no"})");
  EXPECT_EQ(refusal("4", Role::kClient), ErrorCode::kBadRequest);
}

TEST(SocketIoDecoder, RefusesUnknownTypesAndGarbage) {
  for (const char* text : {"",
                           "7",
                           "9[\"a\"]",
                           "a",
                           " 2[\"a\"]",
                           "2x[\"a\"]",
                           "2-1[\"a\"]",
                           "2[\"a\"]x",
                           "2[\"a\"",
                           "2[\"a\",]",
                           "2[\"a\"][\"b\"]",
                           "2[\"\xFF\"]",
                           "21.5[\"a\"]"}) {
    EXPECT_EQ(refusal(text), ErrorCode::kBadRequest) << text;
  }
}

TEST(SocketIoDecoder, BoundsAckIds) {
  EXPECT_EQ(decode("29007199254740991[\"a\"]").id, 9'007'199'254'740'991U);
  EXPECT_EQ(refusal("29007199254740992[\"a\"]"), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal("210000000000000000[\"a\"]"), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal("2" + std::string(900'000, '1') + "[\"a\"]"), ErrorCode::kBadRequest);
}

TEST(SocketIoDecoder, BoundsNamespaces) {
  const std::string longest = "/" + std::string(kLimits.nsp_bytes - 1, 'a');
  EXPECT_EQ(decode("0" + longest).nsp, longest);
  EXPECT_EQ(refusal("0" + longest + "a"), ErrorCode::kTooLarge);
  EXPECT_EQ(refusal("0/" + std::string(100'000, 'a') + ","), ErrorCode::kTooLarge);
}

TEST(SocketIoDecoder, BoundsDepth) {
  const auto nested = [](std::size_t depth) {
    return "2[\"a\"," + std::string(depth, '[') + std::string(depth, ']') + "]";
  };
  EXPECT_EQ(refusal(nested(kLimits.json_depth - 1)), std::nullopt);
  EXPECT_EQ(refusal(nested(kLimits.json_depth)), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal(nested(5'000)), ErrorCode::kBadRequest);
}

TEST(SocketIoDecoder, PrototypeKeysAreOrdinaryKeys) {
  EXPECT_EQ(json(decode(R"(2["a",{"__proto__":{"x":1},"constructor":2}])")),
            R"(["a",{"__proto__":{"x":1},"constructor":2}])");
}

TEST(SocketIoDecoder, CollectsAttachments) {
  Decoder decoder(Role::kServer, kLimits);
  const auto text = decoder.decode_text(
      R"(52-/a,7["e",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]])");
  ASSERT_TRUE(text);
  EXPECT_FALSE(text->has_value());
  EXPECT_TRUE(decoder.waiting());
  ASSERT_FALSE(decoder.decode_binary("zero").value().has_value());
  const auto packet = decoder.decode_binary("").value();
  ASSERT_TRUE(packet);
  EXPECT_FALSE(decoder.waiting());
  EXPECT_EQ(packet->type, PacketType::kBinaryEvent);
  EXPECT_EQ(packet->id, 7U);
  EXPECT_EQ(packet->attachments, (std::vector<std::string>{"zero", ""}));
  EXPECT_EQ(*find_attachment(*packet, packet->data.at(1)), "");
}

TEST(SocketIoDecoder, CollectsBinaryAcks) {
  Decoder decoder(Role::kServer, kLimits);
  ASSERT_TRUE(decoder.decode_text(R"(61-3[{"_placeholder":true,"num":0}])"));
  const auto packet = decoder.decode_binary("x").value();
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->is_ack());
  EXPECT_EQ(packet->id, 3U);
}

TEST(SocketIoDecoder, RefusesTextWhileAttachmentsAreOwed) {
  Decoder decoder(Role::kServer, kLimits);
  ASSERT_TRUE(decoder.decode_text("51-[\"e\"]"));
  EXPECT_FALSE(decoder.decode_text("2[\"e\"]"));
}

TEST(SocketIoDecoder, RefusesAttachmentsThatNobodyAnnounced) {
  Decoder decoder(Role::kServer, kLimits);
  EXPECT_FALSE(decoder.decode_binary("x"));
  ASSERT_TRUE(decoder.decode_text("51-[\"e\"]"));
  ASSERT_TRUE(decoder.decode_binary("x"));
  EXPECT_FALSE(decoder.decode_binary("x"));
}

// CVE-2026-33151, CVE-2026-69185, CVE-2020-36049.
TEST(SocketIoDecoder, BoundsAttachmentCounts) {
  EXPECT_EQ(refusal("510-[\"e\"]"), std::nullopt);
  EXPECT_EQ(refusal("511-[\"e\"]"), ErrorCode::kTooLarge);
  EXPECT_EQ(refusal("50-[\"e\"]"), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal("59999999-[\"e\"]"), ErrorCode::kBadRequest);
  EXPECT_EQ(refusal("5" + std::string(900'000, '9')), ErrorCode::kBadRequest);
  for (const char* text : {"5-[\"e\"]",
                           "5[\"e\"]",
                           "5",
                           "51",
                           "51[\"e\"]",
                           "5+1-[\"e\"]",
                           "51.5-[\"e\"]",
                           "5 1-[\"e\"]",
                           "51-"}) {
    EXPECT_EQ(refusal(text), ErrorCode::kBadRequest) << text;
  }
}

// CVE-2022-2421.
TEST(SocketIoDecoder, RefusesPlaceholdersOutOfRange) {
  for (const char* num :
       {"\"splice\"", "-1", "1000000000", "0.5", "1", "null", "[0]", "{}", "true", "1e400"}) {
    const std::string text =
        "51-[\"e\",{\"a\":[{\"_placeholder\":true,\"num\":" + std::string(num) + "}]}]";
    EXPECT_EQ(refusal(text), ErrorCode::kBadRequest) << num;
  }
  EXPECT_EQ(refusal(R"(51-["e",{"_placeholder":true}])"), ErrorCode::kBadRequest);
}

TEST(SocketIoDecoder, OrdinaryEventsHaveNoPlaceholders) {
  const Packet packet = decode(R"(2["e",{"_placeholder":true,"num":5}])");
  EXPECT_EQ(find_attachment(packet, packet.data.at(1)), nullptr);
}

TEST(SocketIoDecoder, BoundsAttachmentBytes) {
  const DecoderLimits limits{.attachment_bytes = 4};
  Decoder decoder(Role::kServer, limits);
  ASSERT_TRUE(decoder.decode_text("52-[\"e\"]"));
  ASSERT_TRUE(decoder.decode_binary("ab"));
  EXPECT_EQ(decoder.decode_binary("abc").error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(decoder.decode_binary("cd").value().has_value());
}

TEST(SocketIoDecoder, HoldsOnlyAPointerBetweenPackets) {
  static_assert(sizeof(Decoder) <= 24);
}

TEST(SocketIoDecoder, DecodesWhatIsEncoded) {
  const std::vector<std::string_view> args{"1", R"({"a":"\u20ac"})"};
  const Packet packet = decode(encode_event("/n", "ev", args, 9));
  std::string out;
  append_packet(out, packet);
  EXPECT_EQ(decode(out), packet);
}

}  // namespace
}  // namespace cloudsync::codec::socketio
