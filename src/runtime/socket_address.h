#pragma once
// Endpoint as the operating system's sockaddr and back. Numeric IPv4 and IPv6 only: names are never
// resolved on a loop, because a resolver blocks.

#include "base/result.h"
#include "runtime/loop.h"

#include <sys/socket.h>

namespace cloudsync::runtime {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  int family() const { return storage.ss_family; }
};

/// Errors: kBadRequest if the address is not numeric.
Result<SocketAddress> to_socket_address(const Endpoint& endpoint);

/// An IPv4-mapped IPv6 address is given as IPv4; an unknown family as an empty address.
Endpoint to_endpoint(const SocketAddress& address);

}  // namespace cloudsync::runtime
