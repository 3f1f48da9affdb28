#include "base/log.h"

#include "base/json.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace cloudsync {
namespace {

constexpr std::pair<LogLevel, std::string_view> kLevelNames[] = {{LogLevel::kDebug, "debug"},
                                                                 {LogLevel::kInfo, "info"},
                                                                 {LogLevel::kWarning, "warning"},
                                                                 {LogLevel::kError, "error"},
                                                                 {LogLevel::kOff, "off"}};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> kLogger = [] {
    auto made = std::make_shared<spdlog::logger>("cloudsync",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                      spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *kLogger;
}

void append_field(std::string& line, const LogField& field) {
  line += ',';
  append_json_string(line, field.name);
  line += ':';
  if (const auto* flag = std::get_if<bool>(&field.value)) {
    line += *flag ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&field.value)) {
    line += std::to_string(*whole);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    append_json(line, JsonValue(*real));
  } else {
    append_json_string(line, std::get<std::string_view>(field.value));
  }
}

}  // namespace

void set_log_level(LogLevel level) {
  logger().set_level(spdlog_level(level));
}

bool log_level_from_name(std::string_view name, LogLevel& level) {
  for (const auto& [value, known] : kLevelNames) {
    if (known == name) {
      level = value;
      return true;
    }
  }
  return false;
}

std::string_view log_level_name(LogLevel level) {
  for (const auto& [value, name] : kLevelNames) {
    if (value == level) {
      return name;
    }
  }
  return "info";
}

void log_event(LogLevel level, std::string_view event, LogFields fields) {
  const auto spd_level = spdlog_level(level);
  if (!logger().should_log(spd_level)) {
    return;
  }
  std::string line = "\"event\":";
  append_json_string(line, event);
  for (const LogField& field : fields) {
    append_field(line, field);
  }
  logger().log(spd_level, std::string_view(line));
}

}  // namespace cloudsync
