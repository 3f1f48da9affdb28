// The `cloudsync` program: `serve` runs a node, `config` checks and shows its settings, `history`
// exports its log.

#include "node/history_export.h"
#include "node/server.h"
#include "node/settings.h"
#include "runtime/signals.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>

extern char** environ;

namespace cloudsync::node {
namespace {

constexpr const char* kVersion = "0.1.0";

/// What the command line gave: the file and values by setting name.
struct CommandLine {
  std::string config_file;
  SettingValues values;
};

std::string setting_help(const Setting& setting) {
  static const Settings kDefaults;
  const std::string shown = setting.show(kDefaults);
  return setting.help + (shown.empty() ? "" : " [" + shown + "]");
}

void add_options(CLI::App& command, CommandLine& line) {
  command.add_option("--config", line.config_file, "TOML file with settings");
  for (const Setting& setting : all_settings()) {
    auto* option = command.add_option_function<std::vector<std::string>>(
        "--" + setting.name,
        [&line, name = setting.name](const std::vector<std::string>& texts) {
          line.values[name] = texts;
        },
        setting_help(setting));
    option->group(setting.name.starts_with("limits.") ? "Limits" : "Settings");
    option->expected(1)->take_all();
  }
}

/// CLOUDSYNC_… variables that are no setting.
std::vector<std::string> unknown_variables() {
  return read_settings_environment(environ).unknown;
}

/// Defaults, then the file, the environment, the command line.
Result<Settings> load_settings(const CommandLine& line) {
  Settings settings;
  if (!line.config_file.empty()) {
    CS_TRY_ASSIGN(const SettingValues file, read_settings_file(line.config_file));
    CS_TRY(apply_settings(settings, file, line.config_file));
  }
  CS_TRY(apply_settings(settings, read_settings_environment(environ).values, "environment"));
  CS_TRY(apply_settings(settings, line.values, "command line"));
  return settings;
}

int complain(const Error& error) {
  std::cerr << "cloudsync: " << error.message << '\n';
  return EXIT_FAILURE;
}

int serve(const CommandLine& line) {
  runtime::block_termination_signals();
  const auto settings = load_settings(line);
  if (!settings) {
    return complain(settings.error());
  }
  set_log_level(settings->log_level);
  for (const std::string& name : unknown_variables()) {
    log_warning("unknown_variable", {{"name", name}});
  }
  for (const std::string& warning : settings_warnings(*settings)) {
    log_warning("settings", {{"reason", warning}});
  }
  auto server = Server::start(*settings);
  if (!server) {
    return complain(server.error());
  }
  std::cout << "CloudSync is ready at " << (*server)->url() << std::endl;
  runtime::wait_for_termination();
  log_info("stopping");
  (*server)->stop();
  log_info("stopped");
  return EXIT_SUCCESS;
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  }
  return quoted + '"';
}

std::string toml_text(const Setting& setting, const std::string& value) {
  if (setting.repeatable) {
    std::string list;
    for (const std::string& part : split_list(value)) {
      list += (list.empty() ? "" : ", ") + toml_string(part);
    }
    return "[" + list + "]";
  }
  const bool number = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
  return number ? value : toml_string(value);
}

/// Prints every setting with its value as a TOML file that serve would read back.
void show(const Settings& settings) {
  for (const Setting& setting : all_settings()) {
    std::cout << "# " << setting.help << "  " << environment_name(setting.name) << '\n'
              << setting.name << " = " << toml_text(setting, setting.show(settings)) << "\n\n";
  }
}

int show_settings(const CommandLine& line) {
  const auto settings = load_settings(line);
  if (!settings) {
    return complain(settings.error());
  }
  show(*settings);
  return EXIT_SUCCESS;
}

int check_settings(const CommandLine& line) {
  const auto settings = load_settings(line);
  if (!settings) {
    return complain(settings.error());
  }
  const auto unknown = unknown_variables();
  if (!unknown.empty()) {
    return complain(
        {.code = ErrorCode::kBadRequest, .message = "environment: no such setting: " + unknown[0]});
  }
  for (const std::string& warning : settings_warnings(*settings)) {
    std::cerr << "cloudsync: warning: " << warning << '\n';
  }
  std::cout << "The settings are valid.\n";
  return EXIT_SUCCESS;
}

int export_log(const std::string& data_dir) {
  const auto exported = export_history(data_dir, std::cout);
  return exported ? EXIT_SUCCESS : complain(exported.error());
}

/// The word in a command's place that is none. CLI11 would only say that a command is required.
std::optional<std::string> unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const auto is_named = [word = std::string(argv[i])](const CLI::App* candidate) {
      return candidate->get_name() == word;
    };
    const auto named = command->get_subcommands(is_named);
    if (named.empty()) {
      return command->get_subcommands([](const CLI::App*) { return true; }).empty()
                 ? std::nullopt  // no command's place: an argument, which CLI11 names
                 : std::optional<std::string>(argv[i]);
    }
    command = named.front();
  }
  return std::nullopt;
}

int run(int argc, char** argv) {
  CLI::App app("CloudSync: a self-hosted server for real-time collaboration.");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  CommandLine line;
  CLI::App* serve_command = app.add_subcommand("serve", "Run a node");
  add_options(*serve_command, line);
  CLI::App* config_command = app.add_subcommand("config", "Check or show the settings");
  config_command->require_subcommand(1);
  CLI::App* check_command = config_command->add_subcommand("check", "Say whether they are valid");
  CLI::App* show_command = config_command->add_subcommand("show", "Print all of them as TOML");
  CLI::App* history_command = app.add_subcommand("history", "For cloudsync-check");
  history_command->require_subcommand(1);
  CLI::App* export_command = history_command->add_subcommand(
      "export", "Print the durable log of a data directory as lines of a history");
  std::string export_dir = "data";
  export_command->add_option("--data-dir", export_dir, "Directory of the embedded store")
      ->capture_default_str();
  add_options(*check_command, line);
  add_options(*show_command, line);
  if (const auto word = unknown_command(app, argc, argv)) {
    return complain({.code = ErrorCode::kBadRequest,
                     .message = "no such command: " + *word + " (--help lists them)"});
  }
  CLI11_PARSE(app, argc, argv);
  if (serve_command->parsed()) {
    return serve(line);
  }
  if (export_command->parsed()) {
    return export_log(export_dir);
  }
  return show_command->parsed() ? show_settings(line) : check_settings(line);
}

}  // namespace
}  // namespace cloudsync::node

int main(int argc, char** argv) {
  return cloudsync::node::run(argc, argv);
}
