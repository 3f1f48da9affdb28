#pragma once
// A string of a JSON document, counted in UTF-16 units: a short one in one piece, a long one as a
// rope, so that an edit costs O(log n) and a copy O(1).

#include "ot/rope.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace cloudsync::ot {

class JsonString {
 public:
  /// `text` is valid UTF-8.
  explicit JsonString(std::string_view text);

  std::uint64_t units() const;
  std::string text() const;
  bool equals(std::string_view text) const;

  /// True if `offset` is within the string, and not inside a surrogate pair.
  bool is_border(std::uint64_t offset) const;
  /// True if `text` is there at `offset`, which is a border.
  bool has(std::uint64_t offset, std::string_view text) const;

  /// `text` has `units` units; `offset` is a border.
  void insert(std::uint64_t offset, std::string_view text, std::uint64_t units);
  /// `text` is there at `offset`.
  void erase(std::uint64_t offset, std::string_view text, std::uint64_t units);

  friend bool operator==(const JsonString& a, const JsonString& b);

 private:
  /// Moving the bytes of a shorter string costs less than a walk down a tree, and a rope's first
  /// node takes this much memory.
  static constexpr std::size_t kFlatBytesMax = 4'096;

  struct Flat {
    std::string text;
    std::uint64_t units = 0;

    /// The longest prefix with at most `offset` units; without a search if all is ASCII.
    Utf16Prefix prefix(std::uint64_t offset) const;
  };

  std::variant<Rope, Flat> content_;
};

}  // namespace cloudsync::ot
