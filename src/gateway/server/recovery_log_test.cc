#include "gateway/server/recovery_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class RecoveryLogTest : public testing::Test {
 protected:
  /// Sends an event to these rooms; its offset.
  std::string send(const std::string& text, std::vector<std::string> rooms = {}) {
    std::string offset = log.next_offset();
    log.append(now, {.rooms = std::move(rooms)}, {EncodedPacket::from_engine_text(text)});
    return offset;
  }

  void lose(const std::string& pid, LostSocket socket = {.sid = "sid"}) {
    log.lose(now, pid, std::move(socket));
  }

  /// What a lost socket missed, as text; "(none)" alone if that cannot be told.
  static std::vector<std::string> missed(const RecoveryLog& log,
                                         const LostSocket& socket,
                                         const std::string& offset,
                                         const std::vector<std::string>& rooms = {}) {
    const auto packets = log.missed(socket, offset, rooms);
    if (!packets) {
      return {"(none)"};
    }
    std::vector<std::string> texts;
    for (const EncodedPacket& packet : *packets) {
      packet.append_engine_text(texts.emplace_back());
    }
    return texts;
  }

  TimePoint now{seconds(1'000)};
  RecoveryOptions options{.log_bytes = 10'000, .sessions = 3, .session_bytes = 10'000};
  std::size_t total = 0;
  RecoveryLog log{options, "epoch", total};
};

TEST_F(RecoveryLogTest, GivesWhatIsBehindAnOffset) {
  const std::string first = send("a");
  const std::string second = send("b");
  send("c");
  lose("pid", {.last_sent = 2});
  const auto socket = log.take(now, "pid", "");
  ASSERT_TRUE(socket);
  EXPECT_THAT(missed(log, *socket, first), ElementsAre("b", "c"));
  EXPECT_THAT(missed(log, *socket, ""), ElementsAre("a", "b", "c"));
  EXPECT_THAT(missed(log, *socket, second), IsEmpty()) << "it had all until it was lost";
  for (const char* offset : {"epoch-4", "epoch--1", "epoch-", "epoch-1x", "other-1", "epoch"}) {
    EXPECT_THAT(missed(log, *socket, offset), ElementsAre("(none)")) << offset;
  }
}

TEST_F(RecoveryLogTest, GivesWhatWasForOneSocketToItAlone) {
  log.append(now, {.only = "sid"}, {EncodedPacket::from_engine_text("private")});
  EXPECT_THAT(missed(log, {.sid = "sid", .last_sent = 1}, ""), ElementsAre("private"));
  EXPECT_THAT(missed(log, {.sid = "eve", .last_sent = 1}, "", {"eve", "sid"}), IsEmpty());
}

TEST_F(RecoveryLogTest, TellsOthersNothingAndLeavesTheSocketToItsUser) {
  lose("pid", {.sid = "sid", .user = "ann"});
  EXPECT_FALSE(log.take(now, "pid", "eve"));
  EXPECT_FALSE(log.take(now, "pid", ""));
  EXPECT_TRUE(log.take(now, "pid", "ann"));
  EXPECT_FALSE(log.take(now, "pid", "ann")) << "once";
}

TEST_F(RecoveryLogTest, ForgetsTheOldestEventsAboveItsBytes) {
  const std::string offset = send("a");
  lose("pid", {.last_sent = 2});
  send(std::string(6'000, 'x'));
  EXPECT_THAT(missed(log, LostSocket{.last_sent = 2}, offset), testing::SizeIs(1));
  send(std::string(6'000, 'y'));
  EXPECT_THAT(missed(log, LostSocket{.last_sent = 2}, offset), ElementsAre("(none)"));
}

TEST_F(RecoveryLogTest, CountsTheNamesOfRooms) {
  const std::string offset = send("a");
  send("b", {std::string(6'000, 'r'), std::string(6'000, 's')});
  EXPECT_THAT(missed(log, LostSocket{.last_sent = 2}, offset), ElementsAre("(none)"));
}

TEST_F(RecoveryLogTest, ForgetsTheLongestLostSocketsAboveTheirNumber) {
  for (const char* pid : {"1", "2", "3", "4"}) {
    lose(pid);
  }
  EXPECT_FALSE(log.take(now, "1", ""));
  EXPECT_TRUE(log.take(now, "2", ""));
  EXPECT_TRUE(log.take(now, "4", ""));
}

TEST_F(RecoveryLogTest, ForgetsTheLongestLostSocketsAboveTheirBytes) {
  lose("1", {.rooms = {std::string(6'000, 'r')}});
  lose("2", {.data = JsonValue(std::string(6'000, 'd'))});
  EXPECT_FALSE(log.take(now, "1", ""));
  EXPECT_TRUE(log.take(now, "2", ""));
}

TEST_F(RecoveryLogTest, KeepsAllLogsTogetherWithinTheirBytes) {
  options.total_bytes = 20'000;
  {
    std::deque<RecoveryLog> logs;
    for (int i = 0; i < 10; ++i) {
      RecoveryLog& each = logs.emplace_back(options, "epoch", total);
      each.append(now, {}, {EncodedPacket::from_engine_text(std::string(6'000, 'x'))});
      each.lose(now, "pid", {.rooms = {std::string(6'000, 'r')}});
      EXPECT_LE(total, options.total_bytes);
    }
    EXPECT_TRUE(logs.front().holds_sockets(now)) << "who came first keeps what it has";
    EXPECT_FALSE(logs.back().holds_sockets(now));
  }
  EXPECT_EQ(total, 0U);
}

TEST_F(RecoveryLogTest, ForgetsALostSocketAfterItsTime) {
  lose("pid");
  now += minutes(2) - seconds(1);
  EXPECT_TRUE(log.holds_sockets(now));
  now += seconds(1);
  EXPECT_FALSE(log.holds_sockets(now));
  EXPECT_FALSE(log.take(now, "pid", ""));
}

TEST_F(RecoveryLogTest, OutlivesItsProcess) {
  const std::string offset = send("42[\"a\"]");
  log.append(now,
             {.rooms = {"red"}, .except = {"blue"}},
             {EncodedPacket::from_engine_text("451-[\"b\"]"),
              EncodedPacket::from_engine_binary(std::string("\0\xff", 2))});
  JsonObject data;
  data["kept"] = JsonArray{1, "two"};
  lose("pid", {.sid = "sid", .rooms = {"red"}, .data = data, .user = "ann", .last_sent = 2});
  const auto saved = parse_json(to_json(log.save(now)));
  ASSERT_TRUE(saved);

  RecoveryLog next(options, "another", total);
  const TimePoint later{seconds(5)};
  next.restore(saved->get_object(), later, seconds(60));
  EXPECT_EQ(next.next_offset(), "epoch-3");
  const auto socket = next.take(later + seconds(59), "pid", "ann");
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->sid, "sid");
  EXPECT_THAT(socket->rooms, ElementsAre("red"));
  EXPECT_EQ(socket->data, JsonValue(data));
  EXPECT_THAT(missed(next, *socket, offset, {"red"}), ElementsAre("451-[\"b\"]", "bAP8="));
  EXPECT_THAT(missed(next, *socket, offset, {"red", "blue"}), IsEmpty());

  RecoveryLog late(options, "another", total);
  late.restore(saved->get_object(), later, seconds(60));
  EXPECT_FALSE(late.take(later + seconds(60), "pid", "ann")) << "its time goes on meanwhile";
}

TEST_F(RecoveryLogTest, RestoresNothingFromNonsense) {
  for (const char* text : {R"({})",
                           R"({"entries":7,"sockets":[1,null,{}],"newest":-1})",
                           R"({"entries":[{"messages":["","9"]}],"epoch":[]})"}) {
    RecoveryLog next(options, "another", total);
    next.restore(parse_json(text)->get_object(), now, seconds(0));
    EXPECT_FALSE(next.take(now, "pid", "")) << text;
  }
}

}  // namespace
}  // namespace cloudsync::gateway
