#include "runtime/listening.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cloudsync::runtime {
namespace {

// Connections that wait to be accepted: at the 140 a second of a loop where half a million clients
// came back to one machine, 7 s. Who waits longer may have given up; whoever comes later asks again
// in a second (tcp(7), tcp_syn_retries).
constexpr int kBacklog = 1'024;
// A peer that stops reading would otherwise swallow 4 MB of kernel memory; with it about 130 KB.
// Accepted sockets inherit it from the listener.
constexpr int kUnsentLowWatermark = 16 * 1024;
// SYN retries: gives up on a silent host after about 15 s instead of two minutes.
constexpr int kConnectRetries = 3;

void set_option(int fd, int level, int name, int value) {
  // These tune; a kernel without one of them still serves.
  [[maybe_unused]] const int result = ::setsockopt(fd, level, name, &value, sizeof value);
}

int open_socket(const SocketAddress& address) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentLowWatermark);
  }
  return fd;
}

Result<int> bind_socket(const SocketAddress& address, bool shared, const std::string& name) {
  const int fd = open_socket(address);
  if (fd < 0) {
    return fail(system_error("no socket for " + name, errno));
  }
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (shared) {
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (::bind(fd, address.get(), address.size) != 0) {
    const int error = errno;
    ::close(fd);
    return fail(system_error("cannot listen on " + name, error));
  }
  return fd;
}

}  // namespace

Error system_error(const std::string& what, int error) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(error)};
}

Result<int> bind_and_listen(const SocketAddress& address, bool shared, const std::string& name) {
  CS_TRY_ASSIGN(const int fd, bind_socket(address, shared, name));
  if (::listen(fd, kBacklog) != 0) {
    const int error = errno;
    ::close(fd);
    return fail(system_error("cannot listen on " + name, error));
  }
  return fd;
}

Result<void> check_free(const Endpoint& endpoint) {
  CS_TRY_ASSIGN(const SocketAddress address, to_socket_address(endpoint));
  CS_TRY_ASSIGN(const int fd, bind_socket(address, false, to_string(endpoint)));
  ::close(fd);
  return {};
}

Result<int> start_connect(const SocketAddress& address, const SocketAddress* source) {
  const int fd = open_socket(address);
  if (fd < 0) {
    return fail(system_error("no socket", errno));
  }
  set_option(fd, IPPROTO_TCP, TCP_SYNCNT, kConnectRetries);
  if (source != nullptr) {
    // The port is then chosen by connect(), so that it has to be free towards this peer only.
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(fd, source->get(), source->size) != 0) {
      const int error = errno;
      ::close(fd);
      return fail(system_error("cannot use the source address", error));
    }
  }
  if (::connect(fd, address.get(), address.size) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    return fail(system_error("cannot connect", error));
  }
  return fd;
}

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace cloudsync::runtime
