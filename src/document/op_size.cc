#include "document/op_size.h"

#include <algorithm>

namespace cloudsync::document {
namespace {

const JsonArray* components_of(const JsonValue& op) {
  if (const JsonObject* object = op.if_object()) {
    const JsonValue* ops = object->if_contains("ops");
    return ops == nullptr ? nullptr : ops->if_array();
  }
  return op.if_array();
}

bool adds_nothing(const JsonValue& component) {
  const JsonObject* object = component.if_object();
  if (object == nullptr) {
    return component.is_number();
  }
  if (object->contains("p")) {  // a component of json
    const bool only_removes = object->contains("ld") || object->contains("od") ||
                              object->contains("sd") || object->contains("lm");
    return object->size() == 2 && only_removes;
  }
  return object->size() == 1 && object->begin()->key() != "insert";
}

std::size_t attribute_bytes(const JsonValue& component) {
  const JsonObject* object = component.if_object();
  const JsonValue* attributes = object == nullptr ? nullptr : object->if_contains("attributes");
  return attributes == nullptr ? 0 : to_json(*attributes).size();
}

}  // namespace

OpSize measure_op(const JsonValue& op, std::string_view canonical) {
  OpSize size{.bytes = canonical.size()};
  const JsonArray* components = components_of(op);
  if (components == nullptr) {
    return size;
  }
  size.components = components->size();
  for (const JsonValue& component : *components) {
    if (!adds_nothing(component)) {
      ++size.additions;
      size.added_bytes += to_json(component).size();
      size.attribute_bytes = std::max(size.attribute_bytes, attribute_bytes(component));
    }
  }
  return size;
}

std::size_t longest_attributes(const JsonValue& content) {
  std::size_t longest = 0;
  if (const JsonArray* components = content.if_array()) {
    for (const JsonValue& component : *components) {
      longest = std::max(longest, attribute_bytes(component));
    }
  }
  return longest;
}

}  // namespace cloudsync::document
