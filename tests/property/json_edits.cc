#include "json_edits.h"

#include "ot/unicode.h"

#include <utility>

namespace cloudsync::ot {
namespace {

class Edits {
 public:
  void walk(const JsonValue& value) {
    if (const auto* string = value.if_string()) {
      edit_text(view(*string));
    } else if (const auto* list = value.if_array()) {
      edit_list(*list);
      for (std::size_t i = 0; i < list->size(); ++i) {
        walk_into(i, (*list)[i]);
      }
    } else if (const auto* object = value.if_object()) {
      edit_object(*object);
      for (const auto& [key, member] : *object) {
        walk_into(std::string(key), member);
      }
    } else if (read_counter(value)) {
      edits.push_back(JsonOp().add(path_, 1));
    }
  }

  std::vector<JsonOp> edits;

 private:
  void walk_into(JsonKey key, const JsonValue& value) {
    path_.push_back(std::move(key));
    walk(value);
    path_.pop_back();
  }

  JsonPath at(JsonKey key) const {
    JsonPath path = path_;
    path.push_back(std::move(key));
    return path;
  }

  void edit_text(std::string_view text) {
    std::uint64_t offset = 0;
    for (std::string_view rest = text;; rest.remove_prefix(bytes_of_code_points(rest, 1))) {
      edits.push_back(JsonOp().insert_text(at(offset), "💩"));
      for (std::uint64_t points = 1; points <= count_code_points(rest); ++points) {
        const std::string_view erased = rest.substr(0, bytes_of_code_points(rest, points));
        edits.push_back(JsonOp().erase_text(at(offset), erased));
      }
      if (rest.empty()) {
        return;
      }
      offset += count_utf16_units(rest.substr(0, bytes_of_code_points(rest, 1)));
    }
  }

  void edit_list(const JsonArray& list) {
    for (std::uint64_t i = 0; i <= list.size(); ++i) {
      edits.push_back(JsonOp().replace(at(i), std::nullopt, 7));
      if (i == list.size()) {
        break;
      }
      edits.push_back(JsonOp().replace(at(i), list[i], std::nullopt));
      edits.push_back(JsonOp().replace(at(i), list[i], "r"));
      for (std::uint64_t to = 0; to < list.size(); ++to) {
        if (to != i) {
          edits.push_back(JsonOp().move(at(i), to));
        }
      }
    }
  }

  void edit_object(const JsonObject& object) {
    for (const auto* key : {"a", "b"}) {
      const JsonValue* present = object.if_contains(key);
      if (present == nullptr) {
        edits.push_back(JsonOp().replace(at(key), std::nullopt, JsonArray{8}));
        continue;
      }
      edits.push_back(JsonOp().replace(at(key), *present, std::nullopt));
      edits.push_back(JsonOp().replace(at(key), *present, nullptr));
    }
  }

  JsonPath path_;
};

}  // namespace

std::vector<JsonOp> every_json_edit(const JsonValue& document) {
  Edits edits;
  edits.walk(document);
  return std::move(edits.edits);
}

}  // namespace cloudsync::ot
