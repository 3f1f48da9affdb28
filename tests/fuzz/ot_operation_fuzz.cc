// Fuzzes the parsers of operations and the laws behind them. Input: one JSON array, [type,
// document, a, b], with type 0 text, 1 rich text or 2 json. Whatever parses and fits must converge
// (TP1), compose and survive the wire; everything else must be refused without a trace.

#include "base/assert.h"
#include "base/json.h"
#include "ot/type.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cloudsync::ot {
namespace {

constexpr std::size_t kDepthMax = kJsonDepthMax + 2;

// Two additions may fit one by one, but not both: their sum leaves the whole numbers of a double.
bool adds(const Operation& op) {
  const auto* json = std::get_if<JsonOp>(&op);
  return json != nullptr &&
         std::any_of(json->components().begin(), json->components().end(), [](const auto& c) {
           return c.kind == JsonComponent::Kind::kAdd;
         });
}

Document applied(Document document, const Operation& op) {
  const auto result = ot::apply(document, op);
  CS_ASSERT(result.has_value(), "a transformed operation fits");
  return document;
}

void check_wire(Type type, const Operation& op) {
  const auto json = parse_json(cloudsync::to_json(to_json(op)), kDepthMax);
  CS_ASSERT(json.has_value(), "operations are written as JSON");
  const auto parsed = parse_operation(type, *json);
  CS_ASSERT(parsed.has_value() && *parsed == op, "operations survive the wire");
}

// Operations that don't fit the document, or each other, still combine without harm.
void combine(const Operation& a, const Operation& b) {
  static_cast<void>(to_json(compose(a, b)));
  static_cast<void>(to_json(transform(a, b, Side::kLeft)));
  static_cast<void>(transform_range({1, 2}, a, true));
}

void check_laws(const Document& document, const Operation& a, const Operation& b) {
  Document after_a = document;
  Document after_b = document;
  if (!ot::apply(after_a, a)) {
    CS_ASSERT(after_a == document, "a refused operation changes nothing");
    CS_ASSERT(!invert(a, document), "what can't be done can't be undone");
    return;
  }
  const auto inverse = invert(a, document);
  CS_ASSERT(inverse && applied(after_a, *inverse) == document, "the inverse undoes");
  if (!ot::apply(after_b, b)) {
    return;
  }
  CS_ASSERT(applied(after_a, *invert(a, document)) == document, "inverting undoes");
  const Operation b_after_a = transform(b, a, Side::kRight);
  if (adds(a) && adds(b)) {
    Document sum = after_a;
    if (!ot::apply(sum, b_after_a)) {
      return;
    }
  }
  const Document both = applied(after_a, b_after_a);
  CS_ASSERT(both == applied(after_b, transform(a, b, Side::kLeft)), "TP1");
  CS_ASSERT(both == applied(document, compose(a, b_after_a)), "composing is applying in turn");
  const std::uint64_t end = type_of(a) == Type::kJson ? 0 : length(document);
  CS_ASSERT(contains(after_a, transform_range({0, end}, a, false)), "ranges stay inside");
}

void fuzz(std::string_view input) {
  const auto json = parse_json(input, kDepthMax);
  const JsonArray* parts = json ? json->if_array() : nullptr;
  if (parts == nullptr || parts->size() != 4) {
    return;
  }
  const JsonValue& number = (*parts)[0];
  const Type type = number == JsonValue(0)   ? Type::kText
                    : number == JsonValue(1) ? Type::kRichText
                                             : Type::kJson;
  const auto document = parse_document(type, (*parts)[1]);
  const auto a = parse_operation(type, (*parts)[2]);
  const auto b = parse_operation(type, (*parts)[3]);
  if (!a || !b) {
    return;
  }
  check_wire(type, *a);
  combine(*a, *b);
  if (document) {
    check_laws(*document, *a, *b);
  }
}

}  // namespace
}  // namespace cloudsync::ot

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // reinterpret_cast: the fuzzer's bytes are read as characters.
  cloudsync::ot::fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
