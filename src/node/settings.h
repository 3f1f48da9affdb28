#pragma once
// Every setting of a node, and the one table that gives each its name, help, default and parser.
// The same table serves the command line (--data-dir), the environment (CLOUDSYNC_DATA_DIR), the
// TOML file (data-dir, [limits]), `cloudsync config show` and docs/configuration.md.

#include "api/guests.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/result.h"
#include "runtime/loop.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::node {

struct Settings {
  runtime::Endpoint listen{"127.0.0.1", 8080};
  std::string data_dir = "data";
  /// Event loops; 0 means one per core.
  std::uint32_t threads = 0;
  runtime::IoEngine io_engine = runtime::IoEngine::kAuto;
  api::GuestMode guests = api::GuestMode::kLocal;
  std::string public_url;
  std::vector<std::string> allow_origin;
  /// A cookie with the session's id, for balancers; empty: none.
  std::string session_cookie;
  /// Clients may use socket.io-msgpack-parser.
  bool msgpack = false;
  /// permessage-deflate for clients that offer it.
  bool websocket_compression = false;
  LogLevel log_level = LogLevel::kInfo;
  /// The web app's files; empty means `web` beside the executable.
  std::string web_dir;
  /// The package socket.io-client; empty means `socket.io-client` beside the executable.
  std::string client_dir;
  /// A file that the run's history is appended to; empty means none.
  std::string history;
  Limits limits;
};

struct Setting {
  std::string name;  ///< "data-dir", "limits.payload-bytes"
  std::string help;
  bool repeatable = false;
  std::function<Result<void>(Settings&, const std::string&)> set;
  std::function<std::string(const Settings&)> show;
};

/// All settings, in the order of the documentation.
const std::vector<Setting>& all_settings();

/// Text values by setting name, from one source.
using SettingValues = std::map<std::string, std::vector<std::string>>;

/// Reads a TOML file. Errors: kBadRequest with file, line and reason.
Result<SettingValues> read_settings_file(const std::string& path);

/// What the environment says.
struct SettingsEnvironment {
  SettingValues values;
  /// CLOUDSYNC_… variables that are no setting. Others may have made them: Kubernetes describes a
  /// service named cloudsync to its pods as CLOUDSYNC_PORT and the like.
  std::vector<std::string> unknown;
};

/// Reads `environment` ("NAME=value" strings, null-terminated list).
SettingsEnvironment read_settings_environment(char** environment);

/// Applies values over `settings`; `source` names them in messages. Errors: kBadRequest naming the
/// setting and what is wrong with it, also for an unknown name.
Result<void> apply_settings(Settings& settings,
                            const SettingValues& values,
                            std::string_view source);

/// What is valid but hardly meant, for the operator; one sentence each.
std::vector<std::string> settings_warnings(const Settings& settings);

/// The parts of a repeatable setting's text, which is separated by spaces.
std::vector<std::string> split_list(std::string_view text);

/// "data-dir" -> "CLOUDSYNC_DATA_DIR".
std::string environment_name(std::string_view setting);

}  // namespace cloudsync::node
