#include "loadtest/reply.h"

#include <algorithm>

namespace cloudsync::loadtest {

Error error_in(const JsonObject& reply) {
  Error error{ErrorCode::kInternal, "reply without an error object"};
  const JsonValue* value = reply.if_contains("error");
  if (value == nullptr || !value->is_object()) {
    return error;
  }
  const JsonObject& object = value->get_object();
  if (const auto* code = find_string(object, "code")) {
    error.code = error_from_name(view(*code)).value_or(ErrorCode::kInternal);
  }
  if (const auto delay = find_unsigned(object, "retryAfterMs")) {
    error.retry_after_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(*delay, 60'000));
  }
  return error;
}

bool is_ok(const JsonObject& reply) {
  const JsonValue* ok = reply.if_contains("ok");
  return ok != nullptr && ok->is_bool() && ok->get_bool();
}

std::string text_or_empty(const JsonObject& object, std::string_view key) {
  const auto* text = find_string(object, key);
  return text != nullptr ? std::string(view(*text)) : std::string();
}

}  // namespace cloudsync::loadtest
