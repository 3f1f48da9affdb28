#pragma once
// TCP sockets with the options that a server of many connections wants.

#include "base/result.h"
#include "runtime/socket_address.h"

#include <sys/socket.h>

#include <string>

namespace cloudsync::runtime {

/// A listening, non-blocking socket; `shared` allows further listeners on its port. Errors:
/// kUnavailable, with `name` and the system's reason.
Result<int> bind_and_listen(const SocketAddress& address, bool shared, const std::string& name);

/// Whether nobody listens there, not even with `shared` (bind() without that fails then); of port
/// 0, always. Errors: kUnavailable, with the system's reason.
Result<void> check_free(const Endpoint& endpoint);

/// A socket with a connect under way that gives up on a silent host after about 15 s; from `source`
/// unless null. Errors: kUnavailable.
Result<int> start_connect(const SocketAddress& address, const SocketAddress* source = nullptr);

/// SO_LINGER that resets the connection: the kernel's share of the queue goes at once, too.
inline constexpr linger kReset{.l_onoff = 1, .l_linger = 0};

/// kUnavailable: "<what>: <the system's text for errno `error`>".
Error system_error(const std::string& what, int error);

/// Whether accepting failed for want of descriptors or memory, so for every further connection,
/// too.
bool out_of_resources(int error);

}  // namespace cloudsync::runtime
