#include "node/settings.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#define TOML_EXCEPTIONS 0  // NOLINT(readability-identifier-naming): the library's name
#include <toml++/toml.h>

namespace cloudsync::node {
namespace {

constexpr std::string_view kEnvironmentPrefix = "CLOUDSYNC_";

Result<std::uint64_t> parse_number(const std::string& text, std::uint64_t least) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least) {
    return fail(ErrorCode::kBadRequest, "must be a whole number from " + std::to_string(least));
  }
  return value;
}

/// A limit with a value of at least `least`.
template <class T>
Setting limit(std::string name, std::string help, T Limits::*member, std::uint64_t least = 1) {
  Setting setting;
  setting.name = "limits." + std::move(name);
  setting.help = std::move(help);
  setting.set = [member, least](Settings& settings, const std::string& text) -> Result<void> {
    CS_TRY_ASSIGN(const std::uint64_t value, parse_number(text, least));
    if constexpr (std::is_integral_v<T>) {
      settings.limits.*member = static_cast<T>(value);
    } else {
      settings.limits.*member = T(static_cast<typename T::rep>(value));
    }
    return {};
  };
  setting.show = [member](const Settings& settings) {
    if constexpr (std::is_integral_v<T>) {
      return std::to_string(settings.limits.*member);
    } else {
      return std::to_string((settings.limits.*member).count());
    }
  };
  return setting;
}

/// A rate, number or switch that 0 turns off.
template <class T>
Setting optional_limit(std::string name, std::string help, T Limits::*member) {
  return limit(std::move(name), std::move(help), member, 0);
}

Setting text_setting(std::string name, std::string help, std::string Settings::*member) {
  return {.name = std::move(name),
          .help = std::move(help),
          .set = [member](Settings& settings, const std::string& text) -> Result<void> {
            settings.*member = text;
            return {};
          },
          .show = [member](const Settings& settings) { return settings.*member; }};
}

Result<void> set_guests(Settings& settings, const std::string& text) {
  constexpr std::pair<std::string_view, api::GuestMode> kModes[] = {
      {"local", api::GuestMode::kLocal},
      {"allow", api::GuestMode::kAllow},
      {"deny", api::GuestMode::kDeny}};
  for (const auto& [name, mode] : kModes) {
    if (text == name) {
      settings.guests = mode;
      return {};
    }
  }
  return fail(ErrorCode::kBadRequest, "must be local, allow or deny");
}

Setting switch_setting(std::string name, std::string help, bool Settings::*member) {
  return {.name = std::move(name),
          .help = std::move(help),
          .set = [member](Settings& settings, const std::string& text) -> Result<void> {
            if (text != "on" && text != "off") {
              return fail(ErrorCode::kBadRequest, "must be on or off");
            }
            settings.*member = text == "on";
            return {};
          },
          .show =
              [member](const Settings& settings) {
                return std::string(settings.*member ? "on" : "off");
              }};
}

/// A token of RFC 6265, or empty.
Result<void> set_session_cookie(Settings& settings, const std::string& text) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  const bool valid = std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kPunctuation.find(c) != std::string_view::npos;
  });
  if (!valid) {
    return fail(ErrorCode::kBadRequest, "must be a cookie's name");
  }
  settings.session_cookie = text;
  return {};
}

std::string show_guests(const Settings& settings) {
  switch (settings.guests) {
    case api::GuestMode::kAllow:
      return "allow";
    case api::GuestMode::kDeny:
      return "deny";
    case api::GuestMode::kLocal:
      break;
  }
  return "local";
}

