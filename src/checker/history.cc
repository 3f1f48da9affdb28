#include "checker/history.h"

#include "base/crypto.h"

#include <algorithm>

namespace cloudsync::checker {

ShortHash short_hash(const Sha256& hash) {
  ShortHash value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = value << 8 | hash[i];
  }
  return value;
}

ShortHash state_hash(const ot::Document& document) {
  return short_hash(sha256(as_bytes(to_canonical_json(ot::content(document)))));
}

ShortHash content_hash(std::string_view content) {
  const auto json = parse_json(content);
  return json ? short_hash(sha256(as_bytes(to_canonical_json(*json)))) : 0;
}

ShortHash submission_digest(std::uint64_t rev, const JsonValue& op) {
  return short_hash(
      sha256(as_bytes(to_canonical_json(JsonArray{static_cast<std::int64_t>(rev), op}))));
}

}  // namespace cloudsync::checker
