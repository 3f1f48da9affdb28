#pragma once
// Guests: who may act without an account, and how a guest is known again. A guest is a user whose
// id the node made up and signed: in an HttpOnly cookie for browsers, in the client secret for
// others. Pure but for randomness; thread-safe.

#include "base/ids.h"
#include "base/random.h"
#include "codec/http1/request.h"
#include "gateway/application.h"

#include <optional>
#include <string>

namespace cloudsync::api {

enum class GuestMode : std::uint8_t {
  kLocal,  ///< only if listener and Host are loopback and no proxy forwarded the request
  kAllow,
  kDeny,
};

class Guests {
 public:
  /// `key` signs cookies and client secrets; it stays with the data directory. `https`: browsers
  /// reach the node by TLS alone, so that cookies are never sent in the clear.
  Guests(GuestMode mode, std::string key, RandomSource& random, bool https = false);

  /// May this request act as a guest at all?
  bool allowed(const codec::http1::Request& request, const gateway::RequestOrigin& origin) const;

  UserId make_user() const;

  /// The guest that the request's cookie names; nothing without a cookie or with a forged one.
  std::optional<UserId> from_cookie(const codec::http1::Request& request) const;
  /// The Set-Cookie value that makes a browser this guest.
  std::string cookie(const UserId& user) const;

  /// A client's secret: proves (client id, user) on a resume.
  std::string client_secret(const ClientId& client, const UserId& user) const;
  /// The user that a genuine secret of `client` names.
  std::optional<UserId> verify_client(const ClientId& client, std::string_view secret) const;

 private:
  std::string sign(std::string_view purpose, std::string_view subject, std::string_view user) const;

  const GuestMode mode_;
  const std::string key_;
  RandomSource& random_;
  const bool https_;
};

}  // namespace cloudsync::api
