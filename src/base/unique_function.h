#pragma once
// UniqueFunction<R(Args...)>: a move-only std::function (std::move_only_function is C++23), so that
// a completion can own a unique_ptr. Completion<T> is the shape of every asynchronous answer here:
// called exactly once, on the loop that asked, never before the asking call returned.

#include "base/assert.h"
#include "base/result.h"

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace cloudsync {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;

  UniqueFunction(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): as std::function

  template <class F>

  requires(!std::is_same_v<std::decay_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
      UniqueFunction(F&& callable)  // NOLINT(google-explicit-constructor): as std::function
      : target_(std::make_unique<Target<std::decay_t<F>>>(std::forward<F>(callable))) {}

  explicit operator bool() const { return target_ != nullptr; }

  R operator()(Args... args) {
    CS_ASSERT(target_ != nullptr, "an empty function is never called");
    return target_->call(std::forward<Args>(args)...);
  }

 private:
  struct Callable {
    virtual ~Callable() = default;
    virtual R call(Args... args) = 0;
  };

  template <class F>
  struct Target final : Callable {
    template <class G>
    explicit Target(G&& callable) : function(std::forward<G>(callable)) {}

    R call(Args... args) override { return std::invoke(function, std::forward<Args>(args)...); }

    F function;
  };

  std::unique_ptr<Callable> target_;
};

template <class T>
using Completion = UniqueFunction<void(Result<T>)>;

}  // namespace cloudsync
