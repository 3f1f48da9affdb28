#include "loadtest/options.h"

#include <CLI/CLI.hpp>

namespace cloudsync::loadtest {
namespace {

std::string check_targets(const std::string& urls) {
  const auto targets = parse_targets(urls);
  return targets ? std::string() : targets.error().message;
}

/// CLI11's own validators would name the smallest and the largest double.
std::string check_positive(const std::string& number) {
  return CLI::PositiveNumber(number).empty() ? std::string() : "must be a number above 0";
}

std::string check_not_negative(const std::string& number) {
  return CLI::NonNegativeNumber(number).empty() ? std::string() : "must be a number from 0";
}

std::chrono::milliseconds to_milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3));
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
  Options options;
  std::string targets;
  std::string type = "text";
  std::string engine(runtime::io_engine_name(options.io_engine));
  double duration = 10;
  double warm_up = 0;
  double settle = 30;
  CLI::App app{
      "Measures a CloudSync server: opens connections, edits documents at a fixed rate, and "
      "checks that all copies converge."};
  app.add_option("--target", targets, "URL of the server, or several separated by commas")
      ->required()
      ->check(CLI::Validator(check_targets, "URL"));
  app.add_option("--connections", options.connections, "Connections to open")
      ->check(CLI::Validator(check_positive, "ABOVE 0"))
      ->capture_default_str();
  app.add_option("--documents", options.documents, "Documents, joined round robin")
      ->check(CLI::Validator(check_positive, "ABOVE 0"))
      ->capture_default_str();
  app.add_option("--ops-per-second", options.ops_per_second, "Edits per second in all; 0: none")
      ->check(CLI::Validator(check_not_negative, "FROM 0"))
      ->capture_default_str();
  app.add_option(
         "--duration", duration, "Seconds of editing that are measured; Ctrl-C ends them early")
      ->check(CLI::Validator(check_not_negative, "FROM 0"))
      ->capture_default_str();
  app.add_option("--warm-up", warm_up, "Seconds of editing before that")
      ->check(CLI::Validator(check_not_negative, "FROM 0"))
      ->capture_default_str();
  app.add_option("--connects-per-second",
                 options.connects_per_second,
                 "Connections that are due per second; 0: as fast as the server takes them")
      ->check(CLI::Validator(check_not_negative, "FROM 0"))
      ->capture_default_str();
  app.add_option(
         "--source-addresses",
         options.source_addresses,
         "Addresses from 127.0.1.1 on that connections come from, for more than 28,000 to a "
         "target; 0: the kernel's choice")
      ->check(CLI::Range(std::size_t{0}, kSourceAddressesMax))
      ->capture_default_str();
  app.add_option("--settle", settle, "Seconds that the last edits may take to arrive")
      ->check(CLI::Validator(check_positive, "ABOVE 0"))
      ->capture_default_str();
  app.add_option("--writers", options.writers, "Connections that edit; 0: all")
      ->capture_default_str();
  app.add_option("--type", type, "Document type")
      ->check(CLI::IsMember({"text", "rich-text", "json"}))
      ->capture_default_str();
  app.add_option("--io-engine", engine, "How the generator asks the kernel")
      ->check(CLI::IsMember({"auto", "io_uring", "epoll"}))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of edits and schedule")->capture_default_str();
  app.add_option("--json", options.json_path, "File for the result as JSON");
  app.add_option(
      "--history", options.history_path, "File that gets the history of the run (cloudsync-check)");
  app.add_flag(
      "--reconnect", options.reconnect, "Reconnect and count lost connections instead of failing");
  std::int64_t reconnect_delay = options.reconnect_delay.count();
  app.add_option("--reconnect-delay", reconnect_delay, "Milliseconds before that, at least")
      ->check(CLI::Validator(check_positive, "ABOVE 0"))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  options.targets = *parse_targets(targets);
  options.type = *ot::type_from_name(type);
  options.io_engine = *runtime::parse_io_engine(engine);
  options.duration = to_milliseconds(duration);
  options.warm_up = to_milliseconds(warm_up);
  options.settle = to_milliseconds(settle);
  options.reconnect_delay = std::chrono::milliseconds(reconnect_delay);
  options.documents = std::min(options.documents, options.connections);
  if (options.writers == 0 || options.writers > options.connections) {
    options.writers = options.connections;
  }
  return options;
}

}  // namespace cloudsync::loadtest
