#include "ot_generators.h"

#include "json_cursors.h"
#include "json_edits.h"
#include "ot/unicode.h"

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cloudsync::ot {
namespace {

// One to four bytes, one or two UTF-16 units, a combining mark, a joined family.
const std::vector<std::string> kLetters = {
    "a", "b", "\n", "é", "\u0301", "中", "💩", "𝒳", "👨‍👩‍👧"};

std::size_t below(std::size_t end) {
  return *rc::gen::inRange<std::size_t>(0, end);
}

std::string any_text(std::size_t letters_max) {
  std::string text;
  for (std::size_t left = 1 + below(letters_max); left > 0; --left) {
    text += *rc::gen::elementOf(kLetters);
  }
  return text;
}

JsonObject any_attributes(bool nulls) {
  JsonObject attributes;
  for (const auto* key : {"bold", "color"}) {
    const std::size_t choice = below(nulls ? 5 : 4);
    if (choice == 4) {
      attributes.emplace(key, nullptr);
    } else if (choice > 1) {
      attributes.emplace(key, static_cast<std::int64_t>(choice));
    }
  }
  return attributes;
}

void insert_anything(RichTextOp& op) {
  JsonObject attributes = any_attributes(false);
  if (below(4) == 0) {
    JsonObject embed;
    embed.emplace("image", any_text(1));
    op.insert_embed(std::move(embed), std::move(attributes));
  } else {
    op.insert(any_text(3), std::move(attributes));
  }
}

// How far one component reaches: a few characters, or anywhere in a long document.
std::size_t any_reach(std::size_t left) {
  return below(6) == 0 ? below(left + 1) : std::min(left, 1 + below(4));
}

TextOp any_text_op(const TextDocument& document) {
  TextOp op;
  std::uint64_t left = document.length();
  for (std::size_t steps = below(7); steps > 0; --steps) {
    const std::uint64_t length = any_reach(left);
    const std::size_t kind = below(3);
    if (kind == 0) {
      op.insert(any_text(3));
      continue;
    }
    left -= length;
    kind == 1 ? op.skip(length) : op.erase(length);
  }
  return op.trim();
}

// The lengths of the document's characters in UTF-16 units.
std::vector<std::uint64_t> character_lengths(const RichTextDocument& document) {
  std::vector<std::uint64_t> lengths;
  for (const RichTextComponent& run : document.inserts()) {
    if (run.kind == RichTextComponent::Kind::kInsertEmbed) {
      lengths.push_back(1);
    }
    for (std::string_view rest = run.text; !rest.empty();) {
      const std::size_t bytes = bytes_of_code_points(rest, 1);
      lengths.push_back(count_utf16_units(rest.substr(0, bytes)));
      rest.remove_prefix(bytes);
    }
  }
  return lengths;
}

RichTextOp any_rich_op(const RichTextDocument& document) {
  const std::vector<std::uint64_t> lengths = character_lengths(document);
  RichTextOp op;
  std::size_t at = 0;
  for (std::size_t steps = below(7); steps > 0; --steps) {
    const std::size_t kind = below(4);
    if (kind == 0) {
      insert_anything(op);
      continue;
    }
    std::uint64_t length = 0;
    for (std::size_t count = any_reach(lengths.size() - at); count > 0; --count) {
      length += lengths[at++];
    }
    if (kind == 1) {
      op.erase(length);
    } else {
      op.retain(length, kind == 2 ? JsonObject() : any_attributes(true));
    }
  }
  return op.trim();
}

Document any_rich_document(std::size_t runs) {
  RichTextOp inserts;
  for (; runs > 0; --runs) {
    insert_anything(inserts);
  }
  return applied(RichTextDocument(), inserts);
}

JsonValue any_json(std::size_t depth) {
  switch (below(depth > 0 ? 6 : 4)) {
    case 0:
      return static_cast<std::int64_t>(below(5)) - 2;
    case 1:
      return *rc::gen::elementOf(std::vector<JsonValue>{nullptr, true, 0.5, "", "r", 7});
    case 2:
    case 3:
      return JsonValue(any_text(3));
    case 4: {
      JsonArray list;
      for (std::size_t left = below(4); left > 0; --left) {
        list.push_back(any_json(depth - 1));
      }
      return list;
    }
    default: {
      JsonObject object;
      for (std::size_t left = below(3); left > 0; --left) {
        object[*rc::gen::elementOf(std::vector<std::string>{"a", "b", "é"})] = any_json(depth - 1);
      }
      return object;
    }
  }
}

JsonOp any_json_op(JsonDocument document) {
  JsonOp op;
  for (std::size_t steps = below(5); steps > 0; --steps) {
    const std::vector<JsonOp> edits = every_json_edit(document.to_json());
    if (edits.empty()) {
      break;
    }
    const JsonOp& edit = edits[below(edits.size())];
    RC_ASSERT(document.apply(edit).has_value());
    op.append(edit.components().front());
  }
  return op;
}

}  // namespace

Document any_document(Type type) {
  if (type == Type::kJson) {
    const std::size_t root = below(8);
    if (root == 0) {
      return JsonDocument::parse(any_json(3)).value();
    }
    JsonValue content = root < 4 ? JsonValue(JsonObject{{"a", any_json(2)}, {"é", any_json(2)}})
                                 : JsonValue(JsonArray{any_json(2), any_json(2), any_json(2)});
    return JsonDocument::parse(content).value();
  }
  if (type == Type::kText) {
    return below(8) == 0 ? TextDocument() : TextDocument(any_text(10));
  }
  return any_rich_document(below(6));
}

Document any_long_document(Type type) {
  return type == Type::kText ? TextDocument(any_text(800)) : any_rich_document(below(200));
}

Operation any_operation(const Document& document) {
  if (const auto* text = std::get_if<TextDocument>(&document)) {
    return any_text_op(*text);
  }
  if (const auto* json = std::get_if<JsonDocument>(&document)) {
    return any_json_op(*json);
  }
  return any_rich_op(std::get<RichTextDocument>(document));
}

Range any_range(const Document& document) {
  Range range{.length = length(document)};
  if (const auto* json = std::get_if<JsonDocument>(&document)) {
    const std::vector<Range> ranges = every_json_cursor(json->to_json());
    range = ranges[below(ranges.size())];
  }
  range.index = below(range.length + 1);
  range.length = below(range.length - range.index + 1);
  return range;
}

Side any_side() {
  return below(2) == 0 ? Side::kLeft : Side::kRight;
}

Document applied(Document document, const Operation& op) {
  const auto result = ot::apply(document, op);
  RC_ASSERT(result.has_value());
  return document;
}

}  // namespace cloudsync::ot
