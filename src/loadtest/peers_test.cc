// PeerTest and its members against servers in this process, on the same loop, which do as they
// should or not.

#include "gateway/websocket_server.h"
#include "loadtest/peer_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

using gateway::WebSocket;
using testing::ElementsAre;
using testing::Pair;
using namespace std::chrono_literals;

/// Rooms (protocol.h) over WebSocket, and ShareDB as far as ShareDbMember goes.
class FakeServer final : public gateway::WebSocketHandler {
 public:
  void on_text(WebSocket& socket, std::string_view text) override {
    if (const auto json = parse_json(text); json && json->is_object()) {
      on_sharedb(socket, json->get_object());
    } else if (text.starts_with("join ")) {
      rooms[std::string(text.substr(5))].push_back(&socket);
      room_of[&socket] = text.substr(5);
      socket.send_text("joined");
    } else if (!room_of.contains(&socket)) {
      socket.send_text(text);
    } else {
      for (WebSocket* member : rooms[room_of[&socket]]) {
        if (++delivered != lost) {
          member->send_text(text);
        }
      }
    }
  }

  void on_binary(WebSocket&, std::string_view) override {}

  void on_close(WebSocket& socket) override {
    for (auto& [name, members] : rooms) {
      std::erase(members, &socket);
    }
    room_of.erase(&socket);
  }

  std::map<std::string, std::vector<WebSocket*>> rooms;
  std::map<WebSocket*, std::string> room_of;
  std::map<std::string, std::string>
      documents;  // a letter for each operation, the creation included
  std::size_t delivered = 0;
  std::size_t lost = 0;          // the number of the delivery that is not made; 0: none
  std::size_t counted_less = 0;  // characters that a document lacks when it is fetched
  bool twice = false;            // operations come a second time, behind the first
  bool refuses = false;

 private:
  void on_sharedb(WebSocket& socket, const JsonObject& message) {
    const std::string action(view(message.at("a").as_string()));
    if (action == "hs") {
      const std::string id = "source " + std::to_string(next_id_++);
      socket.send_text(to_json(JsonObject{{"a", "hs"}, {"id", id}}));
      return;
    }
    const std::string name(view(message.at("d").as_string()));
    std::string& log = documents[name];
    JsonObject answer{{"a", message.at("a")}, {"c", message.at("c")}, {"d", message.at("d")}};
    if (action == "op") {
      EXPECT_LE(message.at("v").to_number<std::uint64_t>(), log.size());
      answer["v"] = log.size();
      answer["src"] = message.at("src");
      answer["seq"] = message.at("seq");
      log += 'a';
      submit(socket, rooms[name], std::move(answer), message);
      return;
    }
    if (action == "s") {
      rooms[name].push_back(&socket);
    }
    const std::size_t characters = log.empty() ? 0 : log.size() - 1 - counted_less;
    answer["data"] = JsonObject{{"v", log.size()}, {"data", std::string(characters, 'a')}};
    socket.send_text(to_json(answer));
  }

  void submit(WebSocket& author,
              const std::vector<WebSocket*>& members,
              JsonObject ack,
              const JsonObject& message) {
    if (refuses && message.contains("op")) {
      ack["error"] = JsonObject{{"code", "ERR_NO"}};
      author.send_text(to_json(ack));
      return;
    }
    JsonObject operation = ack;
    const char* change = message.contains("op") ? "op" : "create";
    operation[change] = message.at(change);
    for (WebSocket* member : members) {
      if (member != &author && (message.contains("create") || ++delivered != lost)) {
        for (int i = 0; i < (twice ? 2 : 1); ++i) {
          member->send_text(to_json(operation));
        }
      }
    }
    author.send_text(to_json(ack));
  }

  std::size_t next_id_ = 0;
};

class Peers : public testing::Test {
 protected:
  Peers() {
    const auto bound = listener_.listen({"127.0.0.1", 0});
    options.targets = {{*bound, runtime::to_string(*bound)}};
    options.protocol = Protocol::kWebSocket;
    options.connections = 12;
    options.documents = 3;
    options.writers = 12;
    options.warm_up = 0ms;
    options.duration = 50ms;
    options.settle = 10s;
  }

  const Outcome& run() {
    test_.emplace(options, *loop_);
    test_->prepare([this](const Result<void>&) {
      test_->connect([this] {
        test_->write(loop_->now(), [this] {
          test_->settle([this] {
            test_->compare([this] {
              test_->leave();
              loop_->stop();
            });
          });
        });
      });
    });
    loop_->run();
    return test_->outcome();
  }

