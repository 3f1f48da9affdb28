#include "api/responses.h"

#include <gtest/gtest.h>

namespace cloudsync::api {
namespace {

TEST(Responses, ErrorCarriesCodeMessageAndStatus) {
  const auto response = error_response({ErrorCode::kNotFound, "no \"such\" thing"});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"error":{"code":"not_found","message":"no \"such\" thing"}})");
  EXPECT_EQ(response.find("retry-after"), nullptr);
}

TEST(Responses, RetryableErrorsSayWhenInWholeSeconds) {
  const auto later = error_response({ErrorCode::kOverloaded, "busy", 1'500});
  EXPECT_EQ(later.status, 503);
  EXPECT_EQ(*later.find("retry-after"), "2");
  EXPECT_EQ(*error_response({ErrorCode::kRateLimited, "slow down"}).find("retry-after"), "1");
}

TEST(Responses, EveryCodeHasAStatusOfItsClass) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const int status = http_status(code);
    EXPECT_EQ(status == 500, code == ErrorCode::kInternal) << error_name(code);
    EXPECT_TRUE(status >= 400 && status < 600);
  }
}

TEST(Responses, ScriptsComeFromOurOwnFilesAlone) {
  auto response = text_response(200, "x");
  add_security_headers(response);
  const std::string& policy = *response.find("content-security-policy");
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
  EXPECT_EQ(*response.find("x-content-type-options"), "nosniff");
}

}  // namespace
}  // namespace cloudsync::api
