// How streams end on every engine: in order, by one side first, or by a reset.

#include "runtime/testing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace cloudsync::runtime {
namespace {

TEST_P(LoopTest, FlushingCloseDeliversEverythingThenEndsBothSides) {
  auto loop = make_loop();
  Pair pair(*loop);
  const std::string bytes = pattern(3 * 1024 * 1024);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->send(*pair.client_id, share(bytes));
              loop->close(*pair.client_id, CloseMode::kFlush);
              EXPECT_TRUE(pair.client.closed.empty());
              loop->send(*pair.client_id, share("refused"));
            })
      .when([&] { return !pair.server.closed.empty() && !pair.client.closed.empty(); })
      .run();
  EXPECT_TRUE(pair.server.received == bytes);
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kPeer});
  EXPECT_EQ(pair.client.closed, std::vector{CloseCause::kLocal});
}

TEST_P(LoopTest, FlushingCloseWithASendThatWaitsDeliversTheRest) {
  auto loop = make_loop();
  Pair pair(*loop);
  const std::string bytes = pattern(8 * 1024 * 1024);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->pause_reading(*pair.server_id);
              loop->send(*pair.client_id, share(bytes));
            })
      .when([&] { return loop->sent_bytes(*pair.client_id) > 0; },
            [&] {
              loop->close(*pair.client_id, CloseMode::kFlush);
              loop->resume_reading(*pair.server_id);
            })
      .when([&] { return !pair.client.closed.empty() && !pair.server.closed.empty(); })
      .run();
  EXPECT_TRUE(pair.server.received == bytes);
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kPeer});
}

TEST_P(LoopTest, PeerThatEndsItsSideStillGetsWhatWasQueued) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  const std::string answer = pattern(2 * 1024 * 1024);
  pair.server.when_data = [&](SocketId socket, std::span<std::uint8_t>) {
    loop->send(socket, share(answer));
  };
  // A raw client, because a closing socket of the loop drops what it receives.
  std::string got;
  std::thread client;
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              const int fd = loop->release(*pair.client_id).descriptor;
              client = std::thread([fd, &got] {
                const int flags = ::fcntl(fd, F_GETFL);
                ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
                EXPECT_EQ(::send(fd, "ask", 3, 0), 3);
                ::shutdown(fd, SHUT_WR);
                std::vector<char> buffer(65'536);
                for (ssize_t n = 0; (n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
                  got.append(buffer.data(), static_cast<std::size_t>(n));
                }
                ::close(fd);
              });
            })
      .when([&] { return !pair.server.closed.empty(); })
      .run();
  client.join();
  EXPECT_TRUE(got == answer);
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kPeer});
  EXPECT_TRUE(pair.client.closed.empty());
}

TEST_P(LoopTest, PeerThatEndsItsSideGetsWhatItsOwnerSendsLater) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  int fd = -1;
  int ends = 0;
  bool waited = false;
  pair.server.when_end = [&] {
    ++ends;
    loop->run_after(std::chrono::milliseconds(5), [&] { waited = true; });
    return true;
  };
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              fd = loop->release(*pair.client_id).descriptor;
              EXPECT_EQ(::send(fd, "ask", 3, 0), 3);
              ::shutdown(fd, SHUT_WR);
            })
      .when([&] { return waited; },
            [&] {
              // Reading again would find the end again.
              loop->pause_reading(*pair.server_id);
              loop->resume_reading(*pair.server_id);
              loop->run_after(std::chrono::milliseconds(5), [&] {
                loop->send(*pair.server_id, share("answer"));
                loop->close(*pair.server_id, CloseMode::kFlush);
              });
            })
      .when([&] { return !pair.server.closed.empty(); })
      .run();
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(pair.server.received, "ask");
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kLocal});
  std::string got(16, '\0');
  const ssize_t count = ::recv(fd, got.data(), got.size(), 0);
  ASSERT_EQ(count, 6);
  EXPECT_EQ(got.substr(0, 6), "answer");
  EXPECT_EQ(::recv(fd, got.data(), got.size(), 0), 0);
  ::close(fd);
}

