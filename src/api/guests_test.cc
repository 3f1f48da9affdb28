#include "api/guests.h"

#include <gtest/gtest.h>

namespace cloudsync::api {
namespace {

using codec::http1::Header;
using codec::http1::Request;

class GuestsTest : public ::testing::Test {
 protected:
  static Request request(std::vector<Header> headers) {
    Request made;
    made.method = "GET";
    made.target = "/";
    made.headers = std::move(headers);
    return made;
  }

  static Request with_cookie(const std::string& cookie) { return request({{"cookie", cookie}}); }

  /// The part of Set-Cookie that a browser sends back.
  std::string pair_of(const UserId& user) const {
    const std::string cookie = guests_.cookie(user);
    return cookie.substr(0, cookie.find(';'));
  }

  bool allowed(GuestMode mode, std::vector<Header> headers, bool loopback_listener = true) {
    return Guests(mode, "key", random_)
        .allowed(request(std::move(headers)),
                 {.address = {}, .loopback_listener = loopback_listener});
  }

  SeededRandom random_{1};
  Guests guests_{GuestMode::kLocal, "key", random_};
};

TEST_F(GuestsTest, CookieLeadsBackToTheGuest) {
  const UserId user = guests_.make_user();
  EXPECT_EQ(guests_.from_cookie(with_cookie("theme=dark; " + pair_of(user))), user);
  EXPECT_NE(guests_.cookie(user).find("HttpOnly; SameSite=Lax"), std::string::npos);
}

TEST_F(GuestsTest, CookieIsSecureWhereBrowsersUseTls) {
  const UserId user = guests_.make_user();
  EXPECT_EQ(guests_.cookie(user).find("Secure"), std::string::npos);
  EXPECT_TRUE(Guests(GuestMode::kAllow, "key", random_, true).cookie(user).ends_with("; Secure"));
}

TEST_F(GuestsTest, ForgedCookieIsNobody) {
  const std::string genuine = pair_of(guests_.make_user());
  std::string other_user = genuine;
  other_user[other_user.find("guest-") + 6] ^= 1;
  for (const std::string& cookie : {std::string(),
                                    std::string("cloudsync_guest="),
                                    genuine.substr(0, genuine.find('.')),
                                    genuine + "x",
                                    other_user,
                                    std::string("cloudsync_guest=guest-x.")}) {
    EXPECT_FALSE(guests_.from_cookie(with_cookie(cookie))) << cookie;
  }
  const Guests other_key(GuestMode::kLocal, "another", random_);
  EXPECT_FALSE(other_key.from_cookie(with_cookie(genuine)));
}

TEST_F(GuestsTest, ClientSecretBindsClientAndUser) {
  const UserId user = guests_.make_user();
  const std::string secret = guests_.client_secret(ClientId("c1"), user);
  EXPECT_EQ(guests_.verify_client(ClientId("c1"), secret), user);
  EXPECT_FALSE(guests_.verify_client(ClientId("c2"), secret));
  EXPECT_FALSE(guests_.verify_client(ClientId("c1"), "guest-x." + secret.substr(secret.find('.'))));
  EXPECT_FALSE(guests_.verify_client(ClientId("c1"), ""));
}

TEST_F(GuestsTest, CookieIsNoClientSecret) {
  const UserId user = guests_.make_user();
  const std::string signed_user = pair_of(user).substr(std::string("cloudsync_guest=").size());
  EXPECT_FALSE(guests_.verify_client(ClientId(""), signed_user));
}

TEST_F(GuestsTest, LocalModeNeedsLoopbackListenerAndHostAndNoProxy) {
  EXPECT_TRUE(allowed(GuestMode::kLocal, {{"host", "localhost:8080"}}));
  EXPECT_TRUE(allowed(GuestMode::kLocal, {{"host", "[::1]:8080"}}));
  EXPECT_FALSE(allowed(GuestMode::kLocal, {{"host", "localhost"}}, false));
  EXPECT_FALSE(allowed(GuestMode::kLocal, {{"host", "docs.example.com"}}));
  EXPECT_FALSE(allowed(GuestMode::kLocal, {}));
  for (const char* name : {"forwarded",
                           "x-forwarded-for",
                           "x-forwarded-host",
                           "x-real-ip",
                           "via",
                           "cf-connecting-ip",
                           "x-client-ip",
                           "true-client-ip",
                           "x-cluster-client-ip"}) {
    EXPECT_FALSE(allowed(GuestMode::kLocal, {{"host", "localhost"}, {name, "x"}})) << name;
  }
}

TEST_F(GuestsTest, OtherModesAreUnconditional) {
  EXPECT_TRUE(allowed(GuestMode::kAllow, {{"host", "docs.example.com"}}, false));
  EXPECT_FALSE(allowed(GuestMode::kDeny, {{"host", "localhost"}}));
}

}  // namespace
}  // namespace cloudsync::api
