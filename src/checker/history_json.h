#pragma once
// Events as lines of JSON (docs/history.md).

#include "base/result.h"
#include "checker/history.h"

#include <string>
#include <string_view>

namespace cloudsync::checker {

/// The event as one line, without its end.
std::string to_line(const Event& event);

/// Errors: kBadRequest, the message names the field. Unknown fields are ignored.
Result<Event> parse_line(std::string_view line);

}  // namespace cloudsync::checker
