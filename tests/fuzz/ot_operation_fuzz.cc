// Fuzzes the parsers of documents, operations and selections, and the laws behind them. Input: one
// JSON array, [type, document, a, b] or with a selection as the fifth, with type 0 text, 1 rich
// text or 2 json. Whatever parses and fits must converge (TP1), compose and survive the wire;
// everything else must be refused without a trace.

#include "base/assert.h"
#include "base/json.h"
#include "ot/type.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace cloudsync::ot {
namespace {

constexpr std::size_t kDepthMax = kJsonDepthMax + 2;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

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
  const auto committed = parse_committed(type, *json);
  CS_ASSERT(committed.has_value() && *committed == op, "operations survive the log");
}

void check_document(const Document& document) {
  const auto json = parse_json(cloudsync::to_json(content(document)), kDepthMax);
  CS_ASSERT(json.has_value(), "documents are written as JSON");
  const auto parsed = parse_document(type_of(document), *json);
  CS_ASSERT(parsed.has_value() && *parsed == document, "documents survive the wire");
  CS_ASSERT(length(*parsed) == length(document), "and are as long");
}

// A selection within the document stays within it, and is written as it was read.
void check_selection(const Document& document, const Operation& op, const JsonValue& json) {
  const JsonObject* selection = json.if_object();
  const auto range = selection ? read_range(type_of(op), *selection) : std::nullopt;
  if (!range) {
    return;
  }
  JsonObject written = *selection;
  write_range(written, type_of(op), *range);
  CS_ASSERT(JsonValue(written) == json, "selections survive the wire");
  const Range own = transform_range(*range, op, true);
  const Range foreign = transform_range(*range, op, false);
  CS_ASSERT(own.path == foreign.path && own.index >= foreign.index, "own is not behind foreign");
  Document after = document;
  if (ot::apply(after, op) && contains(document, *range)) {
    CS_ASSERT(contains(after, own) && contains(after, foreign), "selections stay inside");
  }
}

// Operations that don't fit the document, or each other, still combine without harm.
void combine(const Operation& a, const Operation& b) {
  static_cast<void>(to_json(compose(a, b)));
  static_cast<void>(to_json(transform(a, b, Side::kLeft)));
  static_cast<void>(transform_range({1, 2}, a, true));
  static_cast<void>(transform_range({kMost, kMost}, a, true));
  CS_ASSERT(transform_cost(a, b) > 0, "every step costs something");
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
  if (parts == nullptr || parts->size() < 4) {
    return;
  }
  const JsonValue& number = (*parts)[0];
  const Type type = number == JsonValue(0)   ? Type::kText
                    : number == JsonValue(1) ? Type::kRichText
                                             : Type::kJson;
  const auto document = parse_document(type, (*parts)[1]);
  const auto a = parse_operation(type, (*parts)[2]);
  const auto b = parse_operation(type, (*parts)[3]);
  if (document) {
    check_document(*document);
  }
  if (!a || !b) {
    return;
  }
  check_wire(type, *a);
  combine(*a, *b);
  if (document) {
    check_laws(*document, *a, *b);
    check_selection(*document, *a, parts->back());
  }
}

}  // namespace
}  // namespace cloudsync::ot

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // reinterpret_cast: the fuzzer's bytes are read as characters.
  cloudsync::ot::fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
