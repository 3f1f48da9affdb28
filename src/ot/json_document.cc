#include "ot/json_document.h"

#include "ot/json_value.h"
#include "ot/op_json.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

std::string_view misfit_of_number(const JsonNode& node, std::int64_t number) {
  const auto* value = std::get_if<JsonValue>(&node.value);
  const auto before = value == nullptr ? std::nullopt : read_counter(*value);
  if (!before) {
    return kNoCounter;
  }
  const std::int64_t sum = *before + number;  // both within 2^53
  return sum > kJsonCounterMax || sum < -kJsonCounterMax ? kNoCounter : std::string_view();
}

std::string_view misfit_of_list(const JsonList& list, const JsonComponent& component) {
  const std::uint64_t index = component.index();
  if (component.kind == Kind::kMove) {
    return index < list.size() && component.to < list.size() ? std::string_view() : kPastEnd;
  }
  if (index >= list.size() + (component.removed ? 0 : 1)) {
    return kPastEnd;
  }
  return component.removed && !is_equal(*list.seek_index(index).item->node, *component.removed)
             ? kNotRemoved
             : std::string_view();
}

std::string_view misfit_of_object(const JsonMembers& members, const JsonComponent& component) {
  const MemberPlace place = find_member(members, std::get<std::string>(component.key));
  if (!component.removed) {
    return place.is_there ? kKeyTaken : std::string_view();
  }
  return place.is_there && is_equal(*place.at.item->node, *component.removed) ? std::string_view()
                                                                              : kNotRemoved;
}

std::string_view misfit_of_text(const JsonString& string, const JsonComponent& component) {
  if (!string.is_border(component.index())) {
    return kOffsetPastEnd;
  }
  const bool is_there =
      component.kind == Kind::kTextInsert || string.has(component.index(), component.text);
  return is_there ? std::string_view() : kNotRemoved;
}

// Why the component does not fit; empty if it does.
std::string_view misfit(const JsonNode& root, const JsonComponent& component) {
  const JsonNode* node = find_node(root, component.path);
  if (node == nullptr) {
    return kNoSuchPath;
  }
  switch (component.kind) {
    case Kind::kAdd:
      return misfit_of_number(*node, component.number);
    case Kind::kList:
    case Kind::kMove: {
      const auto* list = std::get_if<JsonList>(&node->value);
      return list == nullptr ? kNoList : misfit_of_list(*list, component);
    }
    case Kind::kObject: {
      const auto* members = std::get_if<JsonMembers>(&node->value);
      return members == nullptr ? kNoObject : misfit_of_object(*members, component);
    }
    case Kind::kTextInsert:
    case Kind::kTextDelete: {
      const auto* string = std::get_if<JsonString>(&node->value);
      return string == nullptr ? kNoString : misfit_of_text(*string, component);
    }
  }
  return {};
}

void change_list(JsonList& list, const JsonComponent& component) {
  const auto index = static_cast<std::size_t>(component.index());
  if (component.kind == Kind::kMove) {
    JsonElement moved = *list.seek_index(index).item;
    list.erase(index, index + 1);
    list.insert(static_cast<std::size_t>(component.to), std::move(moved));
  } else if (!component.inserted) {
    list.erase(index, index + 1);
  } else if (!component.removed) {
    list.insert(index, {make_node(*component.inserted)});
  } else {
    list.update(list.seek_index(index),
                [&](JsonElement& element) { element.node = make_node(*component.inserted); });
  }
}

void change_object(JsonMembers& members, const JsonComponent& component) {
  const auto& key = std::get<std::string>(component.key);
  const MemberPlace place = find_member(members, key);
  if (!component.inserted) {
    members.erase(place.at.index, place.at.index + 1);
  } else if (!component.removed) {
    members.insert(place.at.index, {key, make_node(*component.inserted)});
  } else {
    members.update(place.at,
                   [&](JsonMember& member) { member.node = make_node(*component.inserted); });
  }
}

void change_text(JsonString& string, const JsonComponent& component) {
  if (component.kind == Kind::kTextInsert) {
    string.insert(component.index(), component.text, component.units);
  } else {
    string.erase(component.index(), component.text, component.units);
  }
}

// `component` fits.
void change(JsonNode& node, const JsonComponent& component) {
  switch (component.kind) {
    case Kind::kAdd: {
      auto& value = std::get<JsonValue>(node.value);
      value = counter_to_json(*read_counter(value) + component.number);
      break;
    }
    case Kind::kList:
    case Kind::kMove:
      change_list(std::get<JsonList>(node.value), component);
      break;
    case Kind::kObject:
      change_object(std::get<JsonMembers>(node.value), component);
      break;
    case Kind::kTextInsert:
    case Kind::kTextDelete:
      change_text(std::get<JsonString>(node.value), component);
      break;
  }
}

// Makes private what is shared on the way down `path`, then changes what is there.
void change_at(JsonNodePtr& node, std::span<const JsonKey> path, const JsonComponent& component) {
  if (node->use_count() > 1) {
    node = new JsonNode(*node);
  }
  if (path.empty()) {
    change(*node, component);
    return;
  }
  const auto go_on = [&](auto& item) { change_at(item.node, path.subspan(1), component); };
  if (auto* list = std::get_if<JsonList>(&node->value)) {
    const auto index = static_cast<std::size_t>(std::get<std::uint64_t>(path.front()));
    list->update(list->seek_index(index), go_on);
  } else {
    auto& members = std::get<JsonMembers>(node->value);
    members.update(find_member(members, std::get<std::string>(path.front())).at, go_on);
  }
}

}  // namespace

JsonDocument::JsonDocument() : root_(make_node(JsonObject())) {}

Result<JsonDocument> JsonDocument::parse(const JsonValue& content) {
  CS_TRY(check_value(content, kJsonLevelsMax, 0));
  return JsonDocument(make_node(content));
}

JsonValue JsonDocument::to_json() const {
  return ot::to_json(*root_);
}

Result<void> JsonDocument::apply(const JsonOp& op) {
  const auto& components = op.components();
  // What came before a component that does not fit is undone with this copy.
  const JsonNodePtr before = components.size() > 1 ? root_ : nullptr;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::string_view why = misfit(*root_, components[i]);
    if (!why.empty()) {
      root_ = i > 0 ? before : root_;
      return component_error(i, why);
    }
    change_at(root_, components[i].path, components[i]);
  }
  return {};
}

Result<JsonOp> JsonDocument::invert(const JsonOp& op) const {
  JsonDocument changed = *this;
  CS_TRY(changed.apply(op));
  return ot::invert(op);
}

std::uint64_t JsonDocument::length() const {
  if (const auto* string = std::get_if<JsonString>(&root_->value)) {
    return string->units();
  }
  if (const auto* list = std::get_if<JsonList>(&root_->value)) {
    return list->size();
  }
  const auto* members = std::get_if<JsonMembers>(&root_->value);
  return members == nullptr ? 0 : members->size();
}

bool JsonDocument::contains(const Range& range) const {
  const JsonNode* node = find_node(*root_, range.path);
  const auto* string = node == nullptr ? nullptr : std::get_if<JsonString>(&node->value);
  const std::uint64_t end = string == nullptr ? 0 : string->units();
  return node != nullptr && range.index <= end && range.length <= end - range.index;
}

}  // namespace cloudsync::ot
