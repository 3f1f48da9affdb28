#pragma once
// HTTP answers of the API and the web app: JSON, errors, and the headers that every answer carries.

#include "base/error.h"
#include "codec/http1/response.h"

#include <string>

namespace cloudsync::api {

/// The HTTP status of an error code: 404 for not_found, 503 for unavailable, …
int http_status(ErrorCode code);

/// A JSON answer that caches must not keep.
codec::http1::Response json_response(int status, std::string body);
/// {"error":{"code","message"}} with the matching status; Retry-After for retryable ones.
codec::http1::Response error_response(const Error& error);
codec::http1::Response text_response(int status, std::string body);

/// Content-Security-Policy, nosniff and the like: on every answer.
void add_security_headers(codec::http1::Response& response);

}  // namespace cloudsync::api
