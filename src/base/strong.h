#pragma once
// Strong<Tag, T>: a distinct type for each kind of id or number, so that two of them can't be
// swapped.

#include <compare>
#include <cstddef>
#include <functional>
#include <utility>

namespace cloudsync {

template <class Tag, class T>
class Strong {
 public:
  using value_type = T;

  Strong() = default;

  explicit Strong(T value) : value_(std::move(value)) {}

  /// Of a text a view of it.
  decltype(auto) value() const {
    if constexpr (requires { value_.str(); }) {
      return value_.str();
    } else {
      return static_cast<const T&>(value_);
    }
  }

  friend bool operator==(const Strong&, const Strong&) = default;
  friend auto operator<=>(const Strong&, const Strong&) = default;

 private:
  T value_{};
};

}  // namespace cloudsync

template <class Tag, class T>
struct std::hash<cloudsync::Strong<Tag, T>> {
  std::size_t operator()(const cloudsync::Strong<Tag, T>& id) const noexcept {
    return std::hash<std::remove_cvref_t<decltype(id.value())>>{}(id.value());
  }
};
