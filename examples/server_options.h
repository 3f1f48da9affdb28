#pragma once
// The command line that the example servers share.

#include "base/limits.h"
#include "base/log.h"
#include "gateway/access_policy.h"
#include "gateway/engine.h"
#include "runtime/signals.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

namespace cloudsync::examples {

/// The option, and the variable that is also cloudsync's setting.
inline void add_io_engine(CLI::App& app, runtime::IoEngine& engine) {
  app.add_option_function<std::string>(
         "--io-engine",
         [&engine](const std::string& name) { engine = *runtime::parse_io_engine(name); },
         "How the loop asks the kernel")
      ->check(CLI::IsMember(runtime::io_engine_names()))
      ->envname("CLOUDSYNC_IO_ENGINE")
      ->default_str(std::string(runtime::io_engine_name(engine)));
}

struct ServerOptions {
  std::string listen = "127.0.0.1:3000";
  runtime::IoEngine io_engine = runtime::IoEngine::kEpoll;
  /// Stock Socket.IO's, where CloudSync's own differ.
  Limits limits = stock_limits();
  gateway::EngineOptions engine;
  gateway::AccessPolicyOptions access;

  void add_to(CLI::App& app) {
    app.add_option("--listen", listen, "Address and port; port 0 takes a free one")
        ->capture_default_str();
    add_io_engine(app, io_engine);
    add_milliseconds(app, "--ping-interval", limits.ping_interval);
    add_milliseconds(app, "--ping-timeout", limits.ping_timeout);
    add_milliseconds(app, "--connect-timeout", limits.connect_timeout);
    app.add_option("--max-payload", limits.payload_bytes, "Bytes of a message or a polling body")
        ->capture_default_str();
    app.add_option("--cookie", engine.cookie, "Name of a cookie with the sid, for balancers");
    app.add_option("--allow-origin",
                   access.allowed_origins,
                   "Origin whose pages may connect, as https://app.example.com; repeatable");
  }

 private:
  static Limits stock_limits() {
    Limits limits;
    limits.connect_timeout = std::chrono::milliseconds(45'000);
    limits.ping_timeout = std::chrono::milliseconds(20'000);
    return limits;
  }

  static void add_milliseconds(CLI::App& app,
                               const char* name,
                               std::chrono::milliseconds& duration) {
    app.add_option_function<std::int64_t>(
           name,
           [&duration](std::int64_t ms) { duration = std::chrono::milliseconds(ms); },
           "Milliseconds")
        ->check(CLI::PositiveNumber);
  }
};

inline int complain(const Error& error) {
  std::cerr << error.message << '\n';
  return EXIT_FAILURE;
}

/// Listens as the options say, then serves until SIGTERM. `server` has listen(), run() and stop().
template <class Server>
int serve(Server& server, const ServerOptions& options) {
  const auto endpoint = runtime::parse_endpoint(options.listen);
  if (!endpoint) {
    return complain(endpoint.error());
  }
  const auto bound = server.listen(*endpoint);
  if (!bound) {
    return complain(bound.error());
  }
  std::cout << "listening on http://" << to_string(*bound) << std::endl;
  std::thread waiting([&server] {
    runtime::wait_for_termination();
    server.stop();
  });
  server.run();
  waiting.join();
  return EXIT_SUCCESS;
}

}  // namespace cloudsync::examples
