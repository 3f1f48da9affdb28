#pragma once
// Documents as the definition of the types has them: a list of characters, each with its
// attributes, changed one by one. Slow and plain; what the fast documents are compared with.

#include "base/json.h"
#include "ot/type.h"

#include <cstdint>
#include <string>
#include <vector>

namespace cloudsync::ot {

class NaiveDocument {
 public:
  /// `content` is a valid document.
  NaiveDocument(Type type, const JsonValue& content);

  /// False, and nothing changes, if the operation does not fit.
  bool apply(const Operation& op);

  /// In normal form.
  JsonValue content() const;

 private:
  // A code point or an embed.
  struct Character {
    std::string text;
    JsonObject embed;  // empty for text
    JsonObject attributes;
    std::uint64_t units = 0;
  };

  class Walk;

  void append_text(std::vector<Character>& to,
                   std::string_view text,
                   const JsonObject& attributes) const;
  bool apply_text(const TextOp& op);
  bool apply_rich_text(const RichTextOp& op);

  Type type_;
  std::vector<Character> characters_;
};

}  // namespace cloudsync::ot
