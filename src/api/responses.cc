#include "api/responses.h"

#include "base/error_json.h"

namespace cloudsync::api {

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOpInvalid:
    case ErrorCode::kBadRequest:
    case ErrorCode::kRevisionUnknown:
    case ErrorCode::kNotJoined:
      return 400;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kForbidden:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kSeqReused:
    case ErrorCode::kRevisionTooOld:
    case ErrorCode::kHistoryDiverged:
    case ErrorCode::kClientSuperseded:
      return 409;
    case ErrorCode::kDocumentDeleted:
      return 410;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kRateLimited:
      return 429;
    case ErrorCode::kOverloaded:
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kInternal:
      break;
  }
  return 500;
}

codec::http1::Response json_response(int status, std::string body) {
  return {.status = status,
          .headers = {{"content-type", "application/json"}, {"cache-control", "no-store"}},
          .body = std::move(body)};
}

codec::http1::Response error_response(const Error& error) {
  auto response = json_response(http_status(error.code), error_body(error));
  if (response.status == 503 || response.status == 429) {
    const std::uint32_t seconds = (error.retry_after_ms.value_or(1000) + 999) / 1000;
    response.headers.push_back({"retry-after", std::to_string(seconds)});
  }
  return response;
}

codec::http1::Response text_response(int status, std::string body) {
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}, {"cache-control", "no-store"}},
          .body = std::move(body)};
}

void add_security_headers(codec::http1::Response& response) {
  // Quill positions remote cursors with inline styles; scripts come from our own files alone.
  response.headers.push_back(
      {"content-security-policy",
       "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
       "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; "
       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"});
  response.headers.push_back({"x-content-type-options", "nosniff"});
  response.headers.push_back({"x-frame-options", "DENY"});
  response.headers.push_back({"referrer-policy", "no-referrer"});
  response.headers.push_back({"cross-origin-opener-policy", "same-origin"});
}

}  // namespace cloudsync::api
