#include "runtime/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>
#include <string_view>

namespace cloudsync::runtime {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return port;
}

template <class Sockaddr>
Sockaddr& as(SocketAddress& address) {
  address.size = sizeof(Sockaddr);
  return *reinterpret_cast<Sockaddr*>(&address.storage);
}

template <class Sockaddr>
const Sockaddr& as(const SocketAddress& address) {
  return *reinterpret_cast<const Sockaddr*>(&address.storage);
}

std::string address_text(int family, const void* binary) {
  char text[INET6_ADDRSTRLEN] = {};
  return inet_ntop(family, binary, text, sizeof text) != nullptr ? text : std::string();
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(ErrorCode::kBadRequest, "an endpoint is address:port");
  }
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) {
    return fail(ErrorCode::kBadRequest, "the port is not a number from 0 to 65535");
  }
  std::string_view address = text.substr(0, colon);
  const bool bracketed = address.size() >= 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string_view::npos) {
    return fail(ErrorCode::kBadRequest, "an IPv6 address needs brackets, as in [::1]:8080");
  }
  Endpoint endpoint{std::string(address == "localhost" ? "127.0.0.1" : address), *port};
  if (const auto checked = to_socket_address(endpoint); !checked) {
    return fail(checked.error());
  }
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" +
         std::to_string(endpoint.port);
}

bool is_loopback(std::string_view address) {
  const auto binary = to_socket_address({.address = std::string(address)});
  if (!binary) {
    return false;
  }
  if (binary->family() == AF_INET) {
    return ntohl(as<sockaddr_in>(*binary).sin_addr.s_addr) >> 24 == 127;
  }
  return IN6_IS_ADDR_LOOPBACK(&as<sockaddr_in6>(*binary).sin6_addr);
}

Result<SocketAddress> to_socket_address(const Endpoint& endpoint) {
  SocketAddress address;
  auto& v4 = as<sockaddr_in>(address);
  if (inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    return address;
  }
  auto& v6 = as<sockaddr_in6>(address);
  if (inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    return address;
  }
  return fail(ErrorCode::kBadRequest, "'" + endpoint.address + "' is not a numeric IP address");
}

Endpoint to_endpoint(const SocketAddress& address) {
  if (address.family() == AF_INET) {
    const auto& v4 = as<sockaddr_in>(address);
    return {address_text(AF_INET, &v4.sin_addr), ntohs(v4.sin_port)};
  }
  if (address.family() == AF_INET6) {
    const auto& v6 = as<sockaddr_in6>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      return {address_text(AF_INET, &v6.sin6_addr.s6_addr[12]), ntohs(v6.sin6_port)};
    }
    return {address_text(AF_INET6, &v6.sin6_addr), ntohs(v6.sin6_port)};
  }
  return {};
}

}  // namespace cloudsync::runtime
