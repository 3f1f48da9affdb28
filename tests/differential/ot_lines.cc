// cloudsync-ot-lines: the operational transform types as a line protocol, so that another
// implementation can be compared with ours. One JSON request a line on stdin, one JSON reply a line
// on stdout: {"ok": result} or {"error": message}. Requests, with "type" "text" or "rich-text":
//   {"do": "apply", "doc": content, "op": op}             -> content
//   {"do": "compose", "a": op, "b": op}                   -> op
//   {"do": "transform", "a": op, "b": op, "side": "left"} -> a after b
//   {"do": "range", "range": [index, length], "op": op, "own": bool} -> [index, length]
//   {"do": "normalise", "op": op}                         -> op

#include "base/json.h"
#include "base/result.h"
#include "ot/type.h"

#include <iostream>
#include <string>

namespace cloudsync {
namespace {

// Requests are as deep as an operation plus the request's own object and array.
constexpr std::size_t kDepthMax = kJsonDepthMax + 2;

const JsonValue& field(const JsonObject& request, std::string_view key) {
  static const JsonValue null;
  const JsonValue* value = request.if_contains(key);
  return value == nullptr ? null : *value;
}

bool is(const JsonObject& request, std::string_view key, std::string_view expected) {
  const auto* text = find_string(request, key);
  return text != nullptr && view(*text) == expected;
}

Result<JsonValue> apply(ot::Type type, const JsonObject& request) {
  CS_TRY_ASSIGN(ot::Document document, ot::parse_document(type, field(request, "doc")));
  CS_TRY_ASSIGN(const ot::Operation op, ot::parse_operation(type, field(request, "op")));
  CS_TRY(ot::apply(document, op));
  return ot::content(document);
}

Result<JsonValue> combine(ot::Type type, const JsonObject& request) {
  CS_TRY_ASSIGN(const ot::Operation a, ot::parse_operation(type, field(request, "a")));
  CS_TRY_ASSIGN(const ot::Operation b, ot::parse_operation(type, field(request, "b")));
  if (is(request, "do", "compose")) {
    return ot::to_json(ot::compose(a, b));
  }
  const ot::Side side = is(request, "side", "left") ? ot::Side::kLeft : ot::Side::kRight;
  return ot::to_json(ot::transform(a, b, side));
}

Result<JsonValue> range(ot::Type type, const JsonObject& request) {
  CS_TRY_ASSIGN(const ot::Operation op, ot::parse_operation(type, field(request, "op")));
  const JsonArray* pair = field(request, "range").if_array();
  if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_int64() || !(*pair)[1].is_int64()) {
    return fail(ErrorCode::kBadRequest, "range must be [index, length]");
  }
  const ot::Range before{static_cast<std::uint64_t>((*pair)[0].get_int64()),
                         static_cast<std::uint64_t>((*pair)[1].get_int64())};
  const ot::Range after = ot::transform_range(before, op, field(request, "own") == JsonValue(true));
  JsonArray result;
  result.emplace_back(static_cast<std::int64_t>(after.index));
  result.emplace_back(static_cast<std::int64_t>(after.length));
  return JsonValue(std::move(result));
}

Result<JsonValue> answer(const std::string& line) {
  CS_TRY_ASSIGN(const JsonValue json, parse_json(line, kDepthMax));
  const JsonObject* request = json.if_object();
  if (request == nullptr) {
    return fail(ErrorCode::kBadRequest, "a request must be an object");
  }
  const ot::Type type = is(*request, "type", "text") ? ot::Type::kText : ot::Type::kRichText;
  if (is(*request, "do", "apply")) {
    return apply(type, *request);
  }
  if (is(*request, "do", "compose") || is(*request, "do", "transform")) {
    return combine(type, *request);
  }
  if (is(*request, "do", "range")) {
    return range(type, *request);
  }
  if (is(*request, "do", "normalise")) {
    CS_TRY_ASSIGN(const ot::Operation op, ot::parse_operation(type, field(*request, "op")));
    return ot::to_json(op);
  }
  return fail(ErrorCode::kBadRequest, "unknown request");
}

}  // namespace
}  // namespace cloudsync

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto result = cloudsync::answer(line);
    cloudsync::JsonObject reply;
    if (result) {
      reply.emplace("ok", *result);
    } else {
      reply.emplace(
          "error",
          std::string(cloudsync::error_name(result.error().code)) + ": " + result.error().message);
    }
    std::cout << cloudsync::to_json(cloudsync::JsonValue(std::move(reply))) << '\n';
  }
  return 0;
}