TEST_P(LoopTest, AbortWithASendThatWaitsEndsTheSocketAndKeepsNothing) {
  auto loop = make_loop();
  Pair pair(*loop);
  SharedBytes bytes = share(pattern(8 * 1024 * 1024));
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->pause_reading(*pair.server_id);
              loop->send(*pair.client_id, bytes);
            })
      .when([&] { return loop->sent_bytes(*pair.client_id) > 0; },
            [&] {
              EXPECT_GT(bytes.use_count(), 1);
              loop->close(*pair.client_id, CloseMode::kAbort);
            })
      .when([&] { return !pair.client.closed.empty() && bytes.use_count() == 1; },
            [&] { loop->resume_reading(*pair.server_id); })
      .when([&] { return !pair.server.closed.empty(); })
      .run();
  EXPECT_EQ(pair.client.closed, std::vector{CloseCause::kLocal});
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kError});
  EXPECT_EQ(pair.client.drained, 0);
}

// Descriptor numbers are used again at once: what was queued for the old socket, and has not
// reached the kernel when on_closed calls come, must not reach the new one.
TEST_P(LoopTest, BytesOfAnAbortedSocketDoNotReachTheNextOne) {
  auto loop = make_loop();
  Pair old(*loop);
  Pair other(*loop);
  Recorder servers;
  Recorder client;
  std::optional<SocketId> connected;
  bool waited = false;
  const auto endpoint = loop->listen(
      kAnyPort, false, [&](SocketId socket, const Endpoint&) { loop->attach(socket, servers); });
  ASSERT_TRUE(endpoint.has_value());
  other.client.when_closed = [&] {
    loop->close(*old.client_id, CloseMode::kAbort);
    loop->connect(*endpoint, client, [&](Result<SocketId> socket) { connected = *socket; });
  };
  Script(*loop)
      .when([&] { return old.connected() && other.connected(); },
            [&] {
              loop->send(*old.client_id, share("of the old"));
              loop->close(*other.client_id, CloseMode::kAbort);
            })
      .when([&] { return connected.has_value(); },
            [&] { loop->run_after(std::chrono::milliseconds(5), [&] { waited = true; }); })
      .when([&] { return waited; }, [&] { loop->send(*connected, share("fresh")); })
      .when([&] { return servers.received.size() >= 5; })
      .run();
  EXPECT_EQ(servers.received, "fresh");
}

/// The client's second word and a reset behind it are there when the loop reads the first of them:
/// a receive of io_uring can miss the reset then. With `heartbeat` the server pings, which fails.
void reset_behind_data(Loop& loop, Pair& pair, bool heartbeat) {
  const auto speak_and_reset = [&] {
    const int fd = loop.release(*pair.client_id).descriptor;
    ASSERT_GE(fd, 0);
    EXPECT_EQ(::write(fd, "last", 4), 4);
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(fd);
  };
  Script(loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop.pin(*pair.server_id);
              if (heartbeat) {
                loop.trust_heartbeat(*pair.server_id);
              }
              loop.send(*pair.client_id, share("first"));
            })
      .when([&] { return pair.server.received == "first"; }, speak_and_reset)
      .when([&] { return pair.server.received == "firstlast" || !pair.server.closed.empty(); },
            [&] {
              if (heartbeat) {
                loop.send(*pair.server_id, share("ping"));
              }
            })
      .when([&] { return !pair.server.closed.empty(); })
      .run();
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kError});
}

TEST_P(LoopTest, AResetBehindTheLastDataIsFound) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  reset_behind_data(*loop, pair, false);
}

TEST_P(LoopTest, AResetBehindTheLastDataIsFoundByAHeartbeat) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  reset_behind_data(*loop, pair, true);
}

}  // namespace
}  // namespace cloudsync::runtime
