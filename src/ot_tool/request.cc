#include "ot_tool/request.h"

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/result.h"
#include "ot/type.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cloudsync::ot_tool {
namespace {

struct Request {
  ot::Type type;
  const JsonObject& fields;

  Result<const JsonValue*> field(std::string_view name) const {
    const JsonValue* value = find(name);
    if (value == nullptr) {
      return fail(ErrorCode::kBadRequest, std::string(name) + " is missing");
    }
    return value;
  }

  const JsonValue* find(std::string_view name) const {
    return fields.if_contains({name.data(), name.size()});
  }

  Result<ot::Operation> op(std::string_view name) const {
    CS_TRY_ASSIGN(const JsonValue* json, field(name));
    return ot::parse_operation(type, *json);
  }

  // Rich text also as {"ops": [...]}, the form in which JavaScript has it.
  Result<ot::Document> doc() const {
    CS_TRY_ASSIGN(const JsonValue* json, field("doc"));
    const auto* object = json->if_object();
    const auto* ops = object == nullptr ? nullptr : object->if_contains("ops");
    const bool is_wrapped = type == ot::Type::kRichText && ops != nullptr && object->size() == 1;
    return ot::parse_document(type, is_wrapped ? *ops : *json);
  }
};

Result<JsonValue> check(const Request& request) {
  CS_TRY_ASSIGN(const ot::Operation op, request.op("op"));
  if (request.find("doc") != nullptr) {
    CS_TRY_ASSIGN(ot::Document document, request.doc());
    CS_TRY(ot::apply(document, op));
  }
  return ot::to_json(op);
}

Result<JsonValue> apply(const Request& request) {
  CS_TRY_ASSIGN(ot::Document document, request.doc());
  CS_TRY_ASSIGN(const ot::Operation op, request.op("op"));
  CS_TRY(ot::apply(document, op));
  return ot::content(document);
}

Result<JsonValue> compose(const Request& request) {
  CS_TRY_ASSIGN(const ot::Operation op, request.op("op"));
  CS_TRY_ASSIGN(const ot::Operation other, request.op("other"));
  return ot::to_json(ot::compose(op, other));
}

Result<JsonValue> transform(const Request& request) {
  CS_TRY_ASSIGN(const ot::Operation op, request.op("op"));
  CS_TRY_ASSIGN(const ot::Operation other, request.op("other"));
  CS_TRY_ASSIGN(const JsonValue* side, request.field("side"));
  if (*side != JsonValue("left") && *side != JsonValue("right")) {
    return fail(ErrorCode::kBadRequest, "side must be \"left\" or \"right\"");
  }
  return ot::to_json(
      ot::transform(op, other, *side == JsonValue("left") ? ot::Side::kLeft : ot::Side::kRight));
}

Result<JsonValue> invert(const Request& request) {
  CS_TRY_ASSIGN(const ot::Operation op, request.op("op"));
  CS_TRY_ASSIGN(const ot::Document document, request.doc());
  CS_TRY_ASSIGN(const ot::Operation inverse, ot::invert(op, document));
  return ot::to_json(inverse);
}

Result<JsonValue> transform_cursor(const Request& request) {
  CS_TRY_ASSIGN(const ot::Operation op, request.op("op"));
  CS_TRY_ASSIGN(const JsonValue* cursor, request.field("cursor"));
  const JsonValue* own = request.find("own");
  JsonObject selection{{"index", *cursor}, {"length", 0}};
  if (const auto* object = cursor->if_object()) {
    selection = *object;
  }
  const auto range = ot::read_range(request.type, selection);
  if (!range) {
    return fail(ErrorCode::kBadRequest, "the cursor is not one of this type");
  }
  const bool is_own = own != nullptr && *own == JsonValue(true);
  ot::write_range(selection, request.type, ot::transform_range(*range, op, is_own));
  return cursor->is_object() ? JsonValue(selection) : selection.at("index");
}

Result<JsonValue> hash(const Request& request) {
  CS_TRY_ASSIGN(const ot::Document document, request.doc());
  const std::string text = to_canonical_json(ot::content(document));
  return JsonValue(hex(sha256(as_bytes(text))));
}

struct Call {
  std::string_view name;
  Result<JsonValue> (*run)(const Request&);
};

constexpr std::array<Call, 7> kCalls{{{"check", check},
                                      {"apply", apply},
                                      {"compose", compose},
                                      {"transform", transform},
                                      {"invert", invert},
                                      {"transform-cursor", transform_cursor},
                                      {"hash", hash}}};

// The deepest nesting of a JSON text.
std::size_t nesting(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

Result<JsonValue> run(std::string_view line) {
  if (nesting(line) > kRequestDepthMax) {
    return fail(ErrorCode::kOpInvalid,
                "nested more than " + std::to_string(kRequestDepthMax) + " levels deep");
  }
  CS_TRY_ASSIGN(const JsonValue json, parse_json(line, kRequestDepthMax));
  const JsonObject* fields = json.if_object();
  if (fields == nullptr) {
    return fail(ErrorCode::kBadRequest, "a request must be an object");
  }
  const auto* type_name = find_string(*fields, "type");
  const auto type = type_name == nullptr ? std::nullopt : ot::type_from_name(view(*type_name));
  if (!type) {
    return fail(ErrorCode::kBadRequest, "type must be \"text\", \"rich-text\" or \"json\"");
  }
  const auto* name = find_string(*fields, "call");
  for (const Call& call : kCalls) {
    if (name != nullptr && view(*name) == call.name) {
      return call.run({*type, *fields});
    }
  }
  return fail(ErrorCode::kBadRequest, "there is no such call");
}

}  // namespace

std::string answer(std::string_view request) {
  const auto result = run(request);
  JsonObject reply;
  if (result) {
    reply.emplace("result", *result);
  } else {
    reply.emplace("error",
                  JsonObject{{"code", boost::json::string(error_name(result.error().code))},
                             {"message", result.error().message}});
  }
  return to_canonical_json(JsonValue(std::move(reply)));
}

}  // namespace cloudsync::ot_tool
