#include "naive_document.h"

#include <utility>

namespace cloudsync::ot {
namespace {

std::size_t code_point_bytes(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

void set_attributes(JsonObject& attributes, const JsonObject& changes) {
  for (const auto& [key, value] : changes) {
    if (value.is_null()) {
      attributes.erase(key);
    } else {
      attributes[key] = value;
    }
  }
}

}  // namespace

// Reads the old characters from the start and collects the new ones.
class NaiveDocument::Walk {
 public:
  explicit Walk(const std::vector<Character>& before) : before_(before) {}

  /// Calls use(character) for the next `units`; false if they end behind the document or inside a
  /// character.
  template <class Use>
  bool take(std::uint64_t units, Use use) {
    while (units > 0) {
      if (next_ == before_.size() || before_[next_].units > units) {
        return false;
      }
      units -= before_[next_].units;
      use(before_[next_++]);
    }
    return true;
  }

  std::vector<Character> after;

 private:
  const std::vector<Character>& before_;
  std::size_t next_ = 0;
};

NaiveDocument::NaiveDocument(Type type, const JsonValue& content) : type_(type) {
  if (type == Type::kText) {
    append_text(characters_, view(content.as_string()), {});
    return;
  }
  for (const JsonValue& value : content.as_array()) {
    const JsonObject& run = value.as_object();
    const JsonValue* attributes = run.if_contains("attributes");
    const JsonObject format = attributes == nullptr ? JsonObject() : attributes->as_object();
    if (const auto* text = run.at("insert").if_string()) {
      append_text(characters_, view(*text), format);
    } else {
      characters_.push_back({{}, run.at("insert").as_object(), format, 1});
    }
  }
}

void NaiveDocument::append_text(std::vector<Character>& to,
                                std::string_view text,
                                const JsonObject& attributes) const {
  while (!text.empty()) {
    const std::size_t bytes = code_point_bytes(text.front());
    const bool is_pair = type_ == Type::kRichText && bytes == 4;
    to.push_back({std::string(text.substr(0, bytes)), {}, attributes, is_pair ? 2U : 1U});
    text.remove_prefix(bytes);
  }
}

bool NaiveDocument::apply(const Operation& op) {
  const auto* text = std::get_if<TextOp>(&op);
  return text != nullptr ? apply_text(*text) : apply_rich_text(std::get<RichTextOp>(op));
}

bool NaiveDocument::apply_text(const TextOp& op) {
  Walk walk(characters_);
  const auto keep = [&](const Character& character) { walk.after.push_back(character); };
  const auto drop = [](const Character&) {};
  for (const TextComponent& component : op.components()) {
    if (component.kind == TextComponent::Kind::kInsert) {
      append_text(walk.after, component.text, {});
    } else if (!(component.kind == TextComponent::Kind::kSkip
                     ? walk.take(component.length, keep)
                     : walk.take(component.length, drop))) {
      return false;
    }
  }
  walk.take(characters_.size(), keep);
  characters_ = std::move(walk.after);
  return true;
}

bool NaiveDocument::apply_rich_text(const RichTextOp& op) {
  using Kind = RichTextComponent::Kind;
  Walk walk(characters_);
  for (const RichTextComponent& component : op.components()) {
    const JsonObject& attributes = component.attributes.get();
    if (component.kind == Kind::kInsertText) {
      append_text(walk.after, component.text, attributes);
    } else if (component.kind == Kind::kInsertEmbed) {
      walk.after.push_back({{}, component.embed.get(), attributes, 1});
    } else if (!walk.take(component.length, [&](Character character) {
                 if (component.kind == Kind::kRetain) {
                   set_attributes(character.attributes, attributes);
                   walk.after.push_back(std::move(character));
                 }
               })) {
      return false;
    }
  }
  walk.take(2 * characters_.size(),
            [&](const Character& character) { walk.after.push_back(character); });
  characters_ = std::move(walk.after);
  return true;
}

JsonValue NaiveDocument::content() const {
  if (type_ == Type::kText) {
    std::string text;
    for (const Character& character : characters_) {
      text += character.text;
    }
    return JsonValue(text);
  }
  JsonArray runs;
  const Character* last = nullptr;
  for (const Character& character : characters_) {
    if (last != nullptr && last->embed.empty() && character.embed.empty() &&
        last->attributes == character.attributes) {
      runs.back().as_object()["insert"].as_string() += character.text;
    } else {
      JsonObject run;
      if (character.embed.empty()) {
        run["insert"] = character.text;
      } else {
        run["insert"] = character.embed;
      }
      if (!character.attributes.empty()) {
        run["attributes"] = character.attributes;
      }
      runs.emplace_back(std::move(run));
    }
    last = &character;
  }
  return runs;
}

}  // namespace cloudsync::ot
