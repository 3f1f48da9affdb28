#include "ot/rich_text.h"

#include "ot/attributes.h"
#include "ot/op_json.h"
#include "ot/rich_text_reader.h"
#include "ot/unicode.h"

#include <limits>
#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = RichTextComponent::Kind;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// The bare array, or the one inside {"ops": […]}, as quill-delta serialises itself.
Result<const JsonValue*> find_ops(const JsonValue& json) {
  const JsonObject* object = json.if_object();
  if (object == nullptr) {
    return &json;
  }
  const JsonValue* ops = object->if_contains("ops");
  if (ops == nullptr || object->size() != 1) {
    return fail(ErrorCode::kOpInvalid, "must be an array or {\"ops\": array} without other keys");
  }
  return ops;
}

// Reads "insert", "retain" or "delete", of which there is exactly one.
Result<RichTextComponent> parse_action(std::string_view key,
                                       const JsonValue& value,
                                       std::size_t index) {
  RichTextComponent component;
  if (key != "insert") {
    if (value.is_object()) {
      return component_error(index, "edits inside an embed are not supported");
    }
    component.kind = key == "delete" ? Kind::kDelete : Kind::kRetain;
    CS_TRY_ASSIGN(component.length, parse_length(value, index));
  } else if (const auto* text = value.if_string(); text != nullptr && !text->empty()) {
    component.kind = Kind::kInsertText;
    component.text = view(*text);
    component.length = count_utf16_units(component.text);
  } else if (const auto* embed = value.if_object(); embed != nullptr && !embed->empty()) {
    CS_TRY(check_keys(*embed, index));
    component.kind = Kind::kInsertEmbed;
    component.embed = SharedObject(*embed);
    component.length = 1;
  } else {
    return component_error(index, "an insert must be a non-empty string or object");
  }
  return component;
}

Result<SharedObject> parse_attributes(const JsonValue& value, Kind kind, std::size_t index) {
  const JsonObject* object = value.if_object();
  if (object == nullptr) {
    return component_error(index, "attributes must be an object");
  }
  CS_TRY(check_keys(*object, index));
  // An attribute that an insert is to remove was never there.
  const SharedObject attributes(*object);
  return kind == Kind::kRetain ? attributes : compose_attributes({}, attributes, Nulls::kDrop);
}

Result<void> check_length(const SharedObject& attributes,
                          std::size_t bytes_max,
                          std::size_t index) {
  if (!attributes.empty() && to_json(JsonValue(attributes.get())).size() > bytes_max) {
    return component_error(
        index, "attributes may have at most " + std::to_string(bytes_max) + " bytes of JSON");
  }
  return {};
}

Result<RichTextComponent> parse_component(const JsonValue& json, std::size_t index) {
  const JsonObject* object = json.if_object();
  if (object == nullptr) {
    return component_error(index, "must be an object");
  }
  RichTextComponent component;
  bool has_action = false;
  for (const auto& [boost_key, value] : *object) {
    const std::string_view key{boost_key.data(), boost_key.size()};
    if (key == "attributes") {
      continue;
    }
    if (key != "insert" && key != "retain" && key != "delete") {
      return component_error(index, "unknown key");
    }
    if (std::exchange(has_action, true)) {
      return component_error(index, "only one of insert, retain and delete is allowed");
    }
    CS_TRY_ASSIGN(component, parse_action(key, value, index));
  }
  if (!has_action) {
    return component_error(index, "one of insert, retain and delete is missing");
  }
  if (const JsonValue* attributes = object->if_contains("attributes")) {
    if (component.kind == Kind::kDelete) {
      return component_error(index, "a delete must not have attributes");
    }
    CS_TRY_ASSIGN(component.attributes, parse_attributes(*attributes, component.kind, index));
  }
  return component;
}

