// Whom a broadcast reaches, with clients on the server's own loop.

#include "gateway/server/socket_server.h"
#include "loadtest/socket_io_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::gateway {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// A stock client that writes down the events that it gets.
class Client final : public loadtest::SocketIoEvents {
 public:
  Client(runtime::Loop& loop, std::mt19937_64& random) : client_(loop, *this, random) {}

  void open(const runtime::Endpoint& endpoint, std::function<void()> ready) {
    ready_ = std::move(ready);
    client_.open({endpoint, runtime::to_string(endpoint)}, std::nullopt, {});
  }

  void say(std::string_view json) { client_.emit("say", json, std::nullopt); }

  std::vector<std::string> heard;
  std::function<void(std::string_view)> on_heard = [](std::string_view) {};

 private:
  void on_ready() override { ready_(); }

  bool try_packet(std::string_view) override { return false; }

  void on_event(std::string_view name, const JsonArray& args, std::string_view) override {
    heard.push_back(std::string(name) + (args.size() > 1 ? " " + to_json(args[1]) : ""));
    on_heard(name);
  }

  void on_ack(std::uint64_t, const JsonArray&) override {}

  void on_disconnected(std::string_view) override {}

  std::function<void()> ready_;
  loadtest::SocketIoClient client_;
};

class BroadcastTest : public testing::Test {
 protected:
  BroadcastTest() {
    server_.of("/").on_connection([this](const SocketPtr& socket) {
      sockets_.push_back(socket);
      socket->on("say", [this](const SocketPtr& from, const Arguments& arguments, const Ack&) {
        say(from, arguments);
        from->nsp().emit("end");  // behind all that was said
      });
    });
    endpoint_ = *server_.listen({"127.0.0.1", 0});
  }

  /// Opens `count` clients one after the other, then lets the first speak; ends when all have heard
  /// the end.
  void run(std::size_t count) {
    open_next(count);
    server_.run();
    for (auto& client : clients_) {
      ASSERT_FALSE(client->heard.empty());
      EXPECT_EQ(client->heard.back(), "end");
      client->heard.pop_back();
    }
  }

  void open_next(std::size_t count) {
    if (clients_.size() == count) {
      prepare();
      clients_.front()->say("1");
      return;
    }
    clients_.push_back(std::make_unique<Client>(server_.loop(), random_));
    clients_.back()->on_heard = [this](std::string_view name) {
      if (name == "end" && ++ended_ == clients_.size()) {
        server_.stop();
      }
    };
    clients_.back()->open(endpoint_, [this, count] { open_next(count); });
  }

  std::vector<std::string>& heard(std::size_t client) { return clients_[client]->heard; }

  std::function<void()> prepare = [] {};  // with all sockets in sockets_
  std::function<void(const SocketPtr&, const Arguments&)> say;

 private:
  SocketServer server_{{}};
  runtime::Endpoint endpoint_;
  std::mt19937_64 random_{1};
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t ended_ = 0;

 protected:
  std::vector<SocketPtr> sockets_;  // which end before the server
};

TEST_F(BroadcastTest, ReachesARoomWithTheSenderOnce) {
  prepare = [this] {
    for (const std::size_t i : {0, 1, 2}) {
      sockets_[i]->join("a");
    }
    sockets_[1]->leave("a");
  };
  say = [](const SocketPtr& from, const Arguments& arguments) {
    from->nsp().to("a").emit("said", arguments);
    from->nsp().to("nobody is here").emit("said", arguments);
  };
  run(4);
  EXPECT_THAT(heard(0), ElementsAre("said 1"));
  EXPECT_THAT(heard(1), ElementsAre());
  EXPECT_THAT(heard(2), ElementsAre("said 1"));
  EXPECT_THAT(heard(3), ElementsAre());
}

TEST_F(BroadcastTest, ReachesTheUnionOfRoomsOnceWithoutTheMembersOfOthers) {
  prepare = [this] {
    for (const auto& [socket, room] : {std::pair(0, "a"),
                                       std::pair(1, "a"),
                                       std::pair(1, "b"),
                                       std::pair(2, "a"),
                                       std::pair(2, "b"),
                                       std::pair(2, "c")}) {
      sockets_[static_cast<std::size_t>(socket)]->join(room);
    }
  };
  say = [](const SocketPtr& from, const Arguments& arguments) {
    from->nsp().to("a").to("b").except("c").emit("said", arguments);
    from->nsp().to("a").except("c").emit("added", arguments);
  };
  run(4);
  EXPECT_THAT(heard(0), ElementsAre("said 1", "added 1"));
  EXPECT_THAT(heard(1), ElementsAre("said 1", "added 1"));
  EXPECT_THAT(heard(2), ElementsAre());
  EXPECT_THAT(heard(3), ElementsAre());
}

TEST_F(BroadcastTest, TellsEachSocketThatWantsToHearOfItAndNoOther) {
  std::vector<std::string> told;
  prepare = [&] {
    for (const std::size_t i : {0, 1, 2}) {
      sockets_[i]->join("a");
    }
    for (const std::size_t i : {1, 3}) {
      sockets_[i]->on_any_outgoing(
          [&told, i](const std::string& event, const Arguments& arguments) {
            if (event == "said") {
              told.push_back(std::to_string(i) + " " + to_json(arguments[0]));
            }
          });
    }
  };
  say = [](const SocketPtr& from, const Arguments& arguments) {
    from->nsp().to("a").emit("said", arguments);
  };
  run(4);
  EXPECT_THAT(told, UnorderedElementsAre("1 1"));
  EXPECT_THAT(heard(0), ElementsAre("said 1"));
  EXPECT_THAT(heard(1), ElementsAre("said 1"));
  EXPECT_THAT(heard(2), ElementsAre("said 1"));
}

}  // namespace
}  // namespace cloudsync::gateway
