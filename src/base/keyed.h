#pragma once
// Sets whose elements are found by a key that they name, without a second copy of it beside them.
// `KeyOf` has key() of an element, and of a key itself:
//
//   struct NameOf {
//     static std::string_view key(const Person* person) { return person->name; }
//     static std::string_view key(std::string_view name) { return name; }
//   };
//   boost::unordered_flat_set<Person*, KeyHash<NameOf>, KeyEqual<NameOf>> people;  // or
//   boost::container::flat_set<Person*, KeyLess<NameOf>> people;

#include <cstddef>
#include <functional>
#include <type_traits>

namespace cloudsync {

template <class KeyOf>
struct KeyHash : KeyOf {
  using is_transparent = void;

  std::size_t operator()(const auto& element) const noexcept {
    const auto& key = this->key(element);
    return std::hash<std::remove_cvref_t<decltype(key)>>{}(key);
  }
};

template <class KeyOf>
struct KeyEqual : KeyOf {
  using is_transparent = void;

  bool operator()(const auto& a, const auto& b) const { return this->key(a) == this->key(b); }
};

template <class KeyOf>
struct KeyLess : KeyOf {
  using is_transparent = void;

  bool operator()(const auto& a, const auto& b) const { return this->key(a) < this->key(b); }
};

}  // namespace cloudsync