  const Measurements& measurements() { return test_->measurements(); }

  std::unique_ptr<runtime::Loop> loop_ = *runtime::make_loop(runtime::IoEngine::kEpoll);
  FakeServer server;
  gateway::WebSocketServer listener_{*loop_, server, {}};
  Options options;
  std::optional<PeerTest> test_;
};

TEST_F(Peers, CountEachMessageOnceForEachMemberOfTheRoom) {
  options.in_flight = 2;
  EXPECT_TRUE(run().ok());
  EXPECT_EQ(test_->outcome().connected, 12U);
  EXPECT_GE(measurements().edits, 6U);
  EXPECT_EQ(measurements().operations, measurements().edits * 4);
  EXPECT_EQ(measurements().ack.total.count(), measurements().edits);
  EXPECT_EQ(measurements().delivery.total.count(), measurements().edits * 3);
  EXPECT_EQ(server.delivered, measurements().edits * 4);
}

TEST_F(Peers, SendAtARateIfToldTo) {
  options.ops_per_second = 400;
  EXPECT_TRUE(run().ok());
  EXPECT_GT(measurements().edits, 0U);
  EXPECT_EQ(measurements().operations, measurements().edits * 4);
}

TEST_F(Peers, GetTheirOwnBackWithoutARoom) {
  options.echo = true;
  options.in_flight = 3;
  EXPECT_TRUE(run().ok());
  EXPECT_GE(measurements().edits, 12U * 3);
  EXPECT_EQ(measurements().operations, measurements().edits);
  EXPECT_TRUE(server.rooms.empty());
}

TEST_F(Peers, MissWhatTheServerLoses) {
  options.in_flight = 1;
  options.settle = 100ms;
  server.lost = 6;
  EXPECT_FALSE(run().ok());
  EXPECT_EQ(test_->outcome().diverged_documents, 1U);
  EXPECT_EQ(test_->outcome().unsettled_documents, 1U);
}

TEST_F(Peers, OfShareDbEditAndHaveWhatTheServerHas) {
  options.protocol = Protocol::kShareDb;
  options.in_flight = 2;
  EXPECT_TRUE(run().ok());
  EXPECT_TRUE(measurements().errors.empty());
  EXPECT_GE(measurements().edits, 6U);
  EXPECT_EQ(measurements().operations, measurements().edits * 4);
  EXPECT_EQ(measurements().submissions, measurements().edits);
}

TEST_F(Peers, OfShareDbIgnoreWhatComesTwice) {
  options.protocol = Protocol::kShareDb;
  options.in_flight = 2;
  server.twice = true;
  EXPECT_TRUE(run().ok());
  EXPECT_EQ(measurements().operations, measurements().edits * 4);
}

TEST_F(Peers, OfShareDbHaveOneOperationInFlightAndSendTheOthersLater) {
  options.protocol = Protocol::kShareDb;
  options.writers = 1;
  options.ops_per_second = 5'000;
  options.duration = 10ms;
  EXPECT_TRUE(run().ok());
  EXPECT_EQ(measurements().submissions, measurements().edits);
  EXPECT_EQ(measurements().ack.total.count(), measurements().edits);
}

TEST_F(Peers, OfShareDbNoticeAGap) {
  options.protocol = Protocol::kShareDb;
  options.in_flight = 2;  // who lacks the operation of the first gets that of the second
  options.settle = 100ms;
  server.lost = 1;
  EXPECT_FALSE(run().ok());
  EXPECT_THAT(measurements().errors, ElementsAre(Pair("gap", 1)));
  EXPECT_EQ(test_->outcome().diverged_documents, 1U);
}

TEST_F(Peers, OfShareDbNoticeWhatTheServerLacks) {
  options.protocol = Protocol::kShareDb;
  options.in_flight = 1;
  server.counted_less = 1;
  EXPECT_FALSE(run().ok());
  EXPECT_EQ(test_->outcome().diverged_documents, 3U);
}

TEST_F(Peers, OfShareDbSayWhyTheyWereRefused) {
  options.protocol = Protocol::kShareDb;
  options.in_flight = 1;
  options.settle = 100ms;
  server.refuses = true;
  EXPECT_FALSE(run().ok());
  EXPECT_THAT(measurements().errors, ElementsAre(Pair("ERR_NO", 3)));
  EXPECT_EQ(test_->outcome().failed, 3U);
}

}  // namespace
}  // namespace cloudsync::loadtest
