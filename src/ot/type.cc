#include "ot/type.h"

#include "base/assert.h"
#include "ot/json_cursor.h"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

namespace cloudsync::ot {
namespace {

constexpr std::array<std::string_view, 3> kTypeNames = {"text", "rich-text", "json"};
static_assert(std::variant_size_v<Operation> == kTypeNames.size());
static_assert(std::variant_size_v<Document> == kTypeNames.size());

// A peer may have sent numbers whose sum overflows; no document reaches this limit.
constexpr auto kPositionMax = static_cast<std::uint64_t>(kJsonIntegerMax);

const TextOp& op_for(const TextDocument&, const Operation& op) {
  return std::get<TextOp>(op);
}

const RichTextOp& op_for(const RichTextDocument&, const Operation& op) {
  return std::get<RichTextOp>(op);
}

const JsonOp& op_for(const JsonDocument&, const Operation& op) {
  return std::get<JsonOp>(op);
}

// What a peer may send, unless said otherwise.
struct OperationLimits {
  std::size_t components = kOpComponentsMax;
  std::size_t json_components = kJsonOpComponentsMax;
  std::size_t attributes_bytes = kAttributesBytesMax;
};

Result<Operation> parse(Type type, const JsonValue& json, const OperationLimits& limits) {
  switch (type) {
    case Type::kText:
      return TextOp::parse(json, limits.components);
    case Type::kRichText:
      return RichTextOp::parse(json, limits.components, limits.attributes_bytes);
    case Type::kJson:
      break;
  }
  return JsonOp::parse(json, limits.json_components);
}

}  // namespace

std::string_view type_name(Type type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::optional<Type> type_from_name(std::string_view name) {
  const auto* const found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  return found == kTypeNames.end() ? std::nullopt
                                   : std::optional(static_cast<Type>(found - kTypeNames.begin()));
}

Type type_of(const Operation& op) {
  return static_cast<Type>(op.index());
}

Type type_of(const Document& document) {
  return static_cast<Type>(document.index());
}

Document make_document(Type type) {
  if (type == Type::kText) {
    return TextDocument();
  }
  if (type == Type::kJson) {
    return JsonDocument();
  }
  // Quill's editor holds at least a line break; every Quill document ends with one.
  RichTextDocument document;
  const auto applied = document.apply(RichTextOp().insert("\n"));
  CS_ASSERT(applied.has_value(), "an insert fits every document");
  return document;
}

Result<Document> parse_document(Type type, const JsonValue& content) {
  switch (type) {
    case Type::kText:
      return TextDocument::parse(content);
    case Type::kRichText:
      return RichTextDocument::parse(content);
    case Type::kJson:
      break;
  }
  return JsonDocument::parse(content);
}

JsonValue content(const Document& document) {
  if (const auto* text = std::get_if<TextDocument>(&document)) {
    return JsonValue(text->text());
  }
  if (const auto* rich = std::get_if<RichTextDocument>(&document)) {
    return rich->to_json();
  }
  return std::get<JsonDocument>(document).to_json();
}

Result<Operation> parse_operation(Type type, const JsonValue& json) {
  return parse(type, json, {});
}

Result<Operation> parse_committed(Type type, const JsonValue& json) {
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  return parse(type,
               json,
               {.components = kNoLimit, .json_components = kNoLimit, .attributes_bytes = kNoLimit});
}

JsonValue to_json(const Operation& op) {
  return std::visit([](const auto& typed) { return typed.to_json(); }, op);
}

Result<void> apply(Document& document, const Operation& op) {
  CS_ASSERT(type_of(document) == type_of(op), "operation and document are of one type");
  return std::visit([&](auto& typed) { return typed.apply(op_for(typed, op)); }, document);
}

Result<Operation> invert(const Operation& op, const Document& document) {
  CS_ASSERT(type_of(document) == type_of(op), "operation and document are of one type");
  return std::visit(
      [&](const auto& typed) -> Result<Operation> { return typed.invert(op_for(typed, op)); },
      document);
}

Operation compose(const Operation& first, const Operation& second) {
  CS_ASSERT(type_of(first) == type_of(second), "operations are of one type");
  return std::visit(
      [&](const auto& typed) -> Operation {
        return compose(typed, std::get<std::decay_t<decltype(typed)>>(second));
      },
      first);
}

Operation transform(const Operation& op, const Operation& other, Side side) {
  CS_ASSERT(type_of(op) == type_of(other), "operations are of one type");
  return std::visit(
      [&](const auto& typed) -> Operation {
        return transform(typed, std::get<std::decay_t<decltype(typed)>>(other), side);
      },
      op);
}

void transform_in_place(Operation& op, const Operation& other, Side side) {
  CS_ASSERT(type_of(op) == type_of(other), "operations are of one type");
  std::visit(
      [&](auto& typed) {
        typed = transform(std::move(typed), std::get<std::decay_t<decltype(typed)>>(other), side);
      },
      op);
}

std::size_t component_count(const Operation& op) {
  return std::visit([](const auto& typed) { return typed.components().size(); }, op);
}

std::size_t transform_cost(const Operation& op, const Operation& other) {
  const std::size_t own = component_count(op);
  const std::size_t others = component_count(other);
  // Text is walked once; a component of json is transformed over each of the other's.
  return 1 + (type_of(op) == Type::kJson ? own * others : own + others);
}

std::size_t run_count(const Document& document) {
  const auto* rich = std::get_if<RichTextDocument>(&document);
  return rich == nullptr ? 0 : rich->run_count();
}

bool is_noop(const Operation& op) {
  return std::visit([](const auto& typed) { return typed.is_noop(); }, op);
}

std::optional<Range> read_range(Type type, const JsonObject& selection) {
  Range range;
  if (type == Type::kJson) {
    const JsonValue* json = selection.if_contains("path");
    auto path = parse_path(json == nullptr ? JsonValue() : *json, 0);
    if (!path) {
      return std::nullopt;
    }
    range.path = *std::move(path);
    if (!selection.contains("index") && !selection.contains("length")) {
      return range;
    }
  }
  const auto index = find_unsigned(selection, "index");
  const auto length = find_unsigned(selection, "length");
  if (!index || !length) {
    return std::nullopt;
  }
  range.index = *index;
  range.length = *length;
  return range;
}

void write_range(JsonObject& selection, Type type, const Range& range) {
  if (type == Type::kJson) {
    selection["path"] = to_json(range.path);
    if (!selection.contains("index")) {
      return;
    }
  }
  selection["index"] = range.index;
  selection["length"] = range.length;
}

Range transform_range(const Range& range, const Operation& op, bool own) {
  const std::uint64_t old_index = std::min(range.index, kPositionMax);
  const std::uint64_t old_length = std::min(range.length, kPositionMax);
  if (const auto* json = std::get_if<JsonOp>(&op)) {
    return transform_cursor({old_index, old_length, range.path}, *json, own);
  }
  const auto moved = [&](std::uint64_t position) {
    const auto* text = std::get_if<TextOp>(&op);
    return text != nullptr ? transform_position(position, *text, own)
                           : transform_position(position, std::get<RichTextOp>(op), own);
  };
  const std::uint64_t index = moved(old_index);
  return Range{.index = index, .length = moved(old_index + old_length) - index};
}

bool contains(const Document& document, const Range& range) {
  if (const auto* json = std::get_if<JsonDocument>(&document)) {
    return json->contains(range);
  }
  return range.index + range.length <= length(document);
}

std::uint64_t length(const Document& document) {
  return std::visit([](const auto& typed) { return typed.length(); }, document);
}

}  // namespace cloudsync::ot
