// What json promises beyond the laws of every type: its documents do what plain values do, and
// cursors follow their character.

#include "json_cursors.h"
#include "ot/json_cursor.h"
#include "ot/json_document.h"
#include "ot/json_value.h"
#include "ot/unicode.h"
#include "ot_generators.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

// Also operations that don't fit: made on another document, or cut.
JsonOp any_op_for(const Document& document) {
  const bool fits = *rc::gen::inRange(0, 3) > 0;
  const Document other = fits ? document : any_document(Type::kJson);
  return std::get<JsonOp>(any_operation(other));
}

TEST(OtJson, DocumentsDoWhatPlainValuesDo) {
  EXPECT_TRUE(rc::check([] {
    const Document document = any_document(Type::kJson);
    auto tree = std::get<JsonDocument>(document);
    JsonValue plain = tree.to_json();
    const JsonDocument copy = tree;
    const JsonValue before = plain;
    for (int steps = *rc::gen::inRange(1, 4); steps > 0; --steps) {
      const JsonOp op = any_op_for(Document(tree));
      const auto changed = tree.apply(op);
      const auto expected = apply_to_value(plain, op);
      RC_ASSERT(changed.has_value() == expected.has_value());
      RC_ASSERT(changed.has_value() || changed.error() == expected.error());
      RC_ASSERT(tree.to_json() == plain);
      RC_ASSERT(tree == JsonDocument::parse(plain).value());
    }
    RC_ASSERT(copy.to_json() == before);
  }));
}

// A long list and a long string, so that there are branches in the trees.
TEST(OtJson, LargeDocumentsDoWhatPlainValuesDo) {
  EXPECT_TRUE(rc::check([] {
    JsonArray list;
    for (int i = *rc::gen::inRange(0, 100); i > 0; --i) {
      list.emplace_back(i);
    }
    JsonObject object{{"list", std::move(list)}};
    for (int i = *rc::gen::inRange(0, 100); i > 0; --i) {
      object["key" + std::to_string(i)] = i;
    }
    std::string text;
    while (text.size() < 6'000) {
      text += "ab💩é";
    }
    object["text"] = text;
    JsonValue plain = object;
    JsonDocument tree = JsonDocument::parse(plain).value();
    for (int steps = 20; steps > 0; --steps) {
      const auto size = plain.at("list").as_array().size();
      const auto index = *rc::gen::inRange<std::uint64_t>(0, size + 1);
      const auto offset = *rc::gen::inRange<std::uint64_t>(0, 8'000);
      const std::string key = "key" + std::to_string(*rc::gen::inRange(0, 120));
      const JsonValue* member = plain.as_object().if_contains(key);
      const auto removed = member == nullptr ? std::nullopt : std::optional(*member);
      JsonOp op;
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          op.replace({"list", index}, std::nullopt, "new");
          break;
        case 1:
          op.move({"list", index}, *rc::gen::inRange<std::uint64_t>(0, size + 1));
          break;
        case 2:
          op.replace({"list", index},
                     index < size ? plain.at("list").at(index) : JsonValue(),
                     std::nullopt);
          break;
        case 3:
          op.insert_text({"text", offset}, "xé💩");
          break;
        case 4:
          op.erase_text({"text", offset}, "ab💩é");
          break;
        default:
          op.replace({key}, removed, removed ? std::nullopt : std::optional(JsonValue(1)));
      }
      RC_ASSERT(tree.apply(op).has_value() == apply_to_value(plain, op).has_value());
      RC_ASSERT(tree.to_json() == plain);
    }
  }));
}

// Gives every letter of every string a name of its own, so that it is found again.
struct Renaming {
  char32_t next = 0x4e00;

  JsonValue rename(const JsonValue& value) {
    if (const auto* string = value.if_string()) {
      std::string text;
      for (std::uint64_t left = count_code_points(view(*string)); left > 0; --left, ++next) {
        text += static_cast<char>(0xe0 | (next >> 12U));
        text += static_cast<char>(0x80 | ((next >> 6U) & 0x3fU));
        text += static_cast<char>(0x80 | (next & 0x3fU));
      }
      return JsonValue(text);
    }
    JsonValue result = value;
    if (auto* list = result.if_array()) {
      for (JsonValue& element : *list) {
        element = rename(element);
      }
    }
    if (auto* object = result.if_object()) {
      for (auto& member : *object) {
        member.value() = rename(member.value());
      }
    }
    return result;
  }
};

// A cursor in front of a letter that is still there afterwards is in front of it, unless text was
// inserted between the two.
TEST(OtJson, CursorsFollowTheirCharacter) {
  EXPECT_TRUE(rc::check([] {
    Renaming letters;
    const JsonValue before =
        letters.rename(std::get<JsonDocument>(any_document(Type::kJson)).to_json());
    JsonDocument document = JsonDocument::parse(before).value();
    Range cursor = any_range(document);
    cursor.length = 0;
    const std::string letter = letters_at(before, cursor).behind;
    if (letter.empty()) {
      return;
    }
    const Operation op = any_operation(document);
    RC_ASSERT(document.apply(std::get<JsonOp>(op)).has_value());
    const JsonValue after = document.to_json();
    const bool survived = cloudsync::to_json(after).find(letter) != std::string::npos;
    const Range moved = transform_range(cursor, op, true);
    RC_ASSERT(!survived || letters_at(after, moved).behind == letter);
  }));
}

}  // namespace
}  // namespace cloudsync::ot
