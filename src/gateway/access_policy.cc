#include "gateway/access_policy.h"

#include <algorithm>
#include <utility>

namespace cloudsync::gateway {
namespace {

using codec::http1::equal_ignoring_case;

/// The authority of "scheme://authority[/…]".
std::string_view authority_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = url.substr(scheme + 3);
  return rest.substr(0, rest.find('/'));
}

/// Up to 65535: five digits.
bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string_view host_without_port(std::string_view host) {
  // The colons of an IPv6 address are in its brackets.
  const std::size_t end = host.find(':', host.starts_with('[') ? host.find(']') : 0);
  return end != std::string_view::npos && is_port(host.substr(end + 1)) ? host.substr(0, end)
                                                                        : host;
}

AccessPolicy::AccessPolicy(AccessPolicyOptions options)
    : options_(std::move(options)),
      public_host_(host_without_port(authority_of(options_.public_url))) {}

bool AccessPolicy::is_loopback_host(std::string_view host) {
  const std::string_view name = host_without_port(host);
  return equal_ignoring_case(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

bool AccessPolicy::host_allowed(std::string_view host) const {
  return is_loopback_host(host) ||
         (!public_host_.empty() && equal_ignoring_case(host_without_port(host), public_host_));
}

bool AccessPolicy::origin_allowed(std::string_view origin, std::string_view host) const {
  // The page that this node served itself: plain HTTP on the same authority. TLS ends in front of
  // the node, so an https page is known by --public-url alone; a plain one of that host is then
  // not ours, since anybody on the way can make it.
  const auto& url = options_.public_url;
  const bool served_plain = is_loopback_host(host) || url.starts_with("http://");
  if (served_plain && origin.starts_with("http://") &&
      equal_ignoring_case(origin.substr(7), host)) {
    return true;
  }
  const std::string_view public_origin =
      url.empty() ? std::string_view()
                  : std::string_view(url).substr(0, url.find("://") + 3 + authority_of(url).size());
  return (!public_origin.empty() && equal_ignoring_case(origin, public_origin)) ||
         is_listed(origin);
}

bool AccessPolicy::is_listed(std::string_view origin) const {
  return std::find(options_.allowed_origins.begin(), options_.allowed_origins.end(), origin) !=
         options_.allowed_origins.end();
}

std::optional<Refusal> AccessPolicy::check(const codec::http1::Request& request,
                                           bool cookie_authenticates,
                                           bool reads_only) const {
  const std::string* host = request.find("host");
  if (host == nullptr || !host_allowed(*host)) {
    return Refusal{421, "this host name is not served here; see --public-url"};
  }
  if (const std::string* origin = request.find("origin"); origin != nullptr) {
    if (!origin_allowed(*origin, *host)) {
      return Refusal{403, "this origin is not allowed; see --allow-origin"};
    }
    return std::nullopt;
  }
  if (cookie_authenticates && !reads_only) {
    const std::string* site = request.find("sec-fetch-site");
    if (site == nullptr || (*site != "same-origin" && *site != "none")) {
      return Refusal{403, "a request with a cookie needs an Origin"};
    }
  }
  return std::nullopt;
}

}  // namespace cloudsync::gateway
