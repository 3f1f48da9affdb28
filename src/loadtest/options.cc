#include "loadtest/options.h"

#include "loadtest/partition.h"
#include "loadtest/scenario.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace cloudsync::loadtest {
namespace {

/// What CLI11 reads as another type than Options has.
struct Texts {
  std::string targets;
  std::string protocol{protocol_name(Protocol::kCloudSync)};
  std::string type = "text";
  std::string cursors{cursors_name(Cursors::kNone)};
  std::int64_t submit_interval = 0;
  std::string engine{runtime::io_engine_name(runtime::IoEngine::kEpoll)};
  std::string scenario;
  double duration = 10;
  double warm_up = 0;
  double settle = 30;
  std::int64_t reconnect_delay = Options{}.reconnect_delay.count();
};

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

template <class T>
CLI::Option* add_positive(CLI::App& app, const char* name, T& value, const char* what) {
  return app.add_option(name, value, what)
      ->check(CLI::Validator(check_positive, "ABOVE 0"))
      ->capture_default_str();
}

template <class T>
CLI::Option* add_from_zero(CLI::App& app, const char* name, T& value, const char* what) {
  return app.add_option(name, value, what)
      ->check(CLI::Validator(check_not_negative, "FROM 0"))
      ->capture_default_str();
}

void add_load(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--target", texts.targets, "URL of the server, or several separated by commas")
      ->check(CLI::Validator(check_targets, "URL"));
  add_positive(app, "--connections", options.connections, "Connections to open");
  add_positive(app, "--documents", options.documents, "Documents, joined round robin");
  add_from_zero(
      app, "--ops-per-second", options.ops_per_second, "Edits per second in all; 0: none");
  add_from_zero(app,
                "--duration",
                texts.duration,
                "Seconds of editing that are measured; Ctrl-C ends them early");
  app.add_option("--ladder",
                 options.ladder,
                 "Multiples of the edits per second, each for the duration and measured by itself")
      ->delimiter(',')
      ->check(CLI::Validator(check_not_negative, "FROM 0"))
      ->capture_default_str();
  add_from_zero(app, "--warm-up", texts.warm_up, "Seconds of editing before that");
  add_positive(app, "--settle", texts.settle, "Seconds that the last edits may take to arrive");
  add_from_zero(app, "--writers", options.writers, "Connections that edit; 0: all");
  app.add_option("--type", texts.type, "Document type")
      ->check(CLI::IsMember({"text", "rich-text", "json"}))
      ->capture_default_str();
  app.add_flag("--typing", options.typing, "Writers type at a cursor instead of anywhere (text)");
  app.add_option(
         "--cursors",
         texts.cursors,
         "Writers tell where they are: never, after each edit, or when others don't expect it")
      ->check(CLI::IsMember({"none", "edits", "moves"}))
      ->capture_default_str();
  add_from_zero(app,
                "--submit-interval",
                texts.submit_interval,
                "Milliseconds between two operations of a writer, at least");
  app.add_option("--seed", options.seed, "Seed of edits and schedule")->capture_default_str();
}

void add_peers(CLI::App& app, Options& options, Texts& texts) {
  app.add_option(
         "--protocol",
         texts.protocol,
         "What the server speaks: documents are rooms then, and edits messages (bench/peers)")
      ->check(CLI::IsMember({"cloudsync", "socket.io", "websocket", "sharedb"}))
      ->capture_default_str();
  add_from_zero(app,
                "--in-flight",
                options.in_flight,
                "Messages always on their way in each room, instead of --ops-per-second");
  app.add_flag("--echo", options.echo, "No rooms: all get their own messages back");
}

void add_connections(CLI::App& app, Options& options, Texts& texts) {
  add_from_zero(app,
                "--connects-per-second",
                options.connects_per_second,
                "Connections that are due per second; 0: as fast as the server takes them");
  add_positive(
      app, "--handshakes", options.handshakes, "Handshakes of a worker at a time, at most");
  app.add_option(
         "--source-addresses",
         options.source_addresses,
         "Addresses from 127.0.1.1 on that connections come from, for more than 28,000 to a "
         "target; 0: the kernel's choice")
      ->check(CLI::Range(std::size_t{0}, kSourceAddressesMax))
      ->capture_default_str();
  add_from_zero(app, "--slow-readers", options.slow_readers, "Connections that read slowly");
  add_positive(app, "--slow-read-rate", options.slow_read_rate, "Bytes per second that these read");
  add_from_zero(
      app, "--storms", options.storms, "Times that all connections break at once and come back");
  add_from_zero(app,
                "--rejoins-per-second",
                options.rejoins_per_second,
                "Connections that break and come back, one by one");
  app.add_flag(
      "--reconnect", options.reconnect, "Reconnect and count lost connections instead of failing");
  add_from_zero(app,
                "--reconnect-delay",
                texts.reconnect_delay,
                "Milliseconds before a lost connection comes back, at least; 0: as the SDK does");
}

void add_making(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--io-engine", texts.engine, "How the generator asks the kernel")
      ->check(CLI::IsMember(runtime::io_engine_names()))
      ->capture_default_str();
  add_from_zero(app, "--workers", options.workers, "Processes; 0: as many as the connections need");
  app.add_flag("--spread", options.spread, "Members of one document are in all processes");
  app.add_option("--worker-channel", options.worker_channel)->group("");
  app.add_option("--first-document", options.first_document)->group("");
  app.add_option("--first-source", options.first_source)->group("");
}

void add_results(CLI::App& app, Options& options, Texts& texts) {
  app.add_option(
      "--scenario", texts.scenario, "File with options and objectives (bench/scenarios)");
  app.add_option("--json", options.json_path, "File for the result as JSON");
  app.add_option("--html", options.html_path, "File for the result as a page");
  app.add_option("--commit", options.commit, "Commit of the server, to be told in the result");
  app.add_option("--server-pid",
                 options.server_pids,
                 "Processes whose CPU time is measured, separated by commas")
      ->delimiter(',')
      ->check(CLI::Validator(check_positive, "ABOVE 0"));
  app.add_option(
      "--history", options.history_path, "File that gets the history of the run (cloudsync-check)");
  app.add_option("--compare", options.compare, "Two results to be compared, instead of a run")
      ->expected(2);
  app.add_option("--render", options.render, "A result of which --html is made, instead of a run");
  app.add_flag(
      "--check-system", options.check_system, "Say what the load needs of the system, and end");
  app.add_flag("--set-sysctls", options.set_sysctls, "Raise what is too low (as root)");
}

/// What the test of another server has not. Throws CLI::ValidationError.
void check_protocol(const Options& options) {
  if (options.protocol == Protocol::kCloudSync) {
    if (options.in_flight > 0 || options.echo) {
      throw CLI::ValidationError(options.echo ? "--echo" : "--in-flight",
                                 "is of the other protocols");
    }
    return;
  }
  const std::pair<const char*, bool> others[] = {
      {"--slow-readers", options.slow_readers > 0},
      {"--storms", options.storms > 0},
      {"--rejoins-per-second", options.rejoins_per_second > 0},
      {"--reconnect", options.reconnect},
      {"--spread", options.spread},
      {"--ladder", options.ladder.size() > 1},
      {"--history", !options.history_path.empty()},
  };
  for (const auto& [name, given] : others) {
    if (given) {
      throw CLI::ValidationError(name, "is of the protocol cloudsync");
    }
  }
  if (worker_count(options) > 1) {
    throw CLI::ValidationError("--protocol", "this one is measured by one process");
  }
  if (options.echo && options.protocol == Protocol::kShareDb) {
    throw CLI::ValidationError("--echo", "is not of documents");
  }
  if (!options.echo && options.in_flight > options.connections / options.documents) {
    throw CLI::ValidationError("--in-flight", "must be as many as a room has members at most");
  }
}

/// Takes over what was read, in its own type. Throws CLI::ParseError.
void finish(Options& options, const Texts& texts) {
  const bool runs = options.compare.empty() && options.render.empty() && !options.check_system;
  if (runs && texts.targets.empty()) {
    throw CLI::RequiredError("--target");
  }
  if (!options.render.empty() && options.html_path.empty()) {
    throw CLI::RequiredError("--html");
  }
  if (!texts.targets.empty()) {
    options.targets = *parse_targets(texts.targets);
  }
  options.protocol = *parse_protocol(texts.protocol);
  options.type = *ot::type_from_name(texts.type);
  options.cursors = texts.cursors == "edits"   ? Cursors::kEdits
                    : texts.cursors == "moves" ? Cursors::kMoves
                                               : Cursors::kNone;
  options.submit_interval = std::chrono::milliseconds(texts.submit_interval);
  if (options.typing && options.type == ot::Type::kJson) {
    throw CLI::ValidationError("--typing", "is for text and rich-text");
  }
  options.io_engine = *runtime::parse_io_engine(texts.engine);
  options.duration = to_milliseconds(texts.duration);
  options.warm_up = to_milliseconds(texts.warm_up);
  options.settle = to_milliseconds(texts.settle);
  options.reconnect_delay = std::chrono::milliseconds(texts.reconnect_delay);
  options.documents = std::min(options.documents, options.connections);
  if (options.slow_readers >= options.connections && options.slow_readers > 0) {
    throw CLI::ValidationError("--slow-readers", "must be fewer than the connections");
  }
  const std::size_t others = options.connections - options.slow_readers;
  options.writers = options.writers == 0 ? others : std::min(options.writers, others);
  check_protocol(options);
}

/// The file of `--scenario`, as written; empty without.
std::string scenario_path(const std::vector<std::string>& arguments) {
  constexpr std::string_view kName = "--scenario";
  std::string path;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == kName && i + 1 < arguments.size()) {
      path = arguments[i + 1];
    } else if (arguments[i].starts_with(std::string(kName) + "=")) {
      path = arguments[i].substr(kName.size() + 1);
    }
  }
  return path;
}

