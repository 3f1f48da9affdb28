#pragma once
// A JSON document: any JSON value, changed by JsonOp.

#include "base/json.h"
#include "base/result.h"
#include "ot/json_node.h"
#include "ot/json_op.h"
#include "ot/range.h"

#include <cstdint>

namespace cloudsync::ot {

/// Copying is O(1): copies share what is the same in them.
class JsonDocument {
 public:
  /// {}
  JsonDocument();
  /// Errors: kOpInvalid for more than kJsonLevelsMax levels or keys that JavaScript objects don't
  /// treat as data.
  static Result<JsonDocument> parse(const JsonValue& content);
  /// Keys are sorted.
  JsonValue to_json() const;

  /// Applies all components or, with an error, none. What a component deletes must be what is
  /// there. O(log n) a component and level, plus the values and the string that it changes. Errors:
  /// kOpInvalid, the message names the component.
  Result<void> apply(const JsonOp& op);

  /// The operation that undoes `op`, which fits and was not applied yet. Errors: kOpInvalid.
  Result<JsonOp> invert(const JsonOp& op) const;

  /// Of the root: UTF-16 units of a string, elements of a list, members of an object; else 0.
  std::uint64_t length() const;

  /// The path of `range` leads to a value, and its offsets are inside it.
  bool contains(const Range& range) const;

  friend bool operator==(const JsonDocument& a, const JsonDocument& b) {
    return is_equal(*a.root_, *b.root_);
  }

 private:
  explicit JsonDocument(JsonNodePtr root) : root_(std::move(root)) {}

  JsonNodePtr root_;
};

}  // namespace cloudsync::ot
