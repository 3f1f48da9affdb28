#pragma once
// What the server answers to an event: {"ok":true,…} or {"ok":false,"error":{…}}
// (docs/protocol.md).

#include "base/error.h"
#include "base/json.h"

#include <string>
#include <string_view>

namespace cloudsync::loadtest {

bool is_ok(const JsonObject& reply);

/// The error of a reply that is not ok; kInternal if there is none, or an unknown one.
Error error_in(const JsonObject& reply);

/// The field if it is text, else nothing.
std::string text_or_empty(const JsonObject& object, std::string_view key);

}  // namespace cloudsync::loadtest
