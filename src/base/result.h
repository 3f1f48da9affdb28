#pragma once
// Result<T>: a value or an Error. The only file that names the library behind it (tl::expected,
// since libstdc++ 12 has std::expected in C++23 mode only), so that moving is a change in one
// place.

#include "base/error.h"

#include <tl/expected.hpp>

#include <utility>

namespace cloudsync {

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

/// An error that converts to any Result<T>.
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Passes an existing error on.
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace cloudsync

#define CS_CONCAT_INNER(a, b) a##b
#define CS_CONCAT(a, b) CS_CONCAT_INNER(a, b)

/// Returns the error of a Result<void> expression from the enclosing function.
#define CS_TRY(expression)                                    \
  do {                                                        \
    if (auto cs_result = (expression); !cs_result) {          \
      return ::cloudsync::fail(std::move(cs_result).error()); \
    }                                                         \
  } while (false)

/// Declares or assigns from a Result, or returns its error: CS_TRY_ASSIGN(auto doc, load(id));
#define CS_TRY_ASSIGN(declaration, ...) \
  CS_TRY_ASSIGN_IMPL(CS_CONCAT(cs_result_, __LINE__), declaration, __VA_ARGS__)
#define CS_TRY_ASSIGN_IMPL(result, declaration, ...)     \
  auto result = (__VA_ARGS__);                           \
  if (!result) {                                         \
    return ::cloudsync::fail(std::move(result).error()); \
  }                                                      \
  declaration = *std::move(result)
