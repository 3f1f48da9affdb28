// HttpClient and SocketIoClient against a scripted server on the same loop.

#include "codec/http1/request_parser.h"
#include "codec/websocket/handshake.h"
#include "loadtest/http_client.h"
#include "loadtest/socket_io_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloudsync::loadtest {
namespace {

namespace http1 = codec::http1;
namespace websocket = codec::websocket;
using testing::ElementsAre;

/// Answers HTTP with `respond`, upgrades to WebSocket, and answers text messages with `reply`.
class ScriptedServer final : public runtime::SocketEvents, websocket::FrameVisitor {
 public:
  explicit ScriptedServer(runtime::Loop& loop) : loop_(loop) {
    const auto bound = loop.listen(
        {"127.0.0.1", 0}, false, [this](runtime::SocketId socket, const runtime::Endpoint&) {
          loop_.attach(socket, *this);
          socket_ = socket;
        });
    target = {*bound, runtime::to_string(*bound)};
  }

  void text(std::string_view message) {
    std::string frame;
    websocket::append_frame(frame, websocket::Opcode::kText, message);
    loop_.send(socket_, share(std::move(frame)));
  }

  void end() { loop_.close(socket_, runtime::CloseMode::kFlush); }

  Target target;
  std::vector<std::string> heard;
  std::function<std::string(const http1::Request&)> respond;
  std::function<void(std::string_view)> reply = [](std::string_view) {};

 private:
  void on_data(runtime::SocketId socket, std::span<std::uint8_t> bytes) override {
    if (upgraded_) {
      frames_.feed(bytes, *this);
      return;
    }
    auto fed = parser_.feed(bytes);
    if (fed.status == http1::ParseStatus::kHeadComplete) {
      fed = parser_.feed(bytes.subspan(fed.consumed));
    }
    ASSERT_EQ(fed.status, http1::ParseStatus::kComplete);
    const http1::Request request = parser_.take_request();
    upgraded_ = request.is_upgrade && !respond;
    loop_.send(socket, share(upgraded_ ? websocket::accept_response(request) : respond(request)));
    if (upgraded_) {
      text(R"(0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000})");
    }
  }

  void on_drained(runtime::SocketId) override {}

  void on_closed(runtime::SocketId, runtime::CloseCause) override {}

  bool on_message(websocket::Opcode, std::span<const std::uint8_t> payload) override {
    heard.emplace_back(payload.begin(), payload.end());
    reply(heard.back());
    return true;
  }

  bool on_ping(std::span<const std::uint8_t>) override { return true; }

  bool on_pong(std::span<const std::uint8_t>) override { return true; }

  void on_close(std::uint16_t, std::string_view) override {}

  runtime::Loop& loop_;
  runtime::SocketId socket_;
  bool upgraded_ = false;
  http1::RequestParser parser_;
  websocket::FrameLimits limits_;
  websocket::FrameParser frames_{websocket::Role::kServer, limits_};
};

class Listener final : public SocketIoEvents {
 public:
  explicit Listener(runtime::Loop& loop) : loop_(loop) {}

  void on_ready() override { log.emplace_back("ready"); }

  bool try_packet(std::string_view) override { return false; }

  void on_event(std::string_view name, const JsonArray& args, std::string_view) override {
    log.push_back(std::string(name) + " " + to_json(args.at(1)));
  }

  void on_ack(std::uint64_t id, const JsonArray& args) override {
    log.push_back("ack " + std::to_string(id) + " " + to_json(args.at(0)));
  }

  void on_disconnected(std::string_view reason) override {
    log.push_back("gone " + std::string(reason));
    gone();
  }

  std::vector<std::string> log;
  std::function<void()> gone = [this] { loop_.stop(); };

 private:
  runtime::Loop& loop_;
};

class Clients : public testing::Test {
 protected:
  std::unique_ptr<runtime::Loop> loop_ = *runtime::make_loop(runtime::IoEngine::kEpoll);
  ScriptedServer server_{*loop_};
  Listener listener_{*loop_};
  std::mt19937_64 random_{1};
  SocketIoClient client_{*loop_, listener_, random_};
};

TEST_F(Clients, SocketIoConnectsAnswersPingsAndTakesEventsAndAcks) {
  server_.reply = [this](std::string_view message) {
    if (message == R"(40{"name":"n"})") {
      server_.text(R"(40{"sid":"x"})");
      server_.text("2");
    } else if (message == "3") {
      server_.text(R"(42["ops",{"revision":1}])");
      client_.emit("submit-op", R"({"seq":1})", 7);
    } else {
      server_.text(R"(437[{"ok":true}])");
      server_.end();
    }
  };
  client_.open(server_.target, std::nullopt, R"({"name":"n"})");
  loop_->run();
  EXPECT_THAT(
      listener_.log,
      ElementsAre("ready", R"(ops {"revision":1})", R"(ack 7 {"ok":true})", "gone server_ended"));
  EXPECT_THAT(server_.heard,
              ElementsAre(R"(40{"name":"n"})", "3", R"(427["submit-op",{"seq":1}])"));
}

TEST_F(Clients, SocketIoGivesAConnectUpAndBeginsAnewInTheSameTurn) {
  server_.reply = [this](std::string_view) {
    server_.text(R"(40{"sid":"x"})");
    server_.end();
  };
  listener_.gone = [this] {
    if (listener_.log.size() == 1) {
      client_.open(server_.target, std::nullopt, {});
    } else {
      loop_->stop();
    }
  };
  client_.open({{"192.0.2.1", 9}, "silent"}, std::nullopt, {});  // RFC 5737, RFC 863
  client_.close();
  client_.close();
  EXPECT_THAT(listener_.log, ElementsAre());
  loop_->run();
  EXPECT_THAT(listener_.log, ElementsAre("gone closed", "ready", "gone server_ended"));
}

TEST_F(Clients, SocketIoSaysWhyItCouldNotConnect) {
  server_.respond = [](const http1::Request&) {
    return http1::encode({.status = 503, .headers = {}, .body = {}}, false);
  };
  client_.open(server_.target, std::nullopt, {});
  loop_->run();
  EXPECT_THAT(listener_.log, ElementsAre("gone http_503"));
}

TEST_F(Clients, SocketIoEndsOnMalformedPackets) {
  server_.reply = [this](std::string_view) { server_.text("4nonsense"); };
  client_.open(server_.target, std::nullopt, {});
  loop_->run();
  EXPECT_THAT(listener_.log, ElementsAre("gone bad_packet"));
}

TEST_F(Clients, HttpPostsJsonAndGetsTheAnswer) {
  std::string asked;
  server_.respond = [&asked](const http1::Request& request) {
    asked = request.method + " " + request.target + " " + *request.find("content-type") + " " +
            request.body;
    return http1::encode({.status = 201, .headers = {}, .body = "made"}, false);
  };
  HttpClient http(*loop_);
  http1::Response answer;
  http.call({server_.target, "POST", "/api/v1/documents", "{}"},
            [&](Result<http1::Response> response) {
              answer = *response;
              loop_->stop();
            });
  loop_->run();
  EXPECT_EQ(asked, "POST /api/v1/documents application/json {}");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "made");
}

TEST_F(Clients, HttpReportsAServerThatIsNotThere) {
  HttpClient http(*loop_);
  std::optional<ErrorCode> code;
  loop_->stop_listening();
  http.call({server_.target, "GET", "/", {}}, [&](Result<http1::Response> response) {
    code = response.error().code;
    loop_->stop();
  });
  loop_->run();
  EXPECT_EQ(code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace cloudsync::loadtest