std::variant<Options, int> parse(std::vector<std::string> arguments, Options options) {
  Texts texts;
  CLI::App app{
      "Measures CloudSync servers, and others: opens connections, edits documents at a fixed rate, "
      "and checks "
      "that all copies converge. Ends with 0 if they did and every objective was met, 1 if not, 2 "
      "if the run could not be made."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_load(app, options, texts);
  add_peers(app, options, texts);
  add_connections(app, options, texts);
  add_making(app, options, texts);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  add_results(app, options, texts);
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
    finish(options, texts);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return options;
}

}  // namespace

std::string_view cursors_name(Cursors cursors) {
  switch (cursors) {
    case Cursors::kEdits:
      return "edits";
    case Cursors::kMoves:
      return "moves";
    case Cursors::kNone:
      break;
  }
  return "none";
}

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  Options options;
  if (const std::string path = scenario_path(arguments); !path.empty()) {
    auto scenario = read_scenario(path);
    if (!scenario) {
      fmt::print(stderr, "cloudsync-loadtest: {}\n", scenario.error().message);
      return 2;
    }
    options.scenario = scenario->name;
    options.objectives = std::move(scenario->objectives);
    arguments.insert(arguments.begin(), scenario->arguments.begin(), scenario->arguments.end());
  }
  return parse(std::move(arguments), std::move(options));
}

