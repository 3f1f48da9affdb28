#pragma once
// An HTTP/1.1 request as a value (RFC 9112). Made by RequestParser; owns all its text.

#include "codec/http1/message.h"

#include <string>
#include <string_view>

namespace cloudsync::codec::http1 {

struct Request {
  /// As sent: methods are case-sensitive.
  std::string method;
  /// Origin form ("/path?query"), still percent-encoded, or "*" for OPTIONS. The absolute form is
  /// reduced to this after its authority was found equal to Host.
  std::string target;
  /// 0 or 1 of HTTP/1.x.
  int version_minor = 1;
  Headers headers;
  std::string body;
  /// Whether the connection may carry another request after this one's response.
  bool keep_alive = true;
  /// Has an Upgrade header and Connection names it. HTTP/1.0 never upgrades.
  bool is_upgrade = false;
  /// The client waits for "100 Continue" before it sends the body.
  bool expects_continue = false;

  /// The target up to '?', still percent-encoded: compare routes on this, so that %2F is no slash.
  std::string_view path() const;
  /// The target behind the first '?', without it; empty if there is none.
  std::string_view query() const;

  /// The path with escapes decoded; nothing if an escape is malformed or decodes to NUL.
  std::optional<std::string> decoded_path() const { return percent_decode(path()); }

  /// The first header called `name` (lower case), or nullptr.
  const std::string* find(std::string_view name) const { return find_header(headers, name); }

  friend bool operator==(const Request&, const Request&) = default;
};

}  // namespace cloudsync::codec::http1
