#pragma once
// The messages that members of rooms send: 120 bytes of ASCII without a quote, so that they stand
// in JSON as they are. In front is when the message was due and who sent it, which is how its
// receivers, who have the same clock, measure it.

#include "base/clock.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudsync::loadtest {

/// About a small operation or chat message as JSON.
inline constexpr std::size_t kMessageBytes = 120;

struct Stamp {
  TimePoint due;
  std::uint32_t sender = 0;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

std::string stamped_message(const Stamp& stamp);
/// Nothing if `message` is not exactly what stamped_message() made of it.
std::optional<Stamp> read_stamp(std::string_view message);

}  // namespace cloudsync::loadtest