JsonObject component_json(const RichTextComponent& component) {
  JsonObject object;
  const auto length = static_cast<std::int64_t>(component.length);
  switch (component.kind) {
    case Kind::kRetain:
      object.emplace("retain", length);
      break;
    case Kind::kInsertText:
      object.emplace("insert", component.text);
      break;
    case Kind::kInsertEmbed:
      object.emplace("insert", component.embed.get());
      break;
    case Kind::kDelete:
      object.emplace("delete", length);
      break;
  }
  if (!component.attributes.empty()) {
    object.emplace("attributes", component.attributes.get());
  }
  return object;
}

JsonValue components_json(const RichTextComponents& components) {
  JsonArray array;
  array.reserve(components.size());
  for (const RichTextComponent& component : components) {
    array.emplace_back(component_json(component));
  }
  return array;
}

}  // namespace

Result<RichTextOp> RichTextOp::parse(const JsonValue& json,
                                     std::size_t components_max,
                                     std::size_t attributes_bytes_max) {
  CS_TRY_ASSIGN(const JsonValue* ops, find_ops(json));
  CS_TRY_ASSIGN(const JsonArray* array, parse_components(*ops, components_max));
  RichTextOp op;
  std::uint64_t base = 0;
  for (std::size_t i = 0; i < array->size(); ++i) {
    CS_TRY_ASSIGN(RichTextComponent component, parse_component((*array)[i], i));
    if (attributes_bytes_max != kNoLimit) {
      CS_TRY(check_length(component.attributes, attributes_bytes_max, i));
    }
    if (!component.is_insert()) {
      CS_TRY(add_to_base(base, component.length, i));
    }
    op.push(std::move(component));
  }
  op.trim();
  return op;
}

JsonValue RichTextOp::to_json() const {
  return components_json(components_);
}

RichTextOp& RichTextOp::retain(std::uint64_t units, SharedObject attributes) {
  return push({Kind::kRetain, units, {}, {}, std::move(attributes)});
}

RichTextOp& RichTextOp::insert(std::string_view text, SharedObject attributes) {
  return push(
      {Kind::kInsertText, count_utf16_units(text), std::string(text), {}, std::move(attributes)});
}

RichTextOp& RichTextOp::insert_embed(SharedObject embed, SharedObject attributes) {
  return push({Kind::kInsertEmbed, 1, {}, std::move(embed), std::move(attributes)});
}

RichTextOp& RichTextOp::erase(std::uint64_t units) {
  return push({Kind::kDelete, units, {}, {}, {}});
}

RichTextOp& RichTextOp::push(RichTextComponent component) {
  push_component(components_, std::move(component));
  return *this;
}

RichTextOp& RichTextOp::trim() {
  if (!components_.empty() && components_.back().is_plain_retain()) {
    components_.pop_back();
  }
  return *this;
}

std::uint64_t RichTextOp::base_length() const {
  std::uint64_t length = 0;
  for (const RichTextComponent& component : components_) {
    length += component.is_insert() ? 0 : component.length;
  }
  return length;
}

Result<RichTextDocument> RichTextDocument::parse(const JsonValue& content) {
  CS_TRY_ASSIGN(const JsonValue* ops, find_ops(content));
  CS_TRY_ASSIGN(const JsonArray* array, parse_components(*ops, kNoLimit));
  std::string text;
  RichTextRuns::Builder runs;
  for (std::size_t i = 0; i < array->size(); ++i) {
    CS_TRY_ASSIGN(RichTextComponent component, parse_component((*array)[i], i));
    if (!component.is_insert()) {
      return component_error(i, "a document consists of inserts only");
    }
    text += component.kind == Kind::kInsertText ? std::string_view(component.text) : kEmbedText;
    runs.push_back({component.length, std::move(component.embed), std::move(component.attributes)});
  }
  RichTextDocument document;
  document.rope_ = Rope(text);
  document.runs_ = std::move(runs).finish();
  return document;
}

JsonValue RichTextDocument::to_json() const {
  return components_json(inserts());
}

}  // namespace cloudsync::ot
