#include "random_edit.h"

#include "random_json_edit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace cloudsync::simulation {
namespace {

JsonObject random_attributes(Dice& dice, bool with_removal) {
  JsonObject attributes;
  if (dice.chance(0.5)) {
    attributes["bold"] = true;
  }
  if (dice.chance(0.3)) {
    attributes["color"] = dice.chance(0.5) ? "red" : "blue";
  }
  if (with_removal && dice.chance(0.3)) {
    attributes["bold"] = nullptr;
  }
  return attributes;
}

ot::TextOp random_text_edit(Dice& dice, std::uint64_t length) {
  const std::uint64_t at = dice.number(0, length);
  const std::uint64_t rest = length - at;
  ot::TextOp op;
  op.skip(at);
  const bool erases = rest > 0 && dice.chance(length > 60 ? 0.7 : 0.4);
  if (erases) {
    op.erase(dice.number(1, std::min<std::uint64_t>(rest, 5)));
  }
  if (!erases || dice.chance(0.3)) {
    op.insert(random_text(dice));
  }
  op.trim();
  return op;
}

ot::RichTextOp random_rich_edit(Dice& dice, std::uint64_t length) {
  const std::uint64_t at = dice.number(0, length);
  const std::uint64_t rest = length - at;
  const std::uint64_t span = rest == 0 ? 0 : dice.number(1, std::min<std::uint64_t>(rest, 5));
  ot::RichTextOp op;
  op.retain(at);
  if (span > 0 && dice.chance(0.3)) {
    op.retain(span, random_attributes(dice, true));
  } else if (span > 0 && dice.chance(length > 60 ? 0.7 : 0.4)) {
    op.erase(span);
  } else if (dice.chance(0.1)) {
    op.insert_embed(JsonObject{{"image", "x"}}, random_attributes(dice, false));
  } else {
    op.insert(random_text(dice), random_attributes(dice, false));
  }
  op.trim();
  return op;
}

}  // namespace

std::string random_text(Dice& dice) {
  static constexpr std::array<const char*, 6> kPieces{"a", "b", "cd", "é", "😀", "\n"};
  std::string text;
  for (std::uint64_t i = dice.number(1, 3); i > 0; --i) {
    text += kPieces[dice.number(0, kPieces.size() - 1)];
  }
  return text;
}

ot::Operation random_edit(Dice& dice, const ot::Document& document) {
  if (const auto* json = std::get_if<ot::JsonDocument>(&document)) {
    return random_json_edit(dice, *json);
  }
  const std::uint64_t length = ot::length(document);
  if (ot::type_of(document) == ot::Type::kText) {
    return random_text_edit(dice, length);
  }
  return random_rich_edit(dice, length);
}

ot::Operation large_edit(Dice& dice, const ot::Document& document) {
  constexpr std::uint64_t kLarge = 1'000;
  if (ot::type_of(document) == ot::Type::kJson) {
    ot::Document copy = document;
    std::optional<ot::Operation> all;
    for (std::uint64_t i = dice.number(20, 100); i > 0; --i) {
      const ot::Operation op = random_edit(dice, copy);
      if (ot::apply(copy, op)) {
        all = all ? ot::compose(*all, op) : op;
      }
    }
    return all.value_or(ot::JsonOp());
  }
  const std::uint64_t length = ot::length(document);
  if (length < kLarge) {
    std::string text;
    for (std::uint64_t i = dice.number(kLarge, 2 * kLarge); i > 0; --i) {
      text += static_cast<char>('a' + dice.number(0, 25));
    }
    return ot::type_of(document) == ot::Type::kText ? ot::Operation(ot::TextOp().insert(text))
                                                    : ot::Operation(ot::RichTextOp().insert(text));
  }
  ot::TextOp text;
  ot::RichTextOp rich;
  for (std::uint64_t at = dice.number(0, 5); at + 8 < length; at += 8) {
    text.skip(4).insert("x").skip(3).erase(1);
    rich.retain(4).insert("x").retain(2, JsonObject{{"bold", true}}).retain(1).erase(1);
  }
  text.trim();
  rich.trim();
  return ot::type_of(document) == ot::Type::kText ? ot::Operation(text) : ot::Operation(rich);
}

ot::Range random_cursor(Dice& dice, const ot::Document& document) {
  if (const auto* json = std::get_if<ot::JsonDocument>(&document)) {
    return random_json_cursor(dice, *json);
  }
  return {.index = dice.number(0, ot::length(document))};
}

}  // namespace cloudsync::simulation
