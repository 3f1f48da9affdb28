#include "ot/text.h"

#include "ot/op_json.h"
#include "ot/unicode.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = TextComponent::Kind;

Result<TextComponent> parse_delete(const JsonObject& object, std::size_t index) {
  const JsonValue* deleted = object.if_contains("d");
  if (deleted == nullptr || object.size() != 1) {
    return component_error(index, "a delete must be {\"d\": length} without other keys");
  }
  if (const auto* text = deleted->if_string()) {
    if (text->empty()) {
      return component_error(index, "a delete must not be empty");
    }
    return TextComponent{Kind::kDelete, count_code_points(view(*text)), {}};
  }
  CS_TRY_ASSIGN(const std::uint64_t length, parse_length(*deleted, index));
  return TextComponent{Kind::kDelete, length, {}};
}

Result<TextComponent> parse_component(const JsonValue& json, std::size_t index) {
  if (const auto* text = json.if_string()) {
    if (text->empty()) {
      return component_error(index, "an insert must not be empty");
    }
    return TextComponent{Kind::kInsert, count_code_points(view(*text)), std::string(view(*text))};
  }
  if (const auto* object = json.if_object()) {
    return parse_delete(*object, index);
  }
  if (json.is_number()) {
    CS_TRY_ASSIGN(const std::uint64_t length, parse_length(json, index));
    return TextComponent{Kind::kSkip, length, {}};
  }
  return component_error(index, "must be a number, a string or {\"d\": length}");
}

}  // namespace

Result<TextOp> TextOp::parse(const JsonValue& json, std::size_t components_max) {
  CS_TRY_ASSIGN(const JsonArray* array, parse_components(json, components_max));
  TextOp op;
  std::uint64_t base = 0;
  bool after_skip = false;
  for (std::size_t i = 0; i < array->size(); ++i) {
    CS_TRY_ASSIGN(TextComponent component, parse_component((*array)[i], i));
    const bool is_skip = component.kind == Kind::kSkip;
    if (is_skip && after_skip) {
      return component_error(i, "neighbouring skips must be combined");
    }
    if (is_skip && i + 1 == array->size()) {
      return component_error(i, "a skip at the end of an operation must be left out");
    }
    if (component.kind != Kind::kInsert) {
      CS_TRY(add_to_base(base, component.length, i));
    }
    after_skip = is_skip;
    op.append(std::move(component));
  }
  return op;
}

JsonValue TextOp::to_json() const {
  JsonArray array;
  array.reserve(components_.size());
  for (const TextComponent& component : components_) {
    switch (component.kind) {
      case Kind::kSkip:
        array.emplace_back(static_cast<std::int64_t>(component.length));
        break;
      case Kind::kInsert:
        array.emplace_back(component.text);
        break;
      case Kind::kDelete:
        JsonObject object;
        object.emplace("d", static_cast<std::int64_t>(component.length));
        array.emplace_back(std::move(object));
        break;
    }
  }
  return array;
}

TextOp& TextOp::insert(std::string_view text) {
  return insert(text, count_code_points(text));
}

TextOp& TextOp::append(TextComponent component) {
  if (component.length == 0) {
    return *this;
  }
  if (!components_.empty() && components_.back().kind == component.kind) {
    components_.back().length += component.length;
    components_.back().text += component.text;
  } else {
    components_.push_back(std::move(component));
  }
  return *this;
}

std::uint64_t TextOp::base_length() const {
  std::uint64_t length = 0;
  for (const TextComponent& component : components_) {
    length += component.kind == Kind::kInsert ? 0 : component.length;
  }
  return length;
}

Result<TextDocument> TextDocument::parse(const JsonValue& content) {
  const auto* text = content.if_string();
  if (text == nullptr) {
    return fail(ErrorCode::kOpInvalid, "the content of a text document must be a string");
  }
  return TextDocument(view(*text));
}

namespace {

constexpr auto kUnit = &TextSize::code_points;

// The operation fits, or the first component that does not.
Result<void> check_fits(const TextOp& op, std::uint64_t length) {
  std::uint64_t walked = 0;
  for (std::size_t i = 0; i < op.components().size(); ++i) {
    const TextComponent& component = op.components()[i];
    walked += component.kind == Kind::kInsert ? 0 : component.length;
    if (walked > length) {
      return component_error(i,
                             "walks past the end of the document, which has " +
                                 std::to_string(length) + " code points");
    }
  }
  return {};
}

}  // namespace

Result<void> TextDocument::apply(const TextOp& op) {
  CS_TRY(check_fits(op, length()));
  std::uint64_t at = 0;
  for (const TextComponent& component : op.components()) {
    switch (component.kind) {
      case Kind::kSkip:
        at += component.length;
        break;
      case Kind::kInsert:
        rope_.insert(kUnit, at, component.text);
        at += component.length;
        break;
      case Kind::kDelete:
        rope_.erase(kUnit, at, at + component.length);
        break;
    }
  }
  return {};
}

Result<TextOp> TextDocument::invert(const TextOp& op) const {
  CS_TRY(check_fits(op, length()));
  TextOp inverse;
  std::uint64_t at = 0;  // in this document, which has not seen `op`
  for (const TextComponent& component : op.components()) {
    switch (component.kind) {
      case Kind::kSkip:
        inverse.skip(component.length);
        at += component.length;
        break;
      case Kind::kInsert:
        inverse.erase(component.length);
        break;
      case Kind::kDelete:
        inverse.insert(rope_.slice(kUnit, at, at + component.length));
        at += component.length;
        break;
    }
  }
  return inverse;
}

}  // namespace cloudsync::ot
