#include "loadtest/options.h"

#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

std::variant<Options, int> parse(std::vector<const char*> args) {
  args.insert(args.begin(), "cloudsync-loadtest");
  return parse_options(static_cast<int>(args.size()), args.data());
}

TEST(Options, TakesAll) {
  const auto parsed = parse({"--target",
                             "http://127.0.0.1:1,http://127.0.0.1:2",
                             "--connections",
                             "50",
                             "--documents",
                             "5",
                             "--ops-per-second",
                             "20",
                             "--duration",
                             "3",
                             "--type",
                             "rich-text",
                             "--writers",
                             "7",
                             "--seed",
                             "9",
                             "--json",
                             "x",
                             "--history",
                             "y",
                             "--reconnect-delay",
                             "10",
                             "--warm-up",
                             "1.5",
                             "--connects-per-second",
                             "250",
                             "--source-addresses",
                             "4",
                             "--handshakes",
                             "8"});
  const auto& options = std::get<Options>(parsed);
  EXPECT_EQ(options.targets.size(), 2U);
  EXPECT_EQ(options.connections, 50U);
  EXPECT_EQ(options.documents, 5U);
  EXPECT_EQ(options.ops_per_second, 20.0);
  EXPECT_EQ(options.duration, std::chrono::seconds(3));
  EXPECT_EQ(options.type, ot::Type::kRichText);
  EXPECT_EQ(options.writers, 7U);
  EXPECT_EQ(options.seed, 9U);
  EXPECT_EQ(options.json_path, "x");
  EXPECT_EQ(options.history_path, "y");
  EXPECT_EQ(options.reconnect_delay, std::chrono::milliseconds(10));
  EXPECT_EQ(options.warm_up, std::chrono::milliseconds(1'500));
  EXPECT_EQ(options.connects_per_second, 250.0);
  EXPECT_EQ(options.source_addresses, 4U);
  EXPECT_EQ(options.handshakes, 8U);
}

TEST(Options, EverybodyWritesAndNoDocumentIsEmptyUnlessSaidOtherwise) {
  const auto parsed = parse({"--target", "http://127.0.0.1:1", "--connections", "3"});
  const auto& options = std::get<Options>(parsed);
  EXPECT_EQ(options.writers, 3U);
  EXPECT_EQ(options.documents, 3U);
}

TEST(Options, TakesEveryType) {
  for (const auto type : {ot::Type::kText, ot::Type::kRichText, ot::Type::kJson}) {
    const std::string name(ot::type_name(type));
    const auto parsed = parse({"--target", "http://127.0.0.1:1", "--type", name.c_str()});
    EXPECT_EQ(std::get<Options>(parsed).type, type);
  }
}

TEST(Options, RefusesNonsense) {
  EXPECT_TRUE(std::holds_alternative<int>(parse({})));
  EXPECT_NE(std::get<int>(parse({"--target", "nonsense"})), 0);
  EXPECT_NE(std::get<int>(parse({"--target", "http://127.0.0.1:1", "--connections", "0"})), 0);
  EXPECT_NE(std::get<int>(parse({"--target", "http://127.0.0.1:1", "--settle", "0"})), 0);
  EXPECT_NE(std::get<int>(parse({"--target", "http://127.0.0.1:1", "--duration", "-1"})), 0);
  EXPECT_NE(std::get<int>(parse({"--target", "http://127.0.0.1:1", "--type", "video"})), 0);
  EXPECT_NE(std::get<int>(parse({"--target", "http://127.0.0.1:1", "--source-addresses", "63501"})),
            0);
  EXPECT_NE(std::get<int>(parse({"--target", "http://127.0.0.1:1", "--cursors", "always"})), 0);
  EXPECT_NE(std::get<int>(parse({"--target", "http://127.0.0.1:1", "--typing", "--type", "json"})),
            0);
}

/// With a target, and as many connections as fit one process.
std::variant<Options, int> parse_peer(std::vector<const char*> args) {
  args.insert(args.begin(), {"--target", "http://127.0.0.1:1", "--connections", "20"});
  return parse(std::move(args));
}

TEST(Options, TakesOtherProtocols) {
  const auto parsed = parse_peer(
      {"--protocol", "websocket", "--documents", "4", "--in-flight", "5", "--server-pid", "17,18"});
  const auto& options = std::get<Options>(parsed);
  EXPECT_EQ(options.protocol, Protocol::kWebSocket);
  EXPECT_EQ(options.in_flight, 5U);
  EXPECT_EQ(options.server_pids, (std::vector<pid_t>{17, 18}));
  for (const auto& [name, protocol] : kProtocols) {
    const std::string text(name);
    EXPECT_EQ(std::get<Options>(parse_peer({"--protocol", text.c_str()})).protocol, protocol);
    EXPECT_EQ(protocol_name(protocol), name);
  }
  EXPECT_TRUE(
      std::get<Options>(parse_peer({"--protocol=socket.io", "--echo", "--in-flight=8"})).echo);
}

TEST(Options, RefusesWhatAProtocolHasNot) {
  const std::vector<std::vector<const char*>> wrong = {
      {"--protocol=video"},
      {"--in-flight=1"},
      {"--echo"},
      {"--protocol=sharedb", "--echo"},
      {"--protocol=websocket", "--documents=4", "--in-flight=6"},
      {"--protocol=websocket", "--workers=2"},
      {"--protocol=websocket", "--connections=20000"},
      {"--protocol=socket.io", "--reconnect"},
      {"--protocol=socket.io", "--storms=1"},
      {"--protocol=socket.io", "--slow-readers=1"},
      {"--protocol=sharedb", "--history=x"},
      {"--server-pid=x"},
  };
  for (const auto& args : wrong) {
    const auto parsed = parse_peer(args);
    ASSERT_TRUE(std::holds_alternative<int>(parsed)) << args.front();
    EXPECT_NE(std::get<int>(parsed), 0);
  }
}

}  // namespace
}  // namespace cloudsync::loadtest
