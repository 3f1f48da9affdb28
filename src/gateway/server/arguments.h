#pragma once
// The arguments of an event or of an answer: JSON values, with any binary among them. Bytes stand
// in `values` as {"_placeholder":true,"num":n}, wherever they are, and are attachments[n].

#include "base/json.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudsync::gateway {

struct Arguments {
  Arguments() = default;

  // NOLINTNEXTLINE(google-explicit-constructor): emit("name", {1, "two"}) reads as JavaScript's
  Arguments(std::initializer_list<boost::json::value_ref> list) : values(list) {}

  /// The attachments are numbered anew, in the order in which `given` has them; those that it has
  /// not are dropped.
  Arguments(JsonArray given, std::vector<std::string> bytes);

  std::size_t size() const { return values.size(); }

  /// The argument, or null if there are fewer.
  const JsonValue& operator[](std::size_t index) const;
  /// The argument as text or as a number; empty and 0 if it is something else.
  std::string_view text(std::size_t index) const;
  std::uint64_t number(std::size_t index) const;
  bool boolean(std::size_t index) const;
  /// The bytes that the argument is, or null.
  const std::string* binary(std::size_t index) const;

  Arguments& add(JsonValue value);
  Arguments& add_binary(std::string bytes);

  /// An argument of `other`, to be added to these as it is or inside of a value: its binary is
  /// among these attachments now.
  JsonValue adopt(const Arguments& other, std::size_t index);

  /// These without the first `count`.
  Arguments without_first(std::size_t count) const;

  JsonArray values;
  std::vector<std::string> attachments;
};

}  // namespace cloudsync::gateway
