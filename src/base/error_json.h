#pragma once
// The JSON form in which every peer gets an error (docs/protocol.md section 6).

#include "base/error.h"

#include <string>

namespace cloudsync {

/// Appends `"code":…,"message":…`, without braces, so that a caller can add members of its own.
void append_error_members(std::string& out, const Error& error);

/// `{"error":{"code":…,"message":…}}`, the body of an HTTP answer.
std::string error_body(const Error& error);

}  // namespace cloudsync
