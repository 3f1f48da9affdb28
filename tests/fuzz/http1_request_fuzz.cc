// The request parser and the response parser read any bytes, and the same from any cut of them.

#include "base/assert.h"
#include "codec/http1/request_parser.h"
#include "codec/http1/response.h"
#include "codec/http1/response_parser.h"
#include "codec/testing.h"
#include "codec/websocket/handshake.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cloudsync::codec;

constexpr http1::RequestLimits kLimits{.header_bytes = 512, .body_bytes = 256, .headers = 8};

struct Outcome {
  std::vector<http1::Request> requests;
  int status = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void check_request(const http1::Request& request) {
  CS_ASSERT(request.body.size() <= kLimits.body_bytes, "the body limit holds");
  CS_ASSERT(request.headers.size() <= kLimits.headers, "the header limit holds");
  CS_ASSERT(!request.target.empty(), "a request has a target");
  CS_ASSERT(request.target[0] == '/' || request.target == "*", "targets are in origin form");
  http1::parse_query(request.query());
  (void)http1::query_value(request.query(), "sid");
  (void)request.decoded_path();
  if (!websocket::refuse_upgrade(request)) {
    (void)websocket::accept_response(request);
  }
}

Outcome run_requests(std::string_view input, const testing::Cut& cut) {
  http1::RequestParser parser(kLimits);
  Outcome outcome;
  testing::for_each_piece(input, cut, [&](std::span<const std::uint8_t> piece) {
    while (outcome.status == 0) {
      const http1::FeedResult result = parser.feed(piece);
      CS_ASSERT(result.consumed <= piece.size(), "no more is consumed than there is");
      piece = piece.subspan(result.consumed);
      if (result.status == http1::ParseStatus::kNeedMore) {
        CS_ASSERT(piece.empty(), "all is consumed before more is asked for");
        return;
      }
      if (result.status == http1::ParseStatus::kError) {
        outcome.status = parser.error_status();
        CS_ASSERT(outcome.status >= 400 && !parser.error_reason().empty(), "errors are named");
      } else if (result.status == http1::ParseStatus::kComplete) {
        outcome.requests.push_back(parser.take_request());
        check_request(outcome.requests.back());
      }
    }
  });
  return outcome;
}

struct ResponseOutcome {
  std::vector<http1::Response> responses;
  bool failed = false;

  friend bool operator==(const ResponseOutcome&, const ResponseOutcome&) = default;
};

ResponseOutcome run_responses(std::string_view input, const testing::Cut& cut) {
  http1::ResponseParser parser({.header_bytes = 512, .body_bytes = 256, .headers = 8});
  ResponseOutcome outcome;
  testing::for_each_piece(input, cut, [&](std::span<const std::uint8_t> piece) {
    while (!outcome.failed) {
      const http1::FeedResult result = parser.feed(piece);
      piece = piece.subspan(result.consumed);
      if (result.status == http1::ParseStatus::kNeedMore) {
        return;
      }
      outcome.failed = result.status == http1::ParseStatus::kError;
      if (!outcome.failed) {
        outcome.responses.push_back(parser.take_response());
      }
    }
  });
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cuts = testing::cuts_of(size, 2);
  const Outcome requests = run_requests(input, cuts[0]);
  const ResponseOutcome responses = run_responses(input, cuts[0]);
  for (const testing::Cut& cut : cuts) {
    CS_ASSERT(run_requests(input, cut) == requests, "requests do not depend on the cut");
    CS_ASSERT(run_responses(input, cut) == responses, "responses do not depend on the cut");
  }
  return 0;
}
