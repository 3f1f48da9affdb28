#include "codec/http1/request_parser.h"

#include "base/crypto.h"
#include "codec/testing.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::http1 {
namespace {

/// What a parser made of an input: the requests, how many bytes were left over, and the error.
struct Outcome {
  std::vector<Request> requests;
  std::string left;
  int status = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome run(std::string_view input, const testing::Cut& cut, RequestLimits limits, bool one) {
  RequestParser parser(limits);
  Outcome outcome;
  testing::for_each_piece(input, cut, [&](std::span<const std::uint8_t> piece) {
    while (outcome.status == 0) {
      if (one && !outcome.requests.empty()) {
        outcome.left.append(piece.begin(), piece.end());
        return;
      }
      const FeedResult result = parser.feed(piece);
      piece = piece.subspan(result.consumed);
      if (result.status == ParseStatus::kNeedMore) {
        EXPECT_TRUE(piece.empty());
        return;
      }
      if (result.status == ParseStatus::kError) {
        outcome.status = parser.error_status();
      } else if (result.status == ParseStatus::kComplete) {
        outcome.requests.push_back(parser.take_request());
      }
    }
  });
  return outcome;
}

Outcome parse(std::string_view input, RequestLimits limits = {}, bool one = false) {
  const auto cuts = testing::cuts_of(input.size(), 20);
  const Outcome whole = run(input, cuts[0], limits, one);
  for (const testing::Cut& cut : cuts) {
    EXPECT_EQ(run(input, cut, limits, one), whole) << input;
  }
  return whole;
}

Request parse_one(std::string_view input) {
  Outcome outcome = parse(input);
  EXPECT_EQ(outcome.status, 0) << input;
  EXPECT_EQ(outcome.requests.size(), 1U) << input;
  return outcome.requests.empty() ? Request() : outcome.requests[0];
}

int status_of(std::string_view input, RequestLimits limits = {}) {
  return parse(input, limits).status;
}

std::string get(std::string_view headers) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}

std::string post_chunked(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

TEST(RequestParser, ReadsARequestWithoutBody) {
  const Request request = parse_one(
      "GET /socket.io/?EIO=4&t=a%20b HTTP/1.1\r\nHost: example.org:80\r\nX-A:  b c \t\r\n\r\n");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path(), "/socket.io/");
  EXPECT_EQ(request.query(), "EIO=4&t=a%20b");
  EXPECT_EQ(*request.find("host"), "example.org:80");
  EXPECT_EQ(*request.find("x-a"), "b c");
  EXPECT_EQ(request.find("x-b"), nullptr);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_FALSE(request.is_upgrade);
}

TEST(RequestParser, ReadsABodyOfKnownLength) {
  const Request request = parse_one("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(request.body, "hello");
}

TEST(RequestParser, ReadsAChunkedBodyWithExtensionAndTrailer) {
  EXPECT_EQ(
      parse_one(post_chunked("5;a=\"b\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX-T: v\r\n\r\n"))
          .body,
      "hello0123456789");
  EXPECT_EQ(parse_one(post_chunked("0\r\n\r\n")).body, "");
}

TEST(RequestParser, ReadsPipelinedRequestsOneByOne) {
  const Outcome outcome = parse(
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\nGET /2 HTTP/1.1\r\nHost: "
      "a\r\n\r\n");
  ASSERT_EQ(outcome.requests.size(), 2U);
  EXPECT_EQ(outcome.requests[0].body, "ab");
  EXPECT_EQ(outcome.requests[1].target, "/2");
}

TEST(RequestParser, LeavesBytesBehindAnUpgradeAlone) {
  const std::string upgrade = get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n");
  const Outcome outcome = parse(upgrade + "\x81\x80\x01\x02\x03\x04", {}, true);
  ASSERT_EQ(outcome.requests.size(), 1U);
  EXPECT_TRUE(outcome.requests[0].is_upgrade);
  EXPECT_EQ(outcome.left, "\x81\x80\x01\x02\x03\x04");
}

TEST(RequestParser, StopsAtTheHeadIfABodyFollows) {
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  RequestParser parser;
  const FeedResult result = parser.feed(as_bytes(head + "abc"));
  EXPECT_EQ(result, (FeedResult{ParseStatus::kHeadComplete, head.size()}));
  EXPECT_TRUE(parser.request().expects_continue);
  EXPECT_EQ(parser.feed(as_bytes("abcd")), (FeedResult{ParseStatus::kComplete, 3}));
  EXPECT_EQ(parser.take_request().body, "abc");
  EXPECT_TRUE(parser.idle());
}

TEST(RequestParser, BodyLimitCanBeChangedAtTheHead) {
  RequestParser parser;
  ASSERT_EQ(parser.feed(as_bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")).status,
            ParseStatus::kHeadComplete);
  parser.set_body_limit(2);
  EXPECT_EQ(parser.feed({}).status, ParseStatus::kError);
  EXPECT_EQ(parser.error_status(), 413);
}

TEST(RequestParser, StaysInError) {
  RequestParser parser;
  EXPECT_EQ(parser.feed(as_bytes("\n")).status, ParseStatus::kError);
  EXPECT_EQ(parser.feed(as_bytes(get(""))), (FeedResult{ParseStatus::kError, 0}));
}

TEST(RequestParser, KeepAliveFollowsVersionAndConnection) {
  EXPECT_FALSE(parse_one(get("Connection: close\r\n")).keep_alive);
  EXPECT_FALSE(parse_one("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse_one("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(RequestParser, Http10NeverUpgrades) {
  EXPECT_FALSE(
      parse_one("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").is_upgrade);
}

TEST(RequestParser, UpgradeNeedsBothHeaders) {
  EXPECT_FALSE(parse_one(get("Upgrade: websocket\r\n")).is_upgrade);
  EXPECT_FALSE(parse_one(get("Connection: upgrade\r\n")).is_upgrade);
}

TEST(RequestParser, SkipsEmptyLinesBeforeTheRequest) {
  EXPECT_EQ(parse_one("\r\n\r\n" + get("")).target, "/");
}

TEST(RequestParser, AbsoluteTargetMustAgreeWithHost) {
  EXPECT_EQ(parse_one("GET http://A/x?y HTTP/1.1\r\nHost: a\r\n\r\n").target, "/x?y");
  EXPECT_EQ(parse_one("GET https://a?y HTTP/1.1\r\nHost: a\r\n\r\n").target, "/?y");
  EXPECT_EQ(status_of("GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesOtherTargetForms) {
  EXPECT_EQ(status_of("GET x HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(parse_one("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").target, "*");
  EXPECT_EQ(status_of("GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesMalformedRequestLines) {
  for (const char* line : {"GET",
                           "GET /",
                           "GET  / HTTP/1.1",
                           "GET / HTTP/1.1 ",
                           " GET / HTTP/1.1",
                           "G(T / HTTP/1.1",
                           "GET / http/1.1",
                           "GET / HTTP/1",
                           "GET / HTTP/1.x",
                           "GET\t/ HTTP/1.1",
                           "/ HTTP/1.1"}) {
    EXPECT_EQ(status_of(std::string(line) + "\r\nHost: a\r\n\r\n"), 400) << line;
  }
}

TEST(RequestParser, RefusesOtherVersions) {
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST(RequestParser, RefusesAmbiguousLengths) {
  EXPECT_EQ(status_of(get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of(get("Content-Length: 1\r\nContent-Length: 1\r\n")), 400);
  EXPECT_EQ(status_of(get("Content-Length: 1, 1\r\n")), 400);
  EXPECT_EQ(status_of(get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesMalformedLengths) {
  for (const char* length : {"", "-1", "+1", "0x1", "1a", "9223372036854775808", "1 1"}) {
    EXPECT_EQ(status_of(get("Content-Length: " + std::string(length) + "\r\n")), 400) << length;
  }
}

TEST(RequestParser, RefusesOtherTransferCodings) {
  EXPECT_EQ(status_of(get("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(status_of(get("Transfer-Encoding: xchunked\r\n")), 501);
}

TEST(RequestParser, RefusesRepeatedDecidingHeaders) {
  for (const char* name : {"Host", "Origin", "Authorization", "Sec-WebSocket-Key"}) {
    const std::string header = std::string(name) + ": a\r\n";
    EXPECT_EQ(status_of(get(header + header)), 400) << name;
  }
}

TEST(RequestParser, RefusesMissingOrMalformedHost) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400);
  EXPECT_EQ(*parse_one("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").find("host"), "[::1]:80");
}

TEST(RequestParser, RefusesMalformedHeaders) {
  for (const char* line : {"X : a", "X", ": a", "X\x80: a", "X: a\x01", "X: a\x7f", "X Y: a"}) {
    EXPECT_EQ(status_of(get(std::string(line) + "\r\n")), 400) << line;
  }
}

TEST(RequestParser, RefusesFoldedHeaders) {
  EXPECT_EQ(status_of(get("X: a\r\n b\r\n")), 400);
  EXPECT_EQ(status_of(get("X: a\r\n\tb: c\r\n")), 400);
}

TEST(RequestParser, RefusesBareLineEndsAndNul) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of(get("X: a\rb\r\n")), 400);
  EXPECT_EQ(status_of(get("X: a\r\r\n")), 400);
  EXPECT_EQ(status_of(get(std::string("X: a\0b\r\n", 9))), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
}

TEST(RequestParser, RefusesBadChunks) {
  for (const char* body : {"g\r\n",
                           "\r\n",
                           "-1\r\n",
                           "0x1\r\na",
                           "1\na",
                           "1 \r\na",
                           "1\r\nab",
                           "1\r\na\n",
                           "1;\x01\r\n",
                           "1111111111111111\r\n",
                           "0\r\n\n",
                           "0\r\nX y: a\r\n\r\n",
                           "0\r\n\x01",
                           "0\r\nX: \x01"}) {
    EXPECT_EQ(status_of(post_chunked(body)), 400) << body;
  }
}

TEST(RequestParser, RefusesBodiesAboveTheLimit) {
  const RequestLimits limits{.body_bytes = 4};
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
  EXPECT_EQ(status_of(post + "4\r\n\r\n1234", limits), 0);
  EXPECT_EQ(status_of(post + "5\r\n\r\n", limits), 413);
  EXPECT_EQ(status_of(post + "5\r\n\r\n1", limits), 413);
  EXPECT_EQ(status_of(post_chunked("2\r\n12\r\n2\r\n34\r\n0\r\n\r\n"), limits), 0);
  EXPECT_EQ(status_of(post_chunked("2\r\n12\r\n3\r\n"), limits), 413);
  EXPECT_EQ(status_of(post_chunked("FFFFFFFFFFFFFFF\r\n"), limits), 413);
}

TEST(RequestParser, BoundsChunkExtensionsAndTrailers) {
  const RequestLimits limits{.header_bytes = 100};
  EXPECT_EQ(status_of(post_chunked("1;" + std::string(100, 'a') + "\r\n1\r\n0\r\n\r\n"), limits),
            0);
  EXPECT_EQ(status_of(post_chunked("1;" + std::string(101, 'a') + "\r\n"), limits), 413);
  EXPECT_EQ(status_of(post_chunked("0\r\nX: " + std::string(101, 'a')), limits), 413);
}

TEST(RequestParser, BoundsTheHead) {
  const std::string request = get("");
  EXPECT_EQ(status_of(request, {.header_bytes = request.size()}), 0);
  EXPECT_EQ(status_of(request, {.header_bytes = request.size() - 1}), 431);
  EXPECT_EQ(status_of(request, {.header_bytes = 10}), 414);
  EXPECT_EQ(status_of("GET /" + std::string(100'000, 'a')), 414);
  EXPECT_EQ(status_of(std::string(20'000, '\r')), 400);
}

TEST(RequestParser, BoundsEmptyLinesBeforeTheRequest) {
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    lines += "\r\n";
  }
  EXPECT_EQ(status_of(lines, {.header_bytes = 16}), 414);
}

TEST(RequestParser, BoundsTheNumberOfHeaders) {
  std::string headers;
  for (int i = 0; i < 9; ++i) {
    headers += "X: a\r\n";
  }
  EXPECT_EQ(status_of(get(headers), {.headers = 10}), 0);
  EXPECT_EQ(status_of(get(headers + "X: a\r\n"), {.headers = 10}), 431);
}

TEST(RequestParser, SurvivesMillionsOfOneByteChunks) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) {
    body += "1\r\na\r\n";
  }
  RequestParser parser;
  const std::string input = post_chunked(body + "0\r\n\r\n");
  const FeedResult head = parser.feed(as_bytes(input));
  EXPECT_EQ(parser.feed(as_bytes(input).subspan(head.consumed)).status, ParseStatus::kComplete);
  EXPECT_EQ(parser.take_request().body.size(), 100'000U);
}

TEST(RequestParser, DecodedPathRefusesBrokenEscapes) {
  EXPECT_EQ(parse_one("GET /a%2Fb%20c?d HTTP/1.1\r\nHost: a\r\n\r\n").decoded_path(), "/a/b c");
  EXPECT_EQ(parse_one("GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n").decoded_path(), std::nullopt);
  EXPECT_EQ(parse_one("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n").decoded_path(), std::nullopt);
}

}  // namespace
}  // namespace cloudsync::codec::http1
