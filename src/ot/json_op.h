#pragma once
// Operations on JSON documents: objects, lists, numbers and strings, changed by path. The rules and
// the wire format are those of npm ot-json0 1.1.0 (docs/ot.md).
//
// JSON of an operation: an array of components that are applied one after the other, so that the
// path of each sees the ones before:
//   {"p": [...path], "na": n}                add n to a number
//   {"p": [...path, index], "li"/"ld": …}    insert into a list, delete from it, both: replace
//   {"p": [...path, index], "lm": to}        move within a list; `to` counts without the element
//   {"p": [...path, key], "oi"/"od": …}      insert into an object, delete from it, both: replace
//   {"p": [...path, offset], "si" or "sd"}   insert into a string, delete from it (UTF-16 units)
//   {"p": path, "t": "text0", "o": [{"p": offset, "i" or "d"}, …]}  the same, several in one
// What is deleted is named with its value, so an operation inverts without the document.

#include "base/json.h"
#include "base/result.h"
#include "ot/json_path.h"
#include "ot/side.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudsync::ot {

/// Components that one operation of a peer may have: transforming takes as many steps as the
/// product of both operations' components, here 1,000,000 at most: up to 25 ms in release
/// (bench/ot_bench, json-*/transform/1000x1000), which JsonTransform cuts.
inline constexpr std::size_t kJsonOpComponentsMax = 1'000;

/// Bytes of keys that the edits of text0 components in one operation may take with a path each, as
/// we rewrite them: 1,000 edits at 1 KiB of keys.
inline constexpr std::size_t kJsonText0KeyBytesMax = 1'024 * 1'024;

/// Bound of a number that is added to, of what is added and of the result: 2^53. Doubles beyond are
/// rounded, and adding rounded numbers does not commute.
inline constexpr std::int64_t kJsonCounterMax = std::int64_t{1} << 53U;

/// The whole number within ±kJsonCounterMax that `value` is.
std::optional<std::int64_t> read_counter(const JsonValue& value);
/// As parse_json() would read it.
JsonValue counter_to_json(std::int64_t number);

struct JsonComponent {
  enum class Kind : std::uint8_t { kAdd, kList, kMove, kObject, kTextInsert, kTextDelete };

  Kind kind = Kind::kAdd;
  JsonPath path = {};  ///< to what is changed: the number, the list, the object or the string
  JsonKey key = {};    ///< the index in it, the key or the offset; unused by kAdd
  std::optional<JsonValue> removed = {};   ///< kList, kObject: ld, od
  std::optional<JsonValue> inserted = {};  ///< kList, kObject: li, oi; one or both are set
  std::int64_t number = 0;                 ///< kAdd: within ±kJsonCounterMax
  std::uint64_t to = 0;                    ///< kMove: the index behind the move
  std::string text = {};                   ///< si, sd; never empty
  std::uint64_t units = 0;                 ///< UTF-16 units of text

  bool is_text() const { return kind == Kind::kTextInsert || kind == Kind::kTextDelete; }

  /// The key as an index or offset: all kinds but kAdd and kObject.
  std::uint64_t index() const { return std::get<std::uint64_t>(key); }

  bool is_noop() const {
    return (kind == Kind::kAdd && number == 0) || (kind == Kind::kMove && index() == to);
  }

  friend bool operator==(const JsonComponent&, const JsonComponent&) = default;
};

/// An operation in normal form: no component is without effect, and none could be merged with the
/// one before it. Strings are edited by si and sd components, never by a subtype: two encodings of
/// one edit would not be transformed against each other.
class JsonOp {
 public:
  JsonOp() = default;

  /// Takes components that are in normal form.
  explicit JsonOp(std::vector<JsonComponent> components) : components_(std::move(components)) {}

  /// Parses and normalises. Errors: kOpInvalid, the message names the component.
  static Result<JsonOp> parse(const JsonValue& json,
                              std::size_t components_max = kJsonOpComponentsMax);
  JsonValue to_json() const;

  /// Adds a component that is applied after the others, merged with the last where possible:
  /// additions, text that touches, an insert that is deleted again. Lists and objects are not
  /// compared for the last, as in the reference, so that it costs O(1).
  JsonOp& append(JsonComponent component);

  /// Builders; `path` leads to what is changed, including the index, key or offset in it.
  JsonOp& add(JsonPath path, std::int64_t number);
  JsonOp& replace(JsonPath path,
                  std::optional<JsonValue> removed,
                  std::optional<JsonValue> inserted);
  JsonOp& move(JsonPath path, std::uint64_t to);
  JsonOp& insert_text(JsonPath path, std::string_view text);
  JsonOp& erase_text(JsonPath path, std::string_view text);

  const std::vector<JsonComponent>& components() const { return components_; }

  /// The components moved out, after which the operation is empty.
  std::vector<JsonComponent> take_components() { return std::exchange(components_, {}); }

  bool is_noop() const { return components_.empty(); }

  friend bool operator==(const JsonOp&, const JsonOp&) = default;

 private:
  std::vector<JsonComponent> components_;
};

/// Where the element at `index` of a list is after one was moved. What was at the target of a move
/// towards the start is pushed on by it.
std::uint64_t follow_move(std::uint64_t index, std::uint64_t from, std::uint64_t to);

JsonOp compose(const JsonOp& first, const JsonOp& second);
/// The operation that undoes `op`.
JsonOp invert(const JsonOp& op);
/// `op` rewritten to apply after `other`. Of two inserts at one index of a list or offset of a
/// string, kLeft's comes first; of two values for one key or element, kLeft's stays. O(components
/// of op times components of other). Operations that don't fit one document combine to something.
JsonOp transform(const JsonOp& op, const JsonOp& other, Side side);
/// The same without copying what `op` inserts and deletes.
JsonOp transform(JsonOp&& op, const JsonOp& other, Side side);

}  // namespace cloudsync::ot
