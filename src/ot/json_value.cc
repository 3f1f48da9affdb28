#include "ot/json_value.h"

#include "ot/op_json.h"
#include "ot/unicode.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

boost::json::string_view boost_view(std::string_view text) {
  return {text.data(), text.size()};
}

JsonValue* child(JsonValue& value, const JsonKey& key) {
  if (const auto* index = std::get_if<std::uint64_t>(&key)) {
    auto* list = value.if_array();
    return list != nullptr && *index < list->size() ? &(*list)[*index] : nullptr;
  }
  auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(boost_view(std::get<std::string>(key)));
}

std::string_view add(JsonValue& value, std::int64_t number) {
  const auto before = read_counter(value);
  const std::int64_t sum = before.value_or(0) + number;  // both within 2^53
  if (!before || sum > kJsonCounterMax || sum < -kJsonCounterMax) {
    return kNoCounter;
  }
  value = counter_to_json(sum);
  return {};
}

std::string_view change_list(JsonArray& list, const JsonComponent& component) {
  const std::uint64_t index = component.index();
  if (index >= list.size() + (component.removed ? 0 : 1)) {
    return kPastEnd;
  }
  auto* const at = list.begin() + index;
  if (!component.removed) {
    list.insert(at, *component.inserted);
    return {};
  }
  if (*at != *component.removed) {
    return kNotRemoved;
  }
  if (component.inserted) {
    *at = *component.inserted;
  } else {
    list.erase(at);
  }
  return {};
}

std::string_view move_element(JsonArray& list, std::uint64_t from, std::uint64_t to) {
  if (from >= list.size() || to >= list.size()) {
    return kPastEnd;
  }
  JsonValue moved = std::move(list[from]);
  list.erase(list.begin() + from);
  list.insert(list.begin() + to, std::move(moved));
  return {};
}

std::string_view change_object(JsonObject& object, const JsonComponent& component) {
  const auto key = boost_view(std::get<std::string>(component.key));
  const JsonValue* present = object.if_contains(key);
  if (!component.removed && present != nullptr) {
    return kKeyTaken;
  }
  if (component.removed && (present == nullptr || *present != *component.removed)) {
    return kNotRemoved;
  }
  if (component.inserted) {
    object.insert_or_assign(key, *component.inserted);
  } else {
    object.erase(key);
  }
  return {};
}

std::string_view change_text(boost::json::string& string, const JsonComponent& component) {
  const Utf16Prefix before = utf16_prefix(view(string), component.index());
  if (before.units != component.index()) {
    return kOffsetPastEnd;
  }
  if (component.kind == Kind::kTextInsert) {
    string.insert(before.bytes, boost_view(component.text));
    return {};
  }
  if (view(string).substr(before.bytes, component.text.size()) != component.text) {
    return kNotRemoved;
  }
  string.erase(before.bytes, component.text.size());
  return {};
}

}  // namespace

std::string_view apply_component(JsonValue& root,
                                 const JsonComponent& component,
                                 std::size_t skipped) {
  JsonValue* value = &root;
  for (const JsonKey& key : std::span(component.path).subspan(skipped)) {
    value = child(*value, key);
    if (value == nullptr) {
      return kNoSuchPath;
    }
  }
  switch (component.kind) {
    case Kind::kAdd:
      return add(*value, component.number);
    case Kind::kList:
      return value->is_array() ? change_list(value->get_array(), component) : kNoList;
    case Kind::kMove:
      return value->is_array() ? move_element(value->get_array(), component.index(), component.to)
                               : kNoList;
    case Kind::kObject:
      return value->is_object() ? change_object(value->get_object(), component) : kNoObject;
    case Kind::kTextInsert:
    case Kind::kTextDelete:
      return value->is_string() ? change_text(value->get_string(), component) : kNoString;
  }
  return {};
}

Result<void> apply_to_value(JsonValue& root, const JsonOp& op) {
  JsonValue changed = root;
  for (std::size_t i = 0; i < op.components().size(); ++i) {
    const std::string_view misfit = apply_component(changed, op.components()[i]);
    if (!misfit.empty()) {
      return component_error(i, misfit);
    }
  }
  root = std::move(changed);
  return {};
}

}  // namespace cloudsync::ot
