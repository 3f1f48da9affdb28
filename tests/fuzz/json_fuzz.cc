// Fuzzes the JSON parser and both writers: what parses is written, and read again, as the same.

#include "base/assert.h"
#include "base/json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloudsync {
namespace {

void check_writers(const JsonValue& value) {
  const std::string text = to_json(value);
  const auto parsed = parse_json(text);
  CS_ASSERT(parsed && *parsed == value, "values survive the writer");
  CS_ASSERT(to_json(*parsed) == text, "a text is written as it was read");
  const std::string canonical = to_canonical_json(value);
  const auto sorted = parse_json(canonical);
  CS_ASSERT(sorted && *sorted == value, "values survive the canonical writer");
  CS_ASSERT(to_canonical_json(*sorted) == canonical, "equal values have equal text");
}

// What only had halves of surrogate pairs for a fault can be read afterwards.
void check_repair(std::string text, bool was_valid) {
  const std::size_t size = text.size();
  const bool is_changed = replace_lone_surrogates(text);
  CS_ASSERT(text.size() == size, "a half is replaced in its place");
  CS_ASSERT(!is_changed || !replace_lone_surrogates(text), "no half is left");
  CS_ASSERT(!is_changed || !was_valid, "a valid text has no halves");
}

}  // namespace
}  // namespace cloudsync

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // reinterpret_cast: the fuzzer's bytes are read as characters.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = cloudsync::parse_json(text);
  if (value) {
    cloudsync::check_writers(*value);
  }
  cloudsync::check_repair(std::string(text), value.has_value());
  return 0;
}
