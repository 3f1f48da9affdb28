#pragma once
// JSON values that share structure: copying one is O(1), and a change copies what is on its path
// and shared (sum_tree.h).

#include "base/json.h"
#include "ot/json_path.h"
#include "ot/json_string.h"
#include "ot/sum_tree.h"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace cloudsync::ot {

struct JsonNode;
/// Never null. A node is immutable while it is shared.
using JsonNodePtr = boost::intrusive_ptr<JsonNode>;

/// Lists and objects are found by number alone: the tree counts its items.
struct NoSummary {
  NoSummary& operator+=(const NoSummary&) { return *this; }

  NoSummary& operator-=(const NoSummary&) { return *this; }

  friend bool operator==(const NoSummary&, const NoSummary&) = default;
};

struct JsonElement {
  JsonNodePtr node;

  NoSummary summary() const { return {}; }
};

struct JsonMember {
  std::string key;
  JsonNodePtr node;

  NoSummary summary() const { return {}; }
};

using JsonList = SumTree<JsonElement>;
/// Sorted by key, as UTF-8 bytes.
using JsonMembers = SumTree<JsonMember>;

struct JsonNode : boost::intrusive_ref_counter<JsonNode, boost::thread_safe_counter> {
  /// A JsonValue is a scalar: null, a boolean or a number.
  std::variant<JsonValue, JsonString, JsonList, JsonMembers> value;
};

/// `value` has at most kJsonLevelsMax levels; so have all nodes, which bounds every recursion.
JsonNodePtr make_node(const JsonValue& value);
JsonValue to_json(const JsonNode& node);
bool is_equal(const JsonNode& node, const JsonValue& value);
bool is_equal(const JsonNode& a, const JsonNode& b);

/// Where `key` is among the members, or where it would be. O(log n).
struct MemberPlace {
  JsonMembers::Position at;
  bool is_there = false;
};

MemberPlace find_member(const JsonMembers& members, std::string_view key);

/// What `path` leads to from `root`, nullptr if nowhere.
const JsonNode* find_node(const JsonNode& root, std::span<const JsonKey> path);

}  // namespace cloudsync::ot
