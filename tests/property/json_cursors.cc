#include "json_cursors.h"

#include "ot/unicode.h"

#include <utility>

namespace cloudsync::ot {
namespace {

void collect(const JsonValue& value, JsonPath path, std::vector<Range>& cursors) {
  cursors.push_back({.path = path});
  if (const auto* string = value.if_string()) {
    cursors.push_back({.length = count_utf16_units(view(*string)), .path = path});
  }
  if (const auto* list = value.if_array()) {
    path.emplace_back(std::uint64_t{0});
    for (std::size_t i = 0; i < list->size(); ++i) {
      path.back() = std::uint64_t{i};
      collect((*list)[i], path, cursors);
    }
  }
  if (const auto* object = value.if_object()) {
    path.emplace_back(std::string());
    for (const auto& [key, member] : *object) {
      path.back() = std::string(key);
      collect(member, path, cursors);
    }
  }
}

}  // namespace

std::vector<Range> every_json_cursor(const JsonValue& document) {
  std::vector<Range> cursors;
  collect(document, {}, cursors);
  return cursors;
}

Letters letters_at(const JsonValue& document, const Range& range) {
  const JsonValue* value = &document;
  for (const JsonKey& key : range.path) {
    const auto* index = std::get_if<std::uint64_t>(&key);
    value = index != nullptr ? &value->at(*index) : &value->at(std::get<std::string>(key));
  }
  const auto* string = value->if_string();
  if (string == nullptr) {
    return {};
  }
  const std::size_t at = utf16_prefix(view(*string), range.index).bytes;
  std::size_t before = at;
  while (before > 0 && is_continuation(view(*string)[--before])) {
  }
  const std::string_view behind = view(*string).substr(at);
  return {std::string(view(*string).substr(before, at - before)),
          std::string(behind.substr(0, bytes_of_code_points(behind, 1)))};
}

}  // namespace cloudsync::ot
