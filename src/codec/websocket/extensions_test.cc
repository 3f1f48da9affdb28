#include "codec/websocket/extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::codec::websocket {
namespace {

using ::testing::ElementsAre;

http1::Headers headers(const std::vector<std::string>& values) {
  http1::Headers all{{"host", "a"}};
  for (const std::string& value : values) {
    all.push_back({"sec-websocket-extensions", value});
  }
  return all;
}

/// The server's header to a client's, "(none)" if it accepts nothing, "(malformed)".
std::string answer(const std::string& value) {
  const auto offers = parse_extensions(headers({value}));
  if (!offers) {
    return "(malformed)";
  }
  const auto agreement = accept_deflate(*offers);
  return agreement ? deflate_response(*agreement) : "(none)";
}

constexpr const char* kPlain =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(Extensions, AreReadFromAllHeadersInOrder) {
  const auto read = parse_extensions(headers({"a; b=1; c, d", "e;f=\"g\""}));
  ASSERT_TRUE(read);
  EXPECT_THAT(*read,
              ElementsAre(Extension{"a", {{"b", "1"}, {"c", std::nullopt}}},
                          Extension{"d", {}},
                          Extension{"e", {{"f", "g"}}}));
}

TEST(Extensions, MayHaveWhiteSpaceAndQuotes) {
  const auto read = parse_extensions(headers({" a ;\tb = \"1\\0\" "}));
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, ElementsAre(Extension{"a", {{"b", "10"}}}));
}

TEST(Extensions, AreNoneWithoutAHeader) {
  EXPECT_EQ(parse_extensions(headers({}))->size(), 0U);
}

TEST(Extensions, FailTheHandshakeIfMalformed) {
  for (const char* value : {"",
                            ",",
                            "a,",
                            ",a",
                            "a b",
                            "a;",
                            "a; ;b",
                            "a;=1",
                            "a;b=",
                            "a;b=,c",
                            "a;b=\"\"",
                            "a;b=\"1",
                            "a;b=\"1\\",
                            "a;b=\"1 0\"",
                            "a;b=\"1\"0",
                            "a/b",
                            "a;b=\xC3\xA9"}) {
    EXPECT_FALSE(parse_extensions(headers({value}))) << value;
  }
  EXPECT_FALSE(parse_extensions(headers({"a", "b;"})));
}

// GHSA-5v72-xg48-5rpm (names of an object's own), and the runs of white space of CVE-2021-32640.
TEST(Extensions, SurviveWhatBrokeOtherServers) {
  for (const char* value : {"constructor", "__proto__; toString=hasOwnProperty"}) {
    EXPECT_EQ(answer(value), "(none)");
  }
  EXPECT_EQ(answer("permessage-deflate; constructor"), "(none)");
  EXPECT_EQ(answer("permessage-deflate" + std::string(15'000, ' ')), kPlain);
  EXPECT_EQ(answer("permessage-deflate" + std::string(15'000, ' ') + "x"), "(malformed)");
  std::string many = "permessage-deflate";
  for (int i = 0; i < 8'000; ++i) {
    many += ";a";
  }
  EXPECT_EQ(answer(many), "(none)");
}

TEST(Deflate, IsAcceptedWithoutContextTakeover) {
  for (const char* value : {"permessage-deflate",
                            "permessage-deflate; client_max_window_bits",
                            "permessage-deflate; client_max_window_bits=8",
                            "permessage-deflate; client_max_window_bits=\"15\"",
                            "permessage-deflate; server_no_context_takeover",
                            "permessage-deflate; client_no_context_takeover",
                            "x, permessage-deflate"}) {
    EXPECT_EQ(answer(value), kPlain) << value;
  }
}

TEST(Deflate, KeepsItsWindowAsSmallAsTheClientAsks) {
  for (int bits = kWindowBitsMin; bits <= kWindowBitsMax; ++bits) {
    const std::string parameter = "; server_max_window_bits=" + std::to_string(bits);
    EXPECT_EQ(answer("permessage-deflate" + parameter), kPlain + parameter);
  }
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=\"10\""),
            std::string(kPlain) + "; server_max_window_bits=10");
}

TEST(Deflate, IsDeclinedWithAnUnsoundParameter) {
  for (const char* parameter : {"unknown",
                                "server_max_window_bits",
                                "server_max_window_bits=7",
                                "server_max_window_bits=16",
                                "server_max_window_bits=08",
                                "server_max_window_bits=9x",
                                "server_max_window_bits=99999999999999999999",
                                "client_max_window_bits=7",
                                "client_max_window_bits=0x9",
                                "server_no_context_takeover=1",
                                "client_no_context_takeover=true",
                                "Server_No_Context_Takeover",
                                "server_no_context_takeover; server_no_context_takeover",
                                "client_max_window_bits; client_max_window_bits=10",
                                "server_max_window_bits=10; server_max_window_bits=10"}) {
    EXPECT_EQ(answer(std::string("permessage-deflate; ") + parameter), "(none)") << parameter;
  }
  EXPECT_EQ(answer("x-webkit-deflate-frame"), "(none)");
  EXPECT_EQ(answer("Permessage-Deflate"), "(none)");
}

TEST(Deflate, FallsBackToTheNextOffer) {
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=7, "
                   "permessage-deflate; server_max_window_bits=9, permessage-deflate"),
            std::string(kPlain) + "; server_max_window_bits=9");
}

}  // namespace
}  // namespace cloudsync::codec::websocket
