#include "ot/type.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace cloudsync::ot {

std::string_view type_name(Type type) {
  return type == Type::kText ? "text" : "rich-text";
}

std::optional<Type> type_from_name(std::string_view name) {
  for (const Type type : {Type::kText, Type::kRichText}) {
    if (name == type_name(type)) {
      return type;
    }
  }
  return std::nullopt;
}

Type type_of(const Operation& op) {
  return std::holds_alternative<TextOp>(op) ? Type::kText : Type::kRichText;
}

Type type_of(const Document& document) {
  return std::holds_alternative<TextDocument>(document) ? Type::kText : Type::kRichText;
}

Document make_document(Type type) {
  if (type == Type::kText) {
    return TextDocument();
  }
  // Quill's editor holds at least a line break; every Quill document ends with one.
  RichTextDocument document;
  const auto applied = document.apply(RichTextOp().insert("\n"));
  CS_ASSERT(applied.has_value(), "an insert fits every document");
  return document;
}

Result<Document> parse_document(Type type, const JsonValue& content) {
  if (type == Type::kText) {
    return TextDocument::parse(content);
  }
  return RichTextDocument::parse(content);
}

JsonValue content(const Document& document) {
  if (const auto* text = std::get_if<TextDocument>(&document)) {
    return JsonValue(text->text());
  }
  return std::get<RichTextDocument>(document).to_json();
}

Result<Operation> parse_operation(Type type, const JsonValue& json) {
  if (type == Type::kText) {
    return TextOp::parse(json);
  }
  return RichTextOp::parse(json);
}

JsonValue to_json(const Operation& op) {
  return std::visit([](const auto& typed) { return typed.to_json(); }, op);
}

Result<void> apply(Document& document, const Operation& op) {
  CS_ASSERT(type_of(document) == type_of(op), "operation and document are of one type");
  if (auto* text = std::get_if<TextDocument>(&document)) {
    return text->apply(std::get<TextOp>(op));
  }
  return std::get<RichTextDocument>(document).apply(std::get<RichTextOp>(op));
}

Result<Operation> invert(const Operation& op, const Document& document) {
  CS_ASSERT(type_of(document) == type_of(op), "operation and document are of one type");
  if (const auto* text = std::get_if<TextDocument>(&document)) {
    return text->invert(std::get<TextOp>(op));
  }
  return std::get<RichTextDocument>(document).invert(std::get<RichTextOp>(op));
}

Operation compose(const Operation& first, const Operation& second) {
  CS_ASSERT(type_of(first) == type_of(second), "operations are of one type");
  if (const auto* text = std::get_if<TextOp>(&first)) {
    return compose(*text, std::get<TextOp>(second));
  }
  return compose(std::get<RichTextOp>(first), std::get<RichTextOp>(second));
}

Operation transform(const Operation& op, const Operation& other, Side side) {
  CS_ASSERT(type_of(op) == type_of(other), "operations are of one type");
  if (const auto* text = std::get_if<TextOp>(&op)) {
    return transform(*text, std::get<TextOp>(other), side);
  }
  return transform(std::get<RichTextOp>(op), std::get<RichTextOp>(other), side);
}

bool is_noop(const Operation& op) {
  return std::visit([](const auto& typed) { return typed.is_noop(); }, op);
}

Range transform_range(const Range& range, const Operation& op, bool own) {
  // A peer may have sent numbers whose sum overflows; no document reaches this limit.
  constexpr std::uint64_t kPositionMax = static_cast<std::uint64_t>(kJsonIntegerMax);
  const std::uint64_t old_index = std::min(range.index, kPositionMax);
  const std::uint64_t old_end = old_index + std::min(range.length, kPositionMax);
  return std::visit(
      [&](const auto& typed) {
        const std::uint64_t index = transform_position(old_index, typed, own);
        const std::uint64_t end = transform_position(old_end, typed, own);
        return Range{index, end - index};
      },
      op);
}

std::uint64_t length(const Document& document) {
  return std::visit([](const auto& typed) { return typed.length(); }, document);
}

}  // namespace cloudsync::ot
