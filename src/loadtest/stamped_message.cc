#include "loadtest/stamped_message.h"

#include <array>
#include <charconv>
#include <cstring>

namespace cloudsync::loadtest {
namespace {

constexpr std::size_t kDueDigits = 16;
constexpr std::size_t kSenderDigits = 8;

/// What stands behind the stamp.
constexpr auto kFiller = [] {
  std::array<char, kMessageBytes - kDueDigits - kSenderDigits> filler{};
  for (std::size_t i = 0; i < filler.size(); ++i) {
    filler[i] = static_cast<char>('a' + i % 26);
  }
  return filler;
}();

void append_hex(std::string& out, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i > 0; --i) {
    out += "0123456789abcdef"[(value >> (4 * (i - 1))) & 15U];
  }
}

std::optional<std::uint64_t> read_hex(std::string_view digits) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return read.ptr == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string stamped_message(const Stamp& stamp) {
  std::string message;
  message.reserve(kMessageBytes);
  append_hex(message, static_cast<std::uint64_t>(stamp.due.time_since_epoch().count()), kDueDigits);
  append_hex(message, stamp.sender, kSenderDigits);
  message.append(kFiller.data(), kFiller.size());
  return message;
}

std::optional<Stamp> read_stamp(std::string_view message) {
  constexpr std::size_t kStampDigits = kDueDigits + kSenderDigits;
  if (message.size() != kMessageBytes ||
      std::memcmp(message.data() + kStampDigits, kFiller.data(), kFiller.size()) != 0) {
    return std::nullopt;
  }
  const auto due = read_hex(message.substr(0, kDueDigits));
  const auto sender = read_hex(message.substr(kDueDigits, kSenderDigits));
  if (!due || !sender) {
    return std::nullopt;
  }
  return Stamp{TimePoint(Duration(static_cast<std::int64_t>(*due))),
               static_cast<std::uint32_t>(*sender)};
}

}  // namespace cloudsync::loadtest