/// Empty is fine: it means none.
Result<void> check_origin(const std::string& text) {
  if (text.empty()) {
    return {};
  }
  const std::size_t scheme = text.find("://");
  if ((!text.starts_with("http://") && !text.starts_with("https://")) ||
      text.find_first_of("/ ", scheme + 3) != std::string::npos || text.size() == scheme + 3) {
    return fail(ErrorCode::kBadRequest, "must be like https://docs.example.com, without a path");
  }
  return {};
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Setting> make_settings() {
  std::vector<Setting> settings;
  settings.push_back({.name = "listen",
                      .help = "Address and port to serve on; port 0 takes a free one.",
                      .set = [](Settings& target, const std::string& text) -> Result<void> {
                        CS_TRY_ASSIGN(target.listen, runtime::parse_endpoint(text));
                        return {};
                      },
                      .show = [](const Settings& source) { return to_string(source.listen); }});
  settings.push_back({.name = "data-dir",
                      .help = "Directory of the embedded store; one process at a time.",
                      .set = [](Settings& target, const std::string& text) -> Result<void> {
                        if (text.empty()) {
                          return fail(ErrorCode::kBadRequest, "must not be empty");
                        }
                        target.data_dir = text;
                        return {};
                      },
                      .show = [](const Settings& source) { return source.data_dir; }});
  settings.push_back(
      {.name = "threads",
       .help = "Event loops; 0 means one per core.",
       .set = [](Settings& target, const std::string& text) -> Result<void> {
         CS_TRY_ASSIGN(const std::uint64_t value, parse_number(text, 0));
         if (value > 64) {
           return fail(ErrorCode::kBadRequest, "must be at most 64");
         }
         target.threads = static_cast<std::uint32_t>(value);
         return {};
       },
       .show = [](const Settings& source) { return std::to_string(source.threads); }});
  settings.push_back({.name = "io-engine",
                      .help = "auto, io_uring, io_uring-direct or epoll: how the event loops ask "
                              "the kernel; auto is io_uring where the system allows it.",
                      .set = [](Settings& target, const std::string& text) -> Result<void> {
                        CS_TRY_ASSIGN(target.io_engine, runtime::parse_io_engine(text));
                        return {};
                      },
                      .show =
                          [](const Settings& source) {
                            return std::string(runtime::io_engine_name(source.io_engine));
                          }});
  settings.push_back({.name = "guests",
                      .help = "Who may act without an account: local (loopback listener and Host, "
                              "no proxy), allow or deny.",
                      .set = set_guests,
                      .show = show_guests});
  settings.push_back({.name = "public-url",
                      .help = "How browsers reach this node, as https://docs.example.com.",
                      .set = [](Settings& target, const std::string& text) -> Result<void> {
                        CS_TRY(check_origin(text));
                        target.public_url = text;
                        return {};
                      },
                      .show = [](const Settings& source) { return source.public_url; }});
  settings.push_back({.name = "allow-origin",
                      .help = "Another origin whose pages may connect; repeatable.",
                      .repeatable = true,
                      .set = [](Settings& target, const std::string& text) -> Result<void> {
                        CS_TRY(check_origin(text));
                        target.allow_origin.push_back(text);
                        return {};
                      },
                      .show =
                          [](const Settings& source) {
                            std::string all;
                            for (const std::string& origin : source.allow_origin) {
                              all += all.empty() ? origin : " " + origin;
                            }
                            return all;
                          }});
  settings.push_back({.name = "session-cookie",
                      .help = "Name of a cookie with the session's id in polling handshakes, for "
                              "balancers that stick to it; empty: none.",
                      .set = set_session_cookie,
                      .show = [](const Settings& source) { return source.session_cookie; }});
  settings.push_back(switch_setting("msgpack",
                                    "on or off: clients may use socket.io-msgpack-parser; each is "
                                    "answered in its own format.",
                                    &Settings::msgpack));
  settings.push_back(switch_setting("websocket-compression",
                                    "on or off: compress messages (permessage-deflate) for clients "
                                    "that offer it.",
                                    &Settings::websocket_compression));
  settings.push_back(
      {.name = "log-level",
       .help = "debug, info, warning, error or off.",
       .set = [](Settings& target, const std::string& text) -> Result<void> {
         if (!log_level_from_name(text, target.log_level)) {
           return fail(ErrorCode::kBadRequest, "must be debug, info, warning, error or off");
         }
         return {};
       },
       .show =
           [](const Settings& source) { return std::string(log_level_name(source.log_level)); }});
  settings.push_back(text_setting("web-dir",
                                  "The web app's files; empty means `web` beside the executable.",
                                  &Settings::web_dir));
  settings.push_back(text_setting("client-dir",
                                  "The package socket.io-client, whose files are served below "
                                  "/socket.io/; empty means `socket.io-client` beside the "
                                  "executable.",
                                  &Settings::client_dir));
  settings.push_back(text_setting("history",
                                  "File that gets the history of the run, for cloudsync-check; "
                                  "empty means none.",
                                  &Settings::history));
  for (Setting& setting : std::vector<Setting>{
           limit("http-header-bytes", "Request line and headers.", &Limits::http_header_bytes),
           limit("http-body-bytes", "Body of a REST request.", &Limits::http_body_bytes),
           limit("payload-bytes",
                 "One WebSocket message or polling body (Engine.IO maxPayload).",
                 &Limits::payload_bytes),
           limit("websocket-fragments", "Fragments of one message.", &Limits::websocket_fragments),
           limit("send-queue-bytes",
                 "Bytes queued for one connection before it is closed.",
                 &Limits::send_queue_bytes),
           limit("send-queue-timeout-ms",
                 "For a peer to take something of what is queued for it.",
                 &Limits::send_queue_timeout),
           limit("node-queue-bytes",
                 "Bytes queued for all peers; above it handshakes are 503.",
                 &Limits::node_queue_bytes),
           limit("loop-lag-ms",
                 "How late a loop's work may be; above it handshakes are 503.",
                 &Limits::loop_lag),
           limit("accept-lag-ms",
                 "How late a loop's work may be; above it connections wait to be accepted.",
                 &Limits::accept_lag),
           limit("handshakes-at-once",
                 "Sessions of a loop that joined nothing; above it others wait if it is late.",
                 &Limits::handshakes_at_once),
           limit("http-answer-bytes",
                 "Bytes of large HTTP answers that wait for their peers; above it they are 503.",
                 &Limits::http_answer_bytes),
           limit("requests-in-flight",
                 "Events of one connection being worked on, those with large answers as eight; "
                 "above it, "
                 "or with more than a quarter of `send-queue-bytes` queued for a WebSocket, the "
                 "connection is not read.",
                 &Limits::requests_in_flight),
           limit("presence-queue-bytes",
                 "Above this, only the latest presence per author is kept.",
                 &Limits::presence_queue_bytes),
           limit("connections", "Open connections of the node.", &Limits::connections),
           limit("handshake-timeout-ms",
                 "From accept to a whole request; for an upgrade and for attachments.",
                 &Limits::handshake_timeout),
           limit("connect-timeout-ms",
                 "For a session to join a namespace, and to close after its last.",
                 &Limits::connect_timeout),
           limit("namespaces-per-session",
                 "Namespaces that one session joins.",
                 &Limits::namespaces_per_session),
           limit("ping-interval-ms",
                 "Engine.IO heartbeat interval; pings leave in groups, up to 1/64 of it early.",
                 &Limits::ping_interval),
           limit("ping-timeout-ms", "Time for the pong.", &Limits::ping_timeout),
           limit("idle-http-timeout-ms", "Idle keep-alive connection.", &Limits::idle_http_timeout),
           limit("rate-burst-ms",
                 "What the rates below allow at once, as time at the rate.",
                 &Limits::rate_burst),
           optional_limit("handshakes-per-second",
                          "Engine.IO handshakes of one address; above it 429.",
                          &Limits::handshakes_per_second),
           optional_limit("connections-per-ip",
                          "Open connections of one address, and sessions; above it 429.",
                          &Limits::connections_per_ip),
           optional_limit("unjoined-sessions-per-ip",
                          "Sessions of one address that joined no namespace yet; above it 429.",
                          &Limits::unjoined_sessions_per_ip),
           optional_limit("limit-loopback",
                          "1: these three hold for loopback addresses, too.",
                          &Limits::limit_loopback),
           limit("rates-remembered",
                 "Addresses without a connection, and of a loop connections and users (as many as "
                 "`limits.connections` at least), whose rates are remembered until they are as "
                 "good as "
                 "new.",
                 &Limits::rates_remembered),
           optional_limit("events-per-second",
                          "Events of one connection, of all kinds.",
                          &Limits::events_per_second),
           optional_limit("submit-ops-per-second",
                          "`submit-op` events of one connection.",
                          &Limits::submit_ops_per_second),
           optional_limit("joins-per-second",
                          "`join-document` events of one connection.",
                          &Limits::joins_per_second),
           optional_limit("fetch-ops-per-second",
                          "`fetch-ops` events of one connection.",
                          &Limits::fetch_ops_per_second),
           optional_limit("presence-per-second",
                          "`presence` events of one connection; more are dropped.",
                          &Limits::presence_per_second),
           optional_limit("user-rate-factor",
                          "All connections of a user on a loop, as times what one may.",
                          &Limits::user_rate_factor),
           limit("event-flood-ms",
                 "For a connection to send more events than it may, second for second.",
                 &Limits::event_flood),
           limit("documents-per-connection",
                 "Documents joined on one connection.",
                 &Limits::documents_per_connection),
           limit("op-bytes", "One operation as JSON.", &Limits::op_bytes),
           limit("op-components", "Components of one operation.", &Limits::op_components),
           limit("document-bytes", "Content of one document as JSON.", &Limits::document_bytes),
           limit("presence-bytes", "Presence state as JSON.", &Limits::presence_bytes),
           limit("document-queue-ops",
                 "Operations of one document that wait for a commit.",
                 &Limits::document_queue_ops),
           limit("catch-up-ops", "Operations in one catch-up reply.", &Limits::catch_up_ops),
           limit("catch-up-bytes", "Bytes of one catch-up reply.", &Limits::catch_up_bytes),
           limit("rebase-ops", "Operations a client may be behind.", &Limits::rebase_ops),
           limit("rebase-components",
                 "Operations a client may be behind, times the components of its operation.",
                 &Limits::rebase_components),
           limit("inline-snapshot-bytes",
                 "Above this a join reply names a URL instead of the content.",
                 &Limits::inline_snapshot_bytes),
           limit("snapshot-ops", "Operations between snapshots.", &Limits::snapshot_ops),
           limit(
               "snapshot-bytes", "Bytes of operations between snapshots.", &Limits::snapshot_bytes),
           optional_limit("head-check-interval-ms",
                          "Looks for what other nodes committed unheard, where they share the "
                          "store; 0: never.",
                          &Limits::head_check_interval),
           optional_limit("presence-interval-ms",
                          "Tells other nodes who is in a document, where they share the store; 0: "
                          "never.",
                          &Limits::presence_interval),
           optional_limit("batch-window-ms",
                          "What an operation may wait for company in a document of 50 members, "
                          "less in smaller ones; 0: nothing.",
                          &Limits::batch_window),
           optional_limit("presence-window-ms",
                          "The same for where cursors are; 0: nothing.",
                          &Limits::presence_window),
           limit("presence-nodes",
                 "Other nodes with members in one document of which that is kept.",
                 &Limits::presence_nodes),
           limit("idle-documents",
                 "Documents kept in memory without members.",
                 &Limits::idle_documents),
           limit("idle-document-bytes", "Content of those, as JSON.", &Limits::idle_document_bytes),
           limit("content-reads",
                 "Older revisions of a loop's documents that wait to be read.",
                 &Limits::content_reads),
           limit("members-listed",
                 "Members listed in a join reply and given presence.",
                 &Limits::members_listed),
           limit("title-bytes", "Title of a document.", &Limits::title_bytes),
           limit("name-bytes", "Display name.", &Limits::name_bytes),
           limit("commit-queue", "Appends that wait for the committer.", &Limits::commit_queue),
           limit("read-queue", "Reads that wait for a reader thread.", &Limits::read_queue),
           limit("commit-batch-ops", "Operations in one transaction.", &Limits::commit_batch_ops),
       }) {
    settings.push_back(std::move(setting));
  }
  return settings;
}

/// The text of a TOML scalar; nothing for tables and arrays.
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    return *text;
  }
  if (const auto number = node.value_exact<std::int64_t>()) {
    return std::to_string(*number);
  }
  return std::nullopt;
}

