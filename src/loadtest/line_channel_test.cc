#include "loadtest/line_channel.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

namespace cloudsync::loadtest {
namespace {

class Channels : public testing::Test {
 protected:
  Channels() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_), 0);
    channel_ = std::make_unique<LineChannel>(
        *loop_,
        ends_[0],
        [this](const JsonObject& message) { received_.push_back(to_json(message)); },
        [this] {
          ++ended_;
          loop_->stop();
        });
  }

  void write(const std::string& text) {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  void end_peer() { ::close(ends_[1]); }

  int ends_[2] = {-1, -1};
  std::unique_ptr<runtime::Loop> loop_ = *runtime::make_loop(runtime::IoEngine::kEpoll);
  std::unique_ptr<LineChannel> channel_;
  std::vector<std::string> received_;
  int ended_ = 0;
};

TEST_F(Channels, TakesMessagesHoweverTheyAreCut) {
  write("{\"a\":1}\n{\"b\"");
  loop_->run_after(std::chrono::milliseconds(5), [this] {
    write(":2}\n");
    end_peer();
  });
  loop_->run();
  EXPECT_EQ(received_, (std::vector<std::string>{R"({"a":1})", R"({"b":2})"}));
  EXPECT_EQ(ended_, 1);
}

TEST_F(Channels, EndsAtWhatIsNoMessage) {
  write("{\"a\":1}\n[]\n{\"b\":2}\n");
  loop_->run();
  EXPECT_EQ(received_, std::vector<std::string>{R"({"a":1})"});
  EXPECT_EQ(ended_, 1);
  end_peer();
}

TEST_F(Channels, SendsWhatIsLongerThanTheKernelTakesAtOnce) {
  const std::string text(1'000'000, 'x');
  std::string taken;
  channel_->send(JsonObject{{"text", text}});
  channel_->close();
  std::function<void()> read = [&] {
    char bytes[65'536];
    for (ssize_t count = 0; (count = ::read(ends_[1], bytes, sizeof bytes)) > 0;) {
      taken.append(bytes, static_cast<std::size_t>(count));
    }
    if (taken.ends_with('\n')) {
      end_peer();
    } else {
      loop_->run_after(std::chrono::milliseconds(1), [&] { read(); });
    }
  };
  loop_->post([&] { read(); });
  loop_->run();
  EXPECT_EQ(taken, "{\"text\":\"" + text + "\"}\n");
}

}  // namespace
}  // namespace cloudsync::loadtest
