#pragma once
// The address of a node under test, from its URL.

#include "base/result.h"
#include "runtime/loop.h"

#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::loadtest {

struct Target {
  runtime::Endpoint endpoint;
  std::string host;  ///< for the Host header, as in the URL

  friend bool operator==(const Target&, const Target&) = default;
};

/// Of source_address().
inline constexpr std::size_t kSourceAddressesMax = 250 * 254;

/// The address with that number, below kSourceAddressesMax: 127.0.1.1 to 127.0.250.254. Linux
/// takes all of 127.0.0.0/8 for its own.
runtime::Endpoint source_address(std::size_t index);

/// "http://127.0.0.1:8080", also "ws://", localhost, [::1]; the port is 80 if absent. Errors:
/// kBadRequest for TLS, a path, or a name that would need resolving.
Result<Target> parse_target(std::string_view url);

/// The same, separated by commas; at least one.
Result<std::vector<Target>> parse_targets(std::string_view urls);

}  // namespace cloudsync::loadtest