Result<void> flatten(const toml::table& table, const std::string& prefix, SettingValues& values) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const auto* inner = node.as_table()) {
      CS_TRY(flatten(*inner, name + ".", values));
      continue;
    }
    auto& texts = values[name];
    if (const auto* list = node.as_array()) {
      for (const auto& element : *list) {
        if (auto text = scalar_text(element)) {
          texts.push_back(std::move(*text));
        }
      }
    } else if (auto text = scalar_text(node)) {
      texts.push_back(std::move(*text));
    }
    if (texts.empty() && !node.is_array()) {
      return fail(ErrorCode::kBadRequest, name + " must be text, a number or a list of these");
    }
  }
  return {};
}

}  // namespace

const std::vector<Setting>& all_settings() {
  static const std::vector<Setting> kSettings = make_settings();
  return kSettings;
}

std::string environment_name(std::string_view setting) {
  std::string name(kEnvironmentPrefix);
  for (const char c : setting) {
    name += c == '-' || c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return name;
}

Result<SettingValues> read_settings_file(const std::string& path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {  // reads as an empty file
    return fail(ErrorCode::kBadRequest, path + ": is a directory");
  }
  const toml::parse_result parsed = toml::parse_file(path);
  if (!parsed) {
    const auto line = parsed.error().source().begin.line;  // 0 if the file could not be opened
    return fail(ErrorCode::kBadRequest,
                path + (line == 0 ? "" : ":" + std::to_string(line)) + ": " +
                    std::string(parsed.error().description()));
  }
  SettingValues values;
  CS_TRY(flatten(parsed.table(), "", values));
  return values;
}

SettingsEnvironment read_settings_environment(char** environment) {
  SettingsEnvironment result;
  const auto& table = all_settings();
  for (char** entry = environment; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    if (!variable.starts_with(kEnvironmentPrefix)) {
      continue;
    }
    const std::string_view name = variable.substr(0, variable.find('='));
    const auto setting = std::find_if(table.begin(), table.end(), [&](const Setting& candidate) {
      return environment_name(candidate.name) == name;
    });
    if (setting == table.end()) {
      result.unknown.emplace_back(name);
      continue;
    }
    const std::string text(variable.substr(std::min(variable.size(), name.size() + 1)));
    result.values[setting->name] =
        setting->repeatable ? split_list(text) : std::vector<std::string>{text};
  }
  return result;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) {
      parts.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Result<void> apply_settings(Settings& settings,
                            const SettingValues& values,
                            std::string_view source) {
  for (const auto& [name, texts] : values) {
    const auto& table = all_settings();
    const auto setting =
        std::find_if(table.begin(), table.end(), [&wanted = name](const Setting& entry) {
          return entry.name == wanted;
        });
    if (setting == table.end()) {
      return fail(ErrorCode::kBadRequest, std::string(source) + ": no such setting: " + name);
    }
    if (texts.size() > 1 && !setting->repeatable) {
      return fail(ErrorCode::kBadRequest, std::string(source) + ": " + name + " was given twice");
    }
    for (const std::string& text : texts) {
      if (auto applied = setting->set(settings, text); !applied) {
        return fail(ErrorCode::kBadRequest,
                    std::string(source) + ": " + name + ": " + applied.error().message);
      }
    }
  }
  return {};
}

std::vector<std::string> settings_warnings(const Settings& settings) {
  std::vector<std::string> warnings;
  if (!runtime::is_loopback(settings.listen.address)) {
    if (settings.guests == api::GuestMode::kLocal) {
      warnings.emplace_back(
          "guests = local refuses everybody where listen is not a loopback address; guests = allow "
          "lets in whoever reaches the port");
    }
    if (settings.public_url.empty()) {
      warnings.emplace_back(
          "without public-url only requests to localhost are answered; set it to the address that "
          "browsers use");
    }
  }
  if (settings.limits.op_bytes > settings.limits.payload_bytes) {
    warnings.emplace_back(
        "limits.op-bytes is more than limits.payload-bytes: a larger operation closes its "
        "connection instead of being refused");
  }
  return warnings;
}

}  // namespace cloudsync::node
