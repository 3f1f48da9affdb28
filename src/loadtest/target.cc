#include "loadtest/target.h"

#include "base/assert.h"

namespace cloudsync::loadtest {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  const bool found = text.starts_with(prefix);
  if (found) {
    text.remove_prefix(prefix.size());
  }
  return found;
}

bool has_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  return colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
}

}  // namespace

runtime::Endpoint source_address(std::size_t index) {
  constexpr std::size_t kHosts = 254;  // .0 and .255 look like a network and its broadcast
  CS_ASSERT(index < kSourceAddressesMax, "there are not that many source addresses");
  return {"127.0." + std::to_string(1 + index / kHosts) + "." + std::to_string(1 + index % kHosts),
          0};
}

Result<Target> parse_target(std::string_view url) {
  std::string_view rest = url;
  if (!take_prefix(rest, "http://") && !take_prefix(rest, "ws://")) {
    return fail(
        ErrorCode::kBadRequest,
        "a target starts with http://, and TLS is not supported: '" + std::string(url) + "'");
  }
  if (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  std::string host(rest);
  auto endpoint = runtime::parse_endpoint(has_port(host) ? host : host + ":80");
  if (!endpoint) {
    return fail(ErrorCode::kBadRequest,
                "target '" + std::string(url) + "': " + endpoint.error().message);
  }
  return Target{*std::move(endpoint), std::move(host)};
}

Result<std::vector<Target>> parse_targets(std::string_view urls) {
  std::vector<Target> targets;
  while (true) {
    const std::size_t comma = urls.find(',');
    CS_TRY_ASSIGN(Target target, parse_target(urls.substr(0, comma)));
    targets.push_back(std::move(target));
    if (comma == std::string_view::npos) {
      return targets;
    }
    urls.remove_prefix(comma + 1);
  }
}

}  // namespace cloudsync::loadtest
