#include "random_edit.h"

#include "random_json_edit.h"

#include <algorithm>
#include <array>
#include <string>

namespace cloudsync::simulation {
namespace {

JsonObject random_attributes(World& world, bool with_removal) {
  JsonObject attributes;
  if (world.chance(0.5)) {
    attributes["bold"] = true;
  }
  if (world.chance(0.3)) {
    attributes["color"] = world.chance(0.5) ? "red" : "blue";
  }
  if (with_removal && world.chance(0.3)) {
    attributes["bold"] = nullptr;
  }
  return attributes;
}

ot::TextOp random_text_edit(World& world, std::uint64_t length) {
  const std::uint64_t at = world.number(0, length);
  const std::uint64_t rest = length - at;
  ot::TextOp op;
  op.skip(at);
  const bool erases = rest > 0 && world.chance(length > 60 ? 0.7 : 0.4);
  if (erases) {
    op.erase(world.number(1, std::min<std::uint64_t>(rest, 5)));
  }
  if (!erases || world.chance(0.3)) {
    op.insert(random_text(world));
  }
  op.trim();
  return op;
}

ot::RichTextOp random_rich_edit(World& world, std::uint64_t length) {
  const std::uint64_t at = world.number(0, length);
  const std::uint64_t rest = length - at;
  const std::uint64_t span = rest == 0 ? 0 : world.number(1, std::min<std::uint64_t>(rest, 5));
  ot::RichTextOp op;
  op.retain(at);
  if (span > 0 && world.chance(0.3)) {
    op.retain(span, random_attributes(world, true));
  } else if (span > 0 && world.chance(length > 60 ? 0.7 : 0.4)) {
    op.erase(span);
  } else if (world.chance(0.1)) {
    op.insert_embed(JsonObject{{"image", "x"}}, random_attributes(world, false));
  } else {
    op.insert(random_text(world), random_attributes(world, false));
  }
  op.trim();
  return op;
}

}  // namespace

std::string random_text(World& world) {
  static constexpr std::array<const char*, 6> kPieces{"a", "b", "cd", "é", "😀", "\n"};
  std::string text;
  for (std::uint64_t i = world.number(1, 3); i > 0; --i) {
    text += kPieces[world.number(0, kPieces.size() - 1)];
  }
  return text;
}

ot::Operation random_edit(World& world, const ot::Document& document) {
  if (const auto* json = std::get_if<ot::JsonDocument>(&document)) {
    return random_json_edit(world, *json);
  }
  const std::uint64_t length = ot::length(document);
  if (ot::type_of(document) == ot::Type::kText) {
    return random_text_edit(world, length);
  }
  return random_rich_edit(world, length);
}

ot::Range random_cursor(World& world, const ot::Document& document) {
  if (const auto* json = std::get_if<ot::JsonDocument>(&document)) {
    return random_json_cursor(world, *json);
  }
  return {.index = world.number(0, ot::length(document))};
}

}  // namespace cloudsync::simulation
