#include "loadtest/comparison.h"

#include "loadtest/objectives.h"

#include <fmt/format.h>

namespace cloudsync::loadtest {
namespace {

/// What noise on a quiet machine stays below.
constexpr double kNotable = 0.1;

std::string member_text(const JsonObject& object, std::string_view path) {
  const JsonObject* at = &object;
  while (at != nullptr) {
    const std::size_t dot = path.find('.');
    const JsonValue* value = at->if_contains(path.substr(0, dot));
    if (value == nullptr) {
      return {};
    }
    if (dot == std::string_view::npos) {
      return to_json(*value);
    }
    at = value->if_object();
    path.remove_prefix(dot + 1);
  }
  return {};
}

std::string caveats(const JsonObject& first, const JsonObject& second) {
  std::string text;
  for (const char* path : {"config.connections",
                           "config.documents",
                           "config.writers",
                           "config.opsPerSecond",
                           "config.durationSeconds",
                           "config.type",
                           "machine.cpu",
                           "machine.cores",
                           "machine.kernel"}) {
    const std::string a = member_text(first, path);
    const std::string b = member_text(second, path);
    if (a != b) {
      text += fmt::format("not alike: {} {} / {}\n", path, a, b);
    }
  }
  for (const auto* result : {&first, &second}) {
    if (member_text(*result, "ok") != "true") {
      text += fmt::format("the {} run failed\n", result == &first ? "first" : "second");
    }
  }
  return text;
}

std::string_view judgement(const std::string& metric, double ratio) {
  if (ratio > 1 - kNotable && ratio < 1 / (1 - kNotable)) {
    return "";
  }
  return (ratio > 1) == more_is_better(metric).value_or(false) ? "better" : "worse";
}

}  // namespace

std::string comparison_text(const JsonObject& first, const JsonObject& second) {
  std::string text = fmt::format("{:24} {:>14} {:>14} {:>8}\n", "", "first", "second", "ratio");
  text += fmt::format("{:24} {:>14} {:>14}\n",
                      "commit",
                      member_text(first, "commit"),
                      member_text(second, "commit"));
  for (const std::string& metric : metric_names()) {
    const auto a = metric_in(first, metric);
    const auto b = metric_in(second, metric);
    if (!a || !b) {
      continue;
    }
    if (*a == 0 || *b == 0) {
      text += fmt::format("{:24} {:>14.2f} {:>14.2f}\n", metric, *a, *b);
      continue;
    }
    const double ratio = *b / *a;
    text += fmt::format(
        "{:24} {:>14.2f} {:>14.2f} {:>8.2f} {}\n", metric, *a, *b, ratio, judgement(metric, ratio));
  }
  return text + caveats(first, second);
}

}  // namespace cloudsync::loadtest
