#include "gateway/access_policy.h"

#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using codec::http1::Headers;
using codec::http1::Request;

Request request(Headers headers) {
  Request made;
  made.method = "GET";
  made.target = "/";
  made.headers = std::move(headers);
  return made;
}

/// The status of the refusal, 0 if there is none.
int check(const AccessPolicy& policy, Headers headers, bool cookie = false, bool reads = false) {
  const auto refusal = policy.check(request(std::move(headers)), cookie, reads);
  return refusal ? refusal->status : 0;
}

const AccessPolicy kLocal({});
const AccessPolicy kPublic({.public_url = "https://docs.example.com/",
                            .allowed_origins = {"https://app.example.com"}});

TEST(AccessPolicy, ServesLoopbackHostsWithAnyPort) {
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]", "[::1]:8080"}) {
    EXPECT_EQ(check(kLocal, {{"host", host}}), 0) << host;
  }
}

TEST(AccessPolicy, RefusesOtherHostsAgainstRebinding) {
  for (const char* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""}) {
    EXPECT_EQ(check(kLocal, {{"host", host}}), 421) << host;
  }
  EXPECT_EQ(check(kLocal, {}), 421);
}

TEST(AccessPolicy, RefusesHostsWithMoreBehindThemThanAPort) {
  for (const char* host : {"[::1]evil.example",
                           "[::1]:80.evil.example",
                           "[::1]evil.example:80",
                           "localhost:80.evil.example",
                           "localhost:evil",
                           "localhost:",
                           "localhost:123456",
                           "localhost:80:80",
                           "127.0.0.1:-1"}) {
    EXPECT_EQ(check(kLocal, {{"host", host}}), 421) << host;
  }
  EXPECT_EQ(check(kPublic, {{"host", "docs.example.com:80.evil.io"}}), 421);
}

TEST(AccessPolicy, ServesThePublicHost) {
  EXPECT_EQ(check(kPublic, {{"host", "docs.example.com"}}), 0);
  EXPECT_EQ(check(kPublic, {{"host", "DOCS.example.com:8443"}}), 0);
  EXPECT_EQ(check(kPublic, {{"host", "docs.example.com.evil.io"}}), 421);
}

TEST(AccessPolicy, AcceptsThePageItServedItself) {
  EXPECT_EQ(check(kLocal, {{"host", "localhost:8080"}, {"origin", "http://localhost:8080"}}), 0);
  EXPECT_EQ(check(kPublic, {{"host", "docs.example.com"}, {"origin", "https://docs.example.com"}}),
            0);
}

TEST(AccessPolicy, RefusesAnotherPortSchemeOrSite) {
  for (const char* origin : {"http://localhost:8081",
                             "https://localhost:8080",
                             "http://localhost",
                             "http://127.0.0.1:8080",
                             "https://evil.example",
                             "https://app.example.com",
                             "null",
                             ""}) {
    EXPECT_EQ(check(kLocal, {{"host", "localhost:8080"}, {"origin", origin}}), 403) << origin;
  }
}

TEST(AccessPolicy, RefusesOriginsThatOnlyLookAlike) {
  for (const char* origin : {"https://docs.example.com.evil.io",
                             "https://docs.example.com:444",
                             "https://app.example.com.evil.io",
                             "https://app.example.com/",
                             "http://app.example.com"}) {
    EXPECT_EQ(check(kPublic, {{"host", "docs.example.com"}, {"origin", origin}}), 403) << origin;
  }
}

TEST(AccessPolicy, RefusesThePlainPageOfAHostThatIsServedOverTls) {
  EXPECT_EQ(check(kPublic, {{"host", "docs.example.com"}, {"origin", "http://docs.example.com"}}),
            403);
  const AccessPolicy plain({.public_url = "http://box.lan", .allowed_origins = {}});
  EXPECT_EQ(check(plain, {{"host", "box.lan:8080"}, {"origin", "http://box.lan:8080"}}), 0);
}

TEST(AccessPolicy, AcceptsListedOrigins) {
  EXPECT_EQ(check(kPublic, {{"host", "docs.example.com"}, {"origin", "https://app.example.com"}}),
            0);
  EXPECT_TRUE(kPublic.is_listed("https://app.example.com"));
  EXPECT_FALSE(kPublic.is_listed("https://docs.example.com"));
  EXPECT_FALSE(kLocal.lists_origins());
}

TEST(AccessPolicy, WantsAnOriginWhereTheCookieAuthenticates) {
  EXPECT_EQ(check(kLocal, {{"host", "localhost"}}, true), 403);
  EXPECT_EQ(check(kLocal, {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}, true), 403);
  EXPECT_EQ(check(kLocal, {{"host", "localhost"}, {"sec-fetch-site", "same-site"}}, true), 403);
  EXPECT_EQ(check(kLocal, {{"host", "localhost"}, {"sec-fetch-site", "same-origin"}}, true), 0);
  EXPECT_EQ(check(kLocal, {{"host", "localhost"}, {"sec-fetch-site", "none"}}, true), 0);
}

TEST(AccessPolicy, LetsAReaderWithACookieComeWithoutOrigin) {
  EXPECT_EQ(check(kLocal, {{"host", "localhost"}}, true, true), 0);
  EXPECT_EQ(check(kLocal, {{"host", "localhost"}, {"origin", "https://evil.example"}}, true, true),
            403);
}

TEST(AccessPolicy, CutsThePortOffAHost) {
  EXPECT_EQ(host_without_port("example.com:80"), "example.com");
  EXPECT_EQ(host_without_port("[::1]:80"), "[::1]");
  EXPECT_EQ(host_without_port("[::1]"), "[::1]");
  EXPECT_EQ(host_without_port("example.com:65535"), "example.com");
  EXPECT_EQ(host_without_port("[::1"), "[::1");
  EXPECT_EQ(host_without_port("example.com:http"), "example.com:http");
}

}  // namespace
}  // namespace cloudsync::gateway
