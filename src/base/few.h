#pragma once
// Few<T>: a sequence for what nearly all of its many owners have one of. One element stands in it,
// more stand in a vector elsewhere: a small vector whose header takes 8 bytes instead of 24.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace cloudsync {

/// Elements are in the order in which they came. Pointers to them are good until the next change.
template <class T>
class Few {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  Few() = default;
  ~Few() = default;
  Few(const Few&) = delete;
  Few& operator=(const Few&) = delete;

  /// `other` is empty then.
  Few(Few&& other) noexcept : held_(std::exchange(other.held_, {})) {}

  Few& operator=(Few&& other) noexcept {
    held_ = std::exchange(other.held_, {});
    return *this;
  }

  /// Returns where it is now.
  T& push_back(T element) {
    if (empty()) {
      return held_.template emplace<T>(std::move(element));
    }
    if (T* one = std::get_if<T>(&held_)) {
      auto many = std::make_unique<std::vector<T>>();
      many->reserve(2);
      many->push_back(std::move(*one));
      held_ = std::move(many);
    }
    return std::get<Many>(held_)->emplace_back(std::move(element));
  }

  /// `element` is one of these.
  void erase(const T* element) {
    if (std::holds_alternative<T>(held_)) {
      clear();
      return;
    }
    auto& many = *std::get<Many>(held_);
    many.erase(many.begin() + (element - many.data()));
    if (many.size() == 1) {
      T last = std::move(many.front());
      held_ = std::move(last);
    }
  }

  /// The first that `holds` is true of, or null.
  template <class Predicate>
  T* find(Predicate holds) {
    const auto found = std::find_if(begin(), end(), holds);
    return found == end() ? nullptr : found;
  }

  template <class Predicate>
  const T* find(Predicate holds) const {
    return const_cast<Few*>(this)->find(holds);
  }

  void clear() { held_ = std::monostate(); }

  bool empty() const { return std::holds_alternative<std::monostate>(held_); }

  std::size_t size() const { return all().size(); }

  T* begin() { return all().data(); }

  T* end() { return all().data() + all().size(); }

  const T* begin() const { return all().data(); }

  const T* end() const { return all().data() + all().size(); }

 private:
  using Many = std::unique_ptr<std::vector<T>>;  // two at least

  std::span<T> all() {
    if (T* one = std::get_if<T>(&held_)) {
      return {one, 1};
    }
    Many* many = std::get_if<Many>(&held_);
    return many == nullptr ? std::span<T>() : std::span<T>(**many);
  }

  std::span<const T> all() const { return const_cast<Few*>(this)->all(); }

  std::variant<std::monostate, T, Many> held_;
};

}  // namespace cloudsync
