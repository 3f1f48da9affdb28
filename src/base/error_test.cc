#include "base/error.h"

#include "base/result.h"

#include <gtest/gtest.h>

namespace cloudsync {
namespace {

TEST(ErrorCode, EveryCodeHasANameThatLeadsBack) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(error_from_name(error_name(code)), code);
  }
  EXPECT_FALSE(error_from_name("no_such_code"));
}

Result<int> half(int number) {
  if (number % 2 != 0) {
    return fail(ErrorCode::kBadRequest, "odd");
  }
  return number / 2;
}

Result<int> quarter(int number) {
  CS_TRY_ASSIGN(const int halved, half(number));
  return half(halved);
}

TEST(Result, TryPassesTheErrorOn) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

}  // namespace
}  // namespace cloudsync