std::vector<std::string> worker_arguments(const Options& part) {
  std::vector<std::string> arguments;
  const auto add = [&](const char* name, const auto& value) {
    arguments.push_back(fmt::format("--{}={}", name, value));  // a double as short as it is exact
  };
  const auto seconds = [](std::chrono::duration<double> time) { return time.count(); };
  std::string targets;
  for (const Target& target : part.targets) {
    targets += (targets.empty() ? "http://" : ",http://") + target.host;
  }
  add("target", targets);
  add("connections", part.connections);
  add("documents", part.documents);
  add("ops-per-second", part.ops_per_second);
  add("duration", seconds(part.duration));
  add("ladder", fmt::format("{}", fmt::join(part.ladder, ",")));
  add("warm-up", seconds(part.warm_up));
  add("settle", seconds(part.settle));
  add("connects-per-second", part.connects_per_second);
  add("handshakes", part.handshakes);
  add("source-addresses", part.source_addresses);
  add("writers", part.writers);
  add("slow-readers", part.slow_readers);
  add("slow-read-rate", part.slow_read_rate);
  add("storms", part.storms);
  add("rejoins-per-second", part.rejoins_per_second);
  add("type", ot::type_name(part.type));
  add("cursors", cursors_name(part.cursors));
  add("submit-interval", part.submit_interval.count());
  add("seed", part.seed);
  add("reconnect-delay", part.reconnect_delay.count());
  add("io-engine", runtime::io_engine_name(part.io_engine));
  add("first-document", part.first_document);
  add("first-source", part.first_source);
  if (part.reconnect) {
    arguments.emplace_back("--reconnect");
  }
  if (part.spread) {
    arguments.emplace_back("--spread");
  }
  if (part.typing) {
    arguments.emplace_back("--typing");
  }
  return arguments;
}

}  // namespace cloudsync::loadtest
