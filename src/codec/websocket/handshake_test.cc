#include "codec/websocket/handshake.h"

#include "base/crypto.h"
#include "codec/http1/request_parser.h"
#include "codec/http1/response_parser.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::websocket {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

http1::Request good_request() {
  http1::Request request;
  request.method = "GET";
  request.target = "/chat";
  request.headers = {{"host", "server.example.com"},
                     {"upgrade", "websocket"},
                     {"connection", "keep-alive, Upgrade"},
                     {"sec-websocket-key", std::string(kKey)},
                     {"sec-websocket-version", "13"}};
  return request;
}

void set(http1::Request& request, std::string_view name, std::string_view value) {
  for (http1::Header& header : request.headers) {
    if (header.name == name) {
      header.value = value;
    }
  }
}

int refusal_with(std::string_view name, std::string_view value) {
  http1::Request request = good_request();
  set(request, name, value);
  const auto refusal = refuse_upgrade(request);
  return refusal ? refusal->status : 0;
}

http1::Response parse_response(const std::string& bytes) {
  http1::ResponseParser parser;
  EXPECT_EQ(parser.feed(as_bytes(bytes)).status, http1::ParseStatus::kComplete);
  return parser.take_response();
}

// RFC 6455 section 1.3.
TEST(WebSocketHandshake, ComputesTheExampleOfTheRfc) {
  EXPECT_EQ(accept_key(kKey), kAccept);
}

TEST(WebSocketHandshake, AcceptsAGoodRequest) {
  EXPECT_EQ(refuse_upgrade(good_request()), std::nullopt);
  EXPECT_EQ(accept_response(good_request()),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(WebSocketHandshake, TokensAreCaseInsensitive) {
  EXPECT_EQ(refusal_with("upgrade", "WebSocket"), 0);
  EXPECT_EQ(refusal_with("connection", "UPGRADE"), 0);
}

TEST(WebSocketHandshake, RefusesAnotherMethodOrVersionOfHttp) {
  http1::Request post = good_request();
  post.method = "POST";
  EXPECT_EQ(refuse_upgrade(post)->status, 400);
  http1::Request old = good_request();
  old.version_minor = 0;
  EXPECT_EQ(refuse_upgrade(old)->status, 400);
}

TEST(WebSocketHandshake, RefusesMissingTokens) {
  EXPECT_EQ(refusal_with("upgrade", "h2c"), 400);
  EXPECT_EQ(refusal_with("connection", "keep-alive"), 400);
}

TEST(WebSocketHandshake, TellsTheVersionItSpeaks) {
  http1::Request request = good_request();
  set(request, "sec-websocket-version", "8");
  const auto refusal = refuse_upgrade(request);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 426);
  EXPECT_EQ(*refusal->find("Sec-WebSocket-Version"), "13");
}

TEST(WebSocketHandshake, RefusesKeysThatAreNotSixteenBytes) {
  for (const char* key : {"",
                          "dGhl",
                          "dGhlIHNhbXBsZSBub25jZQ",
                          "dGhlIHNhbXBsZSBub25jZSE=",
                          "!!hlIHNhbXBsZSBub25jZQ=="}) {
    EXPECT_EQ(refusal_with("sec-websocket-key", key), 400) << key;
  }
}

TEST(WebSocketHandshake, RefusesABody) {
  http1::Request request = good_request();
  request.body = "x";
  EXPECT_EQ(refuse_upgrade(request)->status, 400);
}

TEST(WebSocketHandshake, AnswersTheOfferOfCompression) {
  EXPECT_EQ(*parse_response(accept_response(good_request(), DeflateAgreement{}))
                 .find("sec-websocket-extensions"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
}

TEST(WebSocketHandshake, RefusesMalformedExtensions) {
  http1::Request request = good_request();
  request.headers.push_back({"sec-websocket-extensions", "permessage-deflate; =1"});
  EXPECT_EQ(refuse_upgrade(request)->status, 400);
}

// GHSA-5v72-xg48-5rpm and CVE-2021-32640: the protocols are not even read.
TEST(WebSocketHandshake, IgnoresOtherOffersOfExtensionsAndProtocols) {
  http1::Request request = good_request();
  request.headers.push_back({"sec-websocket-extensions", "constructor"});
  request.headers.push_back({"sec-websocket-protocol", "b" + std::string(5'000, ' ') + "x"});
  EXPECT_EQ(refuse_upgrade(request), std::nullopt);
  EXPECT_EQ(parse_response(accept_response(request)).headers.size(), 3U);
}

TEST(WebSocketHandshake, ServerAcceptsWhatTheClientWrites) {
  const ClientHandshake handshake{
      .host = "a:80", .target = "/x?y", .nonce = {1, 2, 3}, .headers = {{"Origin", "http://a"}}};
  http1::RequestParser parser;
  ASSERT_EQ(parser.feed(as_bytes(client_request(handshake))).status, http1::ParseStatus::kComplete);
  const http1::Request request = parser.take_request();
  EXPECT_TRUE(request.is_upgrade);
  EXPECT_EQ(*request.find("origin"), "http://a");
  EXPECT_EQ(refuse_upgrade(request), std::nullopt);
  EXPECT_TRUE(check_response(parse_response(accept_response(request)), handshake.nonce));
}

TEST(WebSocketHandshake, ClientRefusesOtherAnswers) {
  const std::array<std::uint8_t, 16> nonce{1, 2, 3};
  const http1::Response good{101,
                             {{"upgrade", "websocket"},
                              {"connection", "Upgrade"},
                              {"sec-websocket-accept", accept_key(base64(nonce))}},
                             ""};
  EXPECT_TRUE(check_response(good, nonce));
  for (std::size_t i = 0; i < good.headers.size(); ++i) {
    http1::Response bad = good;
    bad.headers[i].value = "other";
    EXPECT_FALSE(check_response(bad, nonce)) << i;
  }
  http1::Response bad = good;
  bad.status = 200;
  EXPECT_FALSE(check_response(bad, nonce));
  bad = good;
  bad.headers.push_back({"sec-websocket-extensions", "permessage-deflate"});
  EXPECT_FALSE(check_response(bad, nonce));
}

}  // namespace
}  // namespace cloudsync::codec::websocket
