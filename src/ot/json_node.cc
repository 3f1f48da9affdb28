#include "ot/json_node.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace cloudsync::ot {
namespace {

std::string_view view_of(boost::json::string_view text) {
  return {text.data(), text.size()};
}

template <class Value>
JsonNodePtr node_of(Value value) {
  JsonNodePtr node(new JsonNode);
  node->value = std::move(value);
  return node;
}

JsonList make_list(const JsonArray& array) {
  JsonList::Builder builder;
  for (const JsonValue& element : array) {
    builder.push_back({make_node(element)});
  }
  return std::move(builder).finish();
}

JsonMembers make_members(const JsonObject& object) {
  std::vector<const boost::json::key_value_pair*> sorted;
  sorted.reserve(object.size());
  for (const auto& member : object) {
    sorted.push_back(&member);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return view_of(a->key()) < view_of(b->key());
  });
  JsonMembers::Builder builder;
  for (const auto* member : sorted) {
    builder.push_back({std::string(view_of(member->key())), make_node(member->value())});
  }
  return std::move(builder).finish();
}

bool is_equal_list(const JsonList& list, const JsonArray& array) {
  return list.size() == array.size() &&
         std::equal(list.begin(), list.end(), array.begin(), [](const auto& a, const auto& b) {
           return is_equal(*a.node, b);
         });
}

bool is_equal_object(const JsonMembers& members, const JsonObject& object) {
  return members.size() == object.size() &&
         std::all_of(members.begin(), members.end(), [&](const JsonMember& member) {
           const JsonValue* value = object.if_contains({member.key.data(), member.key.size()});
           return value != nullptr && is_equal(*member.node, *value);
         });
}

}  // namespace

JsonNodePtr make_node(const JsonValue& value) {
  if (const auto* text = value.if_string()) {
    return node_of(JsonString(view(*text)));
  }
  if (const auto* array = value.if_array()) {
    return node_of(make_list(*array));
  }
  if (const auto* object = value.if_object()) {
    return node_of(make_members(*object));
  }
  return node_of(value);
}

JsonValue to_json(const JsonNode& node) {
  if (const auto* string = std::get_if<JsonString>(&node.value)) {
    return JsonValue(string->text());
  }
  if (const auto* list = std::get_if<JsonList>(&node.value)) {
    JsonArray array;
    array.reserve(list->size());
    for (const JsonElement& element : *list) {
      array.push_back(to_json(*element.node));
    }
    return array;
  }
  if (const auto* members = std::get_if<JsonMembers>(&node.value)) {
    JsonObject object;
    object.reserve(members->size());
    for (const JsonMember& member : *members) {
      object.emplace(member.key, to_json(*member.node));
    }
    return object;
  }
  return std::get<JsonValue>(node.value);
}

bool is_equal(const JsonNode& node, const JsonValue& value) {
  if (const auto* string = std::get_if<JsonString>(&node.value)) {
    return value.is_string() && string->equals(view(value.get_string()));
  }
  if (const auto* list = std::get_if<JsonList>(&node.value)) {
    return value.is_array() && is_equal_list(*list, value.get_array());
  }
  if (const auto* members = std::get_if<JsonMembers>(&node.value)) {
    return value.is_object() && is_equal_object(*members, value.get_object());
  }
  return std::get<JsonValue>(node.value) == value;
}

bool is_equal(const JsonNode& a, const JsonNode& b) {
  if (&a == &b) {
    return true;
  }
  if (a.value.index() != b.value.index()) {
    return false;
  }
  if (const auto* string = std::get_if<JsonString>(&a.value)) {
    return *string == std::get<JsonString>(b.value);
  }
  if (const auto* list = std::get_if<JsonList>(&a.value)) {
    const auto& other = std::get<JsonList>(b.value);
    return list->size() == other.size() &&
           std::equal(list->begin(), list->end(), other.begin(), [](const auto& x, const auto& y) {
             return is_equal(*x.node, *y.node);
           });
  }
  if (const auto* members = std::get_if<JsonMembers>(&a.value)) {
    const auto& other = std::get<JsonMembers>(b.value);
    return members->size() == other.size() &&
           std::equal(
               members->begin(), members->end(), other.begin(), [](const auto& x, const auto& y) {
                 return x.key == y.key && is_equal(*x.node, *y.node);
               });
  }
  return std::get<JsonValue>(a.value) == std::get<JsonValue>(b.value);
}

MemberPlace find_member(const JsonMembers& members, std::string_view key) {
  const auto at =
      members.partition_point([key](const JsonMember& member) { return member.key < key; });
  return {at, at.item != nullptr && at.item->key == key};
}

namespace {

const JsonNode* find_child(const JsonNode& node, const JsonKey& key) {
  if (const auto* index = std::get_if<std::uint64_t>(&key)) {
    const auto* list = std::get_if<JsonList>(&node.value);
    return list != nullptr && *index < list->size() ? list->seek_index(*index).item->node.get()
                                                    : nullptr;
  }
  const auto* members = std::get_if<JsonMembers>(&node.value);
  if (members == nullptr) {
    return nullptr;
  }
  const MemberPlace place = find_member(*members, std::get<std::string>(key));
  return place.is_there ? place.at.item->node.get() : nullptr;
}

}  // namespace

const JsonNode* find_node(const JsonNode& root, std::span<const JsonKey> path) {
  const JsonNode* node = &root;
  for (const JsonKey& key : path) {
    node = find_child(*node, key);
    if (node == nullptr) {
      return nullptr;
    }
  }
  return node;
}

}  // namespace cloudsync::ot
