#pragma once
// What requests and responses share: header lists, token lists, query strings. Pure functions over
// borrowed text; nothing here allocates more than its result.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudsync::codec::http1 {

/// One header field. Parsers store `name` in lower case and `value` without surrounding white
/// space.
struct Header {
  std::string name;
  std::string value;

  friend bool operator==(const Header&, const Header&) = default;
};

using Headers = std::vector<Header>;

/// The value of the first header called `name` (lower case), or nullptr. Borrowed from `headers`.
const std::string* find_header(const Headers& headers, std::string_view name);

/// Whether any header called `name` has `token` in its comma-separated list, ignoring case
/// ("Connection: keep-alive, Upgrade").
bool has_token(const Headers& headers, std::string_view name, std::string_view token);

/// ASCII case-insensitive comparison; HTTP's names and tokens are ASCII.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// The value of the cookie called `name` (RFC 6265 section 5.4: pairs behind semicolons), of
/// several the first; borrowed from `headers`.
std::optional<std::string_view> cookie_value(const Headers& headers, std::string_view name);

/// Decodes %XX. Nothing if an escape is malformed or the result holds a NUL. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

/// Splits "a=1&b=2" and decodes both sides ('+' is a space, as in URLSearchParams). Pairs with a
/// malformed escape are left out; a key without '=' has an empty value. Order is kept.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

/// The decoded value of the last `key` in `query`, or nothing.
std::optional<std::string> query_value(std::string_view query, std::string_view key);

/// Whether a pair of `query` is called `key`, even one whose value cannot be decoded.
bool has_query_key(std::string_view query, std::string_view key);

/// What a parser's feed() found out. When the status is not kNeedMore, bytes from `consumed` on
/// belong to whatever follows.
enum class ParseStatus : std::uint8_t {
  kNeedMore,      ///< all input was consumed, the message is not complete
  kHeadComplete,  ///< the head is known and a body follows: feed the rest (maybe empty) to go on
  kComplete,      ///< take the message; input behind it was left alone
  kError,         ///< malformed or too large; the parser stays in this state
};

struct FeedResult {
  ParseStatus status = ParseStatus::kNeedMore;
  std::size_t consumed = 0;

  friend bool operator==(const FeedResult&, const FeedResult&) = default;
};

}  // namespace cloudsync::codec::http1
