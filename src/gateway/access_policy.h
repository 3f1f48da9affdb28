#pragma once
// Who may talk to this node from where: the Host and Origin rules of docs/protocol.md section 1,
// checked on every request and every upgrade. Host stops DNS rebinding, Origin stops other sites'
// pages (CORS alone does not stop a cross-origin WebSocket).

#include "codec/http1/request.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::gateway {

struct AccessPolicyOptions {
  std::string public_url;                    ///< "https://docs.example.com", or empty
  std::vector<std::string> allowed_origins;  ///< "https://app.example.com", exact
};

/// Why a request is refused: the HTTP status and a phrase for the answer.
struct Refusal {
  int status = 403;
  std::string_view reason;
};

class AccessPolicy {
 public:
  explicit AccessPolicy(AccessPolicyOptions options);

  /// Nothing if the request may proceed. `cookie_authenticates`: the request carries a session
  /// cookie, so an absent Origin is accepted only for a page's own or a typed navigation
  /// (Sec-Fetch-Site same-origin or none), or for a GET that changes nothing (`reads_only`).
  std::optional<Refusal> check(const codec::http1::Request& request,
                               bool cookie_authenticates,
                               bool reads_only) const;

  /// Whether there are origins of other sites at all, and whether this is one: these get CORS.
  bool lists_origins() const { return !options_.allowed_origins.empty(); }

  bool is_listed(std::string_view origin) const;

  /// Host is localhost, 127.0.0.1 or [::1], with any port.
  static bool is_loopback_host(std::string_view host);

 private:
  bool host_allowed(std::string_view host) const;
  bool origin_allowed(std::string_view origin, std::string_view host) const;

  AccessPolicyOptions options_;
  std::string public_host_;
};

/// "example.com:80" -> "example.com", "[::1]:80" -> "[::1]"; all of it if something else than a
/// port of 1 to 5 digits follows.
std::string_view host_without_port(std::string_view host);

}  // namespace cloudsync::gateway
