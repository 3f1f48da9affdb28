#include "codec/http1/response.h"

#include "base/bytes.h"
#include "codec/http1/response_parser.h"
#include "codec/testing.h"

#include <gtest/gtest.h>

namespace cloudsync::codec::http1 {
namespace {

struct Outcome {
  std::vector<Response> responses;
  bool keep_alive = true;
  bool failed = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

struct Options {
  ResponseLimits limits = {};
  bool finish = false;
  bool no_body = false;
};

Outcome run(std::string_view input, const testing::Cut& cut, const Options& options) {
  ResponseParser parser(options.limits);
  Outcome outcome;
  if (options.no_body) {
    parser.expect_no_body();
  }
  const auto take = [&] {
    outcome.keep_alive = parser.keep_alive();
    outcome.responses.push_back(parser.take_response());
  };
  testing::for_each_piece(input, cut, [&](std::span<const std::uint8_t> piece) {
    while (!outcome.failed) {
      const FeedResult result = parser.feed(piece);
      piece = piece.subspan(result.consumed);
      if (result.status == ParseStatus::kNeedMore) {
        EXPECT_TRUE(piece.empty());
        return;
      }
      outcome.failed = result.status == ParseStatus::kError;
      if (result.status == ParseStatus::kComplete) {
        take();
      }
    }
  });
  if (options.finish && !outcome.failed) {
    outcome.failed = parser.finish() == ParseStatus::kError;
    if (!outcome.failed) {
      take();
    }
  }
  return outcome;
}

Outcome parse(std::string_view input, const Options& options = {}) {
  const auto cuts = testing::cuts_of(input.size(), 20);
  const Outcome whole = run(input, cuts[0], options);
  for (const testing::Cut& cut : cuts) {
    EXPECT_EQ(run(input, cut, options), whole) << input;
  }
  return whole;
}

TEST(Response, EncodesLengthAndConnection) {
  const Response response{200, {{"Content-Type", "text/plain"}}, "ok"};
  EXPECT_EQ(encode(response, true),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
            "Connection: keep-alive\r\n\r\nok");
  EXPECT_EQ(encode_head(response, false),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
            "Connection: close\r\n\r\n");
}

TEST(Response, TellsTheLengthOfTheSharedBodyThatFollows) {
  const Response response{
      .status = 200, .headers = {}, .body = "ab", .shared_body = {share("cde"), share("f")}};
  EXPECT_EQ(response.body_size(), 6U);
  EXPECT_EQ(encode(response, true),
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nab");
  EXPECT_EQ(encode_head(response, true),
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\n");
}

TEST(Response, StatusesWithoutBodyHaveNoLength) {
  EXPECT_EQ(encode({204, {}, ""}, true),
            "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(encode({100, {}, ""}, true), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(Response, HeaderValuesCannotStartAHeader) {
  EXPECT_EQ(encode({204, {{"X", "a\r\nY: b"}}, ""}, false),
            "HTTP/1.1 204 No Content\r\nX: a  Y: b\r\nConnection: close\r\n\r\n");
}

TEST(ResponseParser, ReadsWhatTheEncoderWrites) {
  const Response response{404, {{"content-type", "text/plain"}}, "no"};
  const Outcome outcome = parse(encode(response, false));
  ASSERT_EQ(outcome.responses.size(), 1U);
  EXPECT_EQ(outcome.responses[0].status, 404);
  EXPECT_EQ(outcome.responses[0].body, "no");
  EXPECT_EQ(*outcome.responses[0].find("content-type"), "text/plain");
  EXPECT_FALSE(outcome.keep_alive);
}

TEST(ResponseParser, ReadsChunkedBodies) {
  const Outcome outcome =
      parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  ASSERT_EQ(outcome.responses.size(), 1U);
  EXPECT_EQ(outcome.responses[0].body, "abc");
}

TEST(ResponseParser, ReadsBodiesUntilTheConnectionEnds) {
  const Outcome outcome = parse("HTTP/1.0 200 OK\r\n\r\nabc", {.finish = true});
  ASSERT_EQ(outcome.responses.size(), 1U);
  EXPECT_EQ(outcome.responses[0].body, "abc");
  EXPECT_FALSE(outcome.keep_alive);
}

TEST(ResponseParser, EndInsideABodyIsAnError) {
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", {.finish = true}).failed);
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\n", {.finish = true}).failed);
}

TEST(ResponseParser, SkipsInterimResponses) {
  const Outcome outcome = parse(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(outcome.responses.size(), 1U);
  EXPECT_EQ(outcome.responses[0].status, 200);
  EXPECT_EQ(outcome.responses[0].headers.size(), 1U);
}

TEST(ResponseParser, SwitchingProtocolsIsCompleteAfterItsHead) {
  ResponseParser parser;
  const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  const std::string input = head + "\x81";
  EXPECT_EQ(parser.feed(as_bytes(input)), (FeedResult{ParseStatus::kComplete, head.size()}));
}

TEST(ResponseParser, HeadAnswersHaveNoBody) {
  const Outcome outcome = parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {.no_body = true});
  EXPECT_EQ(outcome.responses.size(), 1U);
}

TEST(ResponseParser, ReadsSeveralResponses) {
  const std::string one = encode({200, {}, "ab"}, true);
  EXPECT_EQ(parse(one + one).responses.size(), 2U);
}

TEST(ResponseParser, RefusesMalformedHeads) {
  for (const char* head : {"HTTP/2.0 200 OK",
                           "HTTP/1.1 20 OK",
                           "HTTP/1.1 099 OK",
                           "HTTP/1.1  200",
                           "HTTP/1.1 2000",
                           "HTTP/1.1 200 OK\r\nA : b",
                           "HTTP/1.1 200 OK\r\nContent-Length: x",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip"}) {
    EXPECT_TRUE(parse(std::string(head) + "\r\n\r\n").failed) << head;
  }
}

TEST(ResponseParser, BoundsHeadAndBody) {
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\n\r\n", {.limits = {.header_bytes = 10}}).failed);
  EXPECT_TRUE(
      parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", {.limits = {.body_bytes = 2}}).failed);
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\n\r\nabc", {.limits = {.body_bytes = 2}}).failed);
}

}  // namespace
}  // namespace cloudsync::codec::http1
