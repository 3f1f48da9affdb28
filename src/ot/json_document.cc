#include "ot/json_document.h"

#include "ot/json_value.h"
#include "ot/op_json.h"

#include <utility>

namespace cloudsync::ot {
namespace {

using Kind = JsonComponent::Kind;

// Each of these checks and changes in one walk, as searching is much of what an operation costs.
// They return why the component does not fit, and have changed nothing then; else nothing.

std::string_view add_to(JsonNode& node, std::int64_t number) {
  auto* value = std::get_if<JsonValue>(&node.value);
  const auto before = value == nullptr ? std::nullopt : read_counter(*value);
  if (!before) {
    return kNoCounter;
  }
  const std::int64_t sum = *before + number;  // both within 2^53
  if (sum > kJsonCounterMax || sum < -kJsonCounterMax) {
    return kNoCounter;
  }
  *value = counter_to_json(sum);
  return {};
}

std::string_view move_in_list(JsonList& list, const JsonComponent& component) {
  const auto index = static_cast<std::size_t>(component.index());
  if (component.index() >= list.size() || component.to >= list.size()) {
    return kPastEnd;
  }
  JsonElement moved = *list.seek_index(index).item;
  list.erase(index, index + 1);
  list.insert(static_cast<std::size_t>(component.to), std::move(moved));
  return {};
}

std::string_view change_list(JsonList& list, const JsonComponent& component) {
  const auto index = static_cast<std::size_t>(component.index());
  if (!component.removed) {
    if (component.index() > list.size()) {
      return kPastEnd;
    }
    list.insert(index, {make_node(*component.inserted)});
    return {};
  }
  if (component.index() >= list.size()) {
    return kPastEnd;
  }
  const auto place = list.seek_index(index);
  if (!is_equal(*place.item->node, *component.removed)) {
    return kNotRemoved;
  }
  if (!component.inserted) {
    list.erase(index, index + 1);
  } else {
    list.update(place,
                [&](JsonElement& element) { element.node = make_node(*component.inserted); });
  }
  return {};
}

std::string_view change_object(JsonMembers& members, const JsonComponent& component) {
  const auto& key = std::get<std::string>(component.key);
  const MemberPlace place = find_member(members, key);
  if (!component.removed) {
    if (place.is_there) {
      return kKeyTaken;
    }
    members.insert(place.at.index, {key, make_node(*component.inserted)});
    return {};
  }
  if (!place.is_there || !is_equal(*place.at.item->node, *component.removed)) {
    return kNotRemoved;
  }
  if (!component.inserted) {
    members.erase(place.at.index, place.at.index + 1);
  } else {
    members.update(place.at,
                   [&](JsonMember& member) { member.node = make_node(*component.inserted); });
  }
  return {};
}

std::string_view change_text(JsonString& string, const JsonComponent& component) {
  if (!string.is_border(component.index())) {
    return kOffsetPastEnd;
  }
  if (component.kind == Kind::kTextInsert) {
    string.insert(component.index(), component.text, component.units);
  } else if (string.has(component.index(), component.text)) {
    string.erase(component.index(), component.text, component.units);
  } else {
    return kNotRemoved;
  }
  return {};
}

std::string_view change(JsonNode& node, const JsonComponent& component) {
  switch (component.kind) {
    case Kind::kAdd:
      return add_to(node, component.number);
    case Kind::kList:
    case Kind::kMove: {
      auto* list = std::get_if<JsonList>(&node.value);
      return list == nullptr                 ? kNoList
             : component.kind == Kind::kMove ? move_in_list(*list, component)
                                             : change_list(*list, component);
    }
    case Kind::kObject: {
      auto* members = std::get_if<JsonMembers>(&node.value);
      return members == nullptr ? kNoObject : change_object(*members, component);
    }
    case Kind::kTextInsert:
    case Kind::kTextDelete: {
      auto* string = std::get_if<JsonString>(&node.value);
      return string == nullptr ? kNoString : change_text(*string, component);
    }
  }
  return {};
}

// Makes private what is shared on the way down `path`, then changes what is there.
std::string_view change_at(JsonNodePtr& node,
                           std::span<const JsonKey> path,
                           const JsonComponent& component) {
  if (node->use_count() > 1) {
    node = new JsonNode(*node);
  }
  if (path.empty()) {
    return change(*node, component);
  }
  std::string_view why = kNoSuchPath;
  const auto go_on = [&](auto& item) { why = change_at(item.node, path.subspan(1), component); };
  if (const auto* index = std::get_if<std::uint64_t>(&path.front())) {
    auto* list = std::get_if<JsonList>(&node->value);
    if (list != nullptr && *index < list->size()) {
      list->update(list->seek_index(static_cast<std::size_t>(*index)), go_on);
    }
  } else if (auto* members = std::get_if<JsonMembers>(&node->value)) {
    const MemberPlace place = find_member(*members, std::get<std::string>(path.front()));
    if (place.is_there) {
      members->update(place.at, go_on);
    }
  }
  return why;
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
    const std::string_view why = change_at(root_, components[i].path, components[i]);
    if (!why.empty()) {
      root_ = i > 0 ? before : root_;
      return component_error(i, why);
    }
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
