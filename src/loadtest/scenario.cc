#include "loadtest/scenario.h"

#include <fmt/format.h>

#include <filesystem>

#define TOML_EXCEPTIONS 0  // NOLINT(readability-identifier-naming): the library's name
#include <toml++/toml.h>

namespace cloudsync::loadtest {
namespace {

Error at(const std::string& path, const toml::source_region& place, std::string_view what) {
  return {ErrorCode::kBadRequest, fmt::format("{}:{}: {}", path, place.begin.line, what)};
}

/// "--name=value"; nothing for a flag that is off or a value that is no scalar.
std::optional<std::string> argument(std::string_view name, const toml::node& value) {
  if (const auto flag = value.value_exact<bool>()) {
    return *flag ? fmt::format("--{}", name) : std::string();
  }
  if (const auto number = value.value_exact<std::int64_t>()) {
    return fmt::format("--{}={}", name, *number);
  }
  if (const auto number = value.value_exact<double>()) {
    return fmt::format("--{}={}", name, *number);
  }
  if (const auto text = value.value_exact<std::string_view>()) {
    return fmt::format("--{}={}", name, *text);
  }
  return std::nullopt;
}

Result<void> read_load(const std::string& path, const toml::table& load, Scenario& scenario) {
  for (const auto& [key, value] : load) {
    auto text = argument(key.str(), value);
    if (!text) {
      return fail(at(path, value.source(), "must be a number, a string or a boolean"));
    }
    if (!text->empty()) {
      scenario.arguments.push_back(*std::move(text));
    }
  }
  return {};
}

Result<void> read_objectives(const std::string& path, const toml::table& list, Scenario& scenario) {
  for (const auto& [key, value] : list) {
    const std::string name(key.str());
    if (!more_is_better(name)) {
      return fail(at(path, key.source(), "there is no figure '" + name + "'"));
    }
    const auto bound = value.value<double>();
    if (!bound) {
      return fail(at(path, value.source(), "must be a number"));
    }
    scenario.objectives.push_back({name, *bound});
  }
  return {};
}

}  // namespace

Result<Scenario> read_scenario(const std::string& path) {
  if (!std::filesystem::is_regular_file(path)) {
    return fail(ErrorCode::kUnavailable, "there is no scenario file " + path);
  }
  const toml::parse_result parsed = toml::parse_file(path);
  if (!parsed) {
    return fail(at(path, parsed.error().source(), parsed.error().description()));
  }
  Scenario scenario;
  scenario.name = std::filesystem::path(path).stem().string();
  for (const auto& [key, value] : parsed.table()) {
    const bool is_load = key.str() == "load";
    if (is_load || key.str() == "objectives") {
      const toml::table* table = value.as_table();
      if (table == nullptr) {
        return fail(at(path, value.source(), "must be a table"));
      }
      CS_TRY(is_load ? read_load(path, *table, scenario) : read_objectives(path, *table, scenario));
    } else if (key.str() != "description" && key.str() != "nodes") {
      return fail(at(path, key.source(), "unknown: " + std::string(key.str())));
    }
  }
  return scenario;
}

}  // namespace cloudsync::loadtest
