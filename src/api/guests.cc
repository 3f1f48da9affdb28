#include "api/guests.h"

#include "base/crypto.h"
#include "gateway/access_policy.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cloudsync::api {
namespace {

constexpr std::string_view kCookieName = "cloudsync_guest";

/// "<user>.<signature>": both parts, or nothing if there is no dot. User ids have none.
std::optional<std::pair<std::string_view, std::string_view>> split_signed(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(text.substr(0, dot), text.substr(dot + 1));
}

/// What proxies say about whom they forward for: RFC 7239 and RFC 9110 section 7.6.3, the names
/// that came before these, and those of Cloudflare, Akamai, Apache Traffic Server and Rackspace.
bool is_from_proxy(std::string_view header) {
  constexpr std::string_view kNames[] = {"forwarded",
                                         "via",
                                         "x-real-ip",
                                         "x-client-ip",
                                         "x-cluster-client-ip",
                                         "true-client-ip",
                                         "cf-connecting-ip"};
  return header.starts_with("x-forwarded-") ||
         std::find(std::begin(kNames), std::end(kNames), header) != std::end(kNames);
}

}  // namespace

Guests::Guests(GuestMode mode, std::string key, RandomSource& random, bool https)
    : mode_(mode), key_(std::move(key)), random_(random), https_(https) {}

bool Guests::allowed(const codec::http1::Request& request,
                     const gateway::RequestOrigin& origin) const {
  if (mode_ != GuestMode::kLocal) {
    return mode_ == GuestMode::kAllow;
  }
  for (const auto& header : request.headers) {
    if (is_from_proxy(header.name)) {
      return false;  // a proxy stands in front: the peer is not this machine's user
    }
  }
  const std::string* host = request.find("host");
  return origin.loopback_listener && host != nullptr &&
         gateway::AccessPolicy::is_loopback_host(*host);
}

UserId Guests::make_user() const {
  // 104 random bits: of a billion guests two have the same with a chance of one in 10^13. The text
  // has 24 characters then, which with its count of owners fill a block of malloc's
  // (shared_text.h).
  constexpr std::size_t kRandomBytes = 13;
  return UserId("guest-" + random_token(random_, kRandomBytes));
}

std::string Guests::sign(std::string_view purpose,
                         std::string_view subject,
                         std::string_view user) const {
  const auto fields = FieldHasher().add(purpose).add(subject).add(user).finish();
  return base64url(hmac_sha256(as_bytes(key_), fields));
}

std::optional<UserId> Guests::from_cookie(const codec::http1::Request& request) const {
  const auto parts =
      split_signed(codec::http1::cookie_value(request.headers, kCookieName).value_or(""));
  if (!parts || !equal_constant_time(parts->second, sign("cookie", {}, parts->first))) {
    return std::nullopt;
  }
  return UserId(std::string(parts->first));
}

std::string Guests::cookie(const UserId& user) const {
  // A year: the guest's list of documents is worth as much as the cookie lives.
  return std::string(kCookieName) + "=" + std::string(user.value()) + "." +
         sign("cookie", {}, user.value()) + "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax" +
         (https_ ? "; Secure" : "");
}

std::string Guests::client_secret(const ClientId& client, const UserId& user) const {
  return std::string(user.value()) + "." + sign("client", client.value(), user.value());
}

std::optional<UserId> Guests::verify_client(const ClientId& client, std::string_view secret) const {
  const auto parts = split_signed(secret);
  if (!parts || !equal_constant_time(parts->second, sign("client", client.value(), parts->first))) {
    return std::nullopt;
  }
  return UserId(std::string(parts->first));
}

}  // namespace cloudsync::api
