#pragma once
// Structured logging: one line of JSON per event on stderr, so that `event` and its fields can be
// searched by machines. Thread-safe. Never log document text, tokens or cookies.
//
//   log_info("listener_open", {{"address", address}, {"port", port}});

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace cloudsync {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

struct LogField {
  template <class T>
  LogField(std::string_view field_name, const T& field_value) : name(field_name) {
    if constexpr (std::is_same_v<T, bool>) {
      value = field_value;
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<std::int64_t>(field_value);
    } else if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<double>(field_value);
    } else {
      value = std::string_view(field_value);
    }
  }

  std::string_view name;
  std::variant<bool, std::int64_t, double, std::string_view> value;
};

using LogFields = std::initializer_list<LogField>;

void set_log_level(LogLevel level);
/// Sets `level` to the one of that name (debug, info, warning, error, off); false if there is none.
bool log_level_from_name(std::string_view name, LogLevel& level);

/// The inverse.
std::string_view log_level_name(LogLevel level);

void log_event(LogLevel level, std::string_view event, LogFields fields);

inline void log_debug(std::string_view event, LogFields fields = {}) {
  log_event(LogLevel::kDebug, event, fields);
}

inline void log_info(std::string_view event, LogFields fields = {}) {
  log_event(LogLevel::kInfo, event, fields);
}

inline void log_warning(std::string_view event, LogFields fields = {}) {
  log_event(LogLevel::kWarning, event, fields);
}

inline void log_error(std::string_view event, LogFields fields = {}) {
  log_event(LogLevel::kError, event, fields);
}

}  // namespace cloudsync
