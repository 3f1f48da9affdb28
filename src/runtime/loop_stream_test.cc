// That every engine carries the bytes, all of them and in order, whatever happens meanwhile.

#include "base/metrics.h"
#include "runtime/loop_thread.h"
#include "runtime/testing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace cloudsync::runtime {
namespace {

TEST_P(LoopTest, SendsOfOneTurnLeaveInOneCall) {
  Metrics metrics;
  auto loop = make_loop(&metrics);
  Pair pair(*loop);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              for (int i = 0; i < 60; ++i) {
                loop->send(*pair.client_id, share("frame"));
              }
              EXPECT_EQ(loop->queued_bytes(*pair.client_id), 300U);
            })
      .when([&] { return pair.server.received.size() == 300; })
      .run();
  EXPECT_EQ(metrics.counter("cloudsync_loop_sends_total", "").value(), 1U);
}

TEST_P(LoopTest, LargeTransferToASlowReaderArrivesWhole) {
  auto loop = make_loop();
  Pair pair(*loop);
  const std::string bytes = pattern(16 * 1024 * 1024);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->pause_reading(*pair.server_id);
              for (std::size_t at = 0; at < bytes.size(); at += 65'537) {
                loop->send(*pair.client_id, share(bytes.substr(at, 65'537)));
              }
            })
      .when([&] { return loop->queued_bytes(*pair.client_id) < bytes.size(); },
            [&] {
              EXPECT_GT(loop->queued_bytes(*pair.client_id), 0U);
              EXPECT_EQ(loop->sent_bytes(*pair.client_id),
                        bytes.size() - loop->queued_bytes(*pair.client_id));
              EXPECT_EQ(pair.client.drained, 0);
              EXPECT_EQ(pair.server.received, "");
              loop->resume_reading(*pair.server_id);
            })
      .when([&] { return pair.server.received.size() == bytes.size(); })
      .when([&] { return pair.client.drained == 1; })
      .run();
  EXPECT_TRUE(pair.server.received == bytes);
  EXPECT_EQ(loop->queued_bytes(*pair.client_id), 0U);
}

TEST_P(LoopTest, PausedSocketGetsNothingUntilResumed) {
  auto loop = make_loop();
  Pair pair(*loop);
  bool waited = false;
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->pause_reading(*pair.server_id);
              loop->send(*pair.client_id, share("early"));
              loop->close(*pair.client_id, CloseMode::kFlush);
              loop->run_after(std::chrono::milliseconds(20), [&] { waited = true; });
            })
      .when([&] { return waited; },
            [&] {
              EXPECT_EQ(pair.server.received, "");
              EXPECT_TRUE(pair.server.closed.empty());
              loop->resume_reading(*pair.server_id);
            })
      .when([&] { return !pair.server.closed.empty(); })
      .run();
  EXPECT_EQ(pair.server.received, "early");
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kPeer});
}

// Frames that all get are sent in one piece; who gets others, or did not take all, must not notice.
TEST_P(LoopTest, ManySocketsGetTheSameFramesAndSomeOfThemOthers) {
  constexpr std::size_t kSockets = 40;
  constexpr std::size_t kRounds = 200;
  auto loop = make_loop();
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::size_t i = 0; i < kSockets; ++i) {
    pairs.push_back(std::make_unique<Pair>(*loop));
  }
  std::vector<std::string> sent(kSockets);
  std::size_t rounds = 0;
  const auto send = [&](std::size_t to, const SharedBytes& frame) {
    loop->send(*pairs[to]->client_id, frame);
    sent[to] += *frame;
  };
  const std::function<void()> round = [&] {
    for (std::size_t k = 0; k < 1 + rounds % 5; ++k) {
      const SharedBytes frame = share(pattern(1 + rounds * 7 % 3'000) + std::to_string(rounds * k));
      for (std::size_t i = 0; i < kSockets; ++i) {
        if ((i + k + rounds) % 11 != 0) {
          send(i, frame);
        }
      }
    }
    send(rounds % kSockets, share("alone"));
    if (++rounds < kRounds) {
      loop->post(round);
    }
  };
  const auto got_all = [&] {
    for (std::size_t i = 0; i < kSockets; ++i) {
      if (pairs[i]->server.received.size() < sent[i].size()) {
        return false;
      }
    }
    return rounds == kRounds;
  };
  Script(*loop)
      .when(
          [&] {
            return std::ranges::all_of(pairs, [](const auto& pair) { return pair->connected(); });
          },
          [&] {
            loop->pause_reading(*pairs[3]->server_id);
            round();
          })
      .when([&] { return rounds == kRounds; }, [&] { loop->resume_reading(*pairs[3]->server_id); })
      .when(got_all)
      .run();
  for (std::size_t i = 0; i < kSockets; ++i) {
    EXPECT_TRUE(pairs[i]->server.received == sent[i]) << i;
  }
}

TEST_P(LoopTest, SocketMovesBetweenLoopsMidStreamWithoutLosingBytes) {
  const std::string bytes = pattern(4 * 1024 * 1024);
  auto second = std::make_unique<LoopThread>(make_loop(), "second");
  Recorder adopted;
  std::atomic<std::size_t> total{0};
  adopted.when_data = [&](SocketId, std::span<std::uint8_t> chunk) {
    total.fetch_add(chunk.size());
  };
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  pair.server.when_data = [&](SocketId socket, std::span<std::uint8_t> chunk) {
    total.fetch_add(chunk.size());
    if (pair.server.received.size() > bytes.size() / 4) {
      const Loop::Released released = loop->release(socket);
      ASSERT_GE(released.descriptor, 0);
      pair.server.received += released.unread;
      total.fetch_add(released.unread.size());
      second->loop().post([&, fd = released.descriptor] { second->loop().adopt(fd, adopted); });
    }
  };
  Script(*loop)
      .when([&] { return pair.connected(); }, [&] { loop->send(*pair.client_id, share(bytes)); })
      .when([&] { return total.load() == bytes.size(); })
      .run();
  second->stop();
  EXPECT_TRUE(pair.server.received + adopted.received == bytes);
  EXPECT_FALSE(adopted.received.empty());
  EXPECT_TRUE(pair.server.closed.empty());
  EXPECT_EQ(adopted.closed.size(), 1U);
}

// Of several, whose queues leave in one turn, with input that comes meanwhile.
TEST_P(LoopTest, SocketsMoveBetweenLoopsWhenTheirQueuesHaveLeft) {
  auto second = std::make_unique<LoopThread>(make_loop(), "second");
  auto loop = make_loop();

  struct Moving {
    Moving(Loop& from) : pair(from, kAnyPort, Stay::kMaybe) {}

    Pair pair;
    Recorder adopted;
  };

  std::vector<std::unique_ptr<Moving>> all;
  std::atomic<std::size_t> total{0};
  for (int i = 0; i < 3; ++i) {
    Moving& moving = *all.emplace_back(std::make_unique<Moving>(*loop));
    moving.adopted.when_data = [&](SocketId, std::span<std::uint8_t> bytes) {
      total.fetch_add(bytes.size());
    };
    Recorder& server = moving.pair.server;
    server.when_data = [&](SocketId socket, std::span<std::uint8_t>) {
      loop->send(socket, share("answer"));
    };
    server.when_drained = [&](SocketId socket) {
      const Loop::Released released = loop->release(socket);
      ASSERT_GE(released.descriptor, 0);
      server.received += released.unread;
      total.fetch_add(released.unread.size());
      second->loop().post(
          [&, fd = released.descriptor] { second->loop().adopt(fd, moving.adopted); });
    };
  }
  const auto each = [&all](auto holds) { return std::all_of(all.begin(), all.end(), holds); };
  Script(*loop)
      .when([&] { return each([](const auto& one) { return one->pair.connected(); }); },
            [&] {
              for (const auto& one : all) {
                loop->send(*one->pair.client_id, share("ask"));
              }
            })
      .when(
          [&] {
            return each([](const auto& one) { return one->pair.client.received == "answer"; });
          },
          [&] {
            for (const auto& one : all) {
              loop->send(*one->pair.client_id, share("more"));
            }
          })
      .when([&] { return total.load() == 3 * std::string_view("more").size(); })
      .run();
  second->stop();
  for (const auto& one : all) {
    EXPECT_EQ(one->pair.server.received + one->adopted.received, "askmore");
    EXPECT_TRUE(one->pair.server.closed.empty());
  }
}

TEST_P(LoopTest, APinnedSocketIsNotReleased) {
  auto loop = make_loop();
  Pair pair(*loop);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              EXPECT_EQ(loop->release(*pair.client_id).descriptor, -1);
              loop->send(*pair.client_id, share("still here"));
            })
      .when([&] { return pair.server.received == "still here"; })
      .run();
}

TEST_P(LoopTest, SocketWithQueuedBytesIsNotReleased) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->send(*pair.client_id, share("queued"));
              EXPECT_EQ(loop->release(*pair.client_id).descriptor, -1);
            })
      .when([&] { return pair.server.received == "queued"; })
      .run();
}

// A peer that takes a frame in small bites: each send is cut at another place.
TEST_P(LoopTest, CutSendsOfManyChunksLeaveNoHole) {
  auto loop = make_loop();
  Pair pair(*loop);
  const std::string bytes = pattern(6 * 1024 * 1024);
  bool paused = false;
  pair.server.when_data = [&](SocketId socket, std::span<std::uint8_t>) {
    paused = true;
    loop->pause_reading(socket);
    loop->post([&loop, socket] { loop->resume_reading(socket); });
  };
  std::size_t queued = 0;
  const auto send_more = [&] {
    for (int i = 0; i < 200 && queued < bytes.size(); ++i) {
      const std::size_t size = 1 + queued % 1'021;
      loop->send(*pair.client_id, share(bytes.substr(queued, size)));
      queued += std::min(size, bytes.size() - queued);
    }
  };
  std::function<void()> keep_sending = [&] {
    send_more();
    if (queued < bytes.size()) {
      loop->post(keep_sending);
    }
  };
  Script(*loop)
      .when([&] { return pair.connected(); }, keep_sending)
      .when([&] { return pair.server.received.size() == bytes.size(); })
      .run();
  EXPECT_TRUE(paused);
  EXPECT_TRUE(pair.server.received == bytes);
}

TEST_P(LoopTest, PauseWithBytesOnTheWayLosesNone) {
  auto loop = make_loop();
  Pair pair(*loop);
  const std::string bytes = pattern(2 * 1024 * 1024);
  pair.server.when_data = [&](SocketId socket, std::span<std::uint8_t>) {
    loop->pause_reading(socket);
    const std::size_t then = pair.server.received.size();
    loop->run_after(std::chrono::microseconds(300), [&loop, &pair, socket, then] {
      EXPECT_EQ(pair.server.received.size(), then);
      loop->resume_reading(socket);
      loop->pause_reading(socket);
      loop->resume_reading(socket);
    });
  };
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->send(*pair.client_id, share(bytes));
              loop->close(*pair.client_id, CloseMode::kFlush);
            })
      .when([&] { return !pair.server.closed.empty(); })
      .run();
  EXPECT_TRUE(pair.server.received == bytes);
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kPeer});
}

// io_uring has taken all of it from the socket when the first of it is handed over.
TEST_P(LoopTest, ReleaseAtTheFirstBytesGivesTheRest) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  Recorder next_owner;
  const std::string bytes = pattern(48 * 1024);
  int client = -1;
  pair.server.when_data = [&](SocketId socket, std::span<std::uint8_t>) {
    const Loop::Released released = loop->release(socket);
    next_owner.received = pair.server.received + released.unread;
    loop->adopt(released.descriptor, next_owner);
  };
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              client = loop->release(*pair.client_id).descriptor;
              // Before the loop looks at its sockets again.
              for (std::size_t sent = 0; sent < bytes.size();) {
                const ssize_t count = ::send(client, &bytes[sent], bytes.size() - sent, 0);
                sent += count > 0 ? static_cast<std::size_t>(count) : 0;
              }
            })
      .when([&] { return next_owner.received.size() >= bytes.size(); })
      .run();
  EXPECT_TRUE(next_owner.received == bytes);
  ::close(client);
}

TEST_P(LoopTest, ReleaseWhilePausedGivesWhatCame) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  Recorder next_owner;
  const std::string bytes = pattern(200 * 1024);
  bool waited = false;
  pair.server.when_data = [&](SocketId socket, std::span<std::uint8_t>) {
    loop->pause_reading(socket);
  };
  Script(*loop)
      .when([&] { return pair.connected(); }, [&] { loop->send(*pair.client_id, share(bytes)); })
      .when([&] { return !pair.server.received.empty(); },
            [&] { loop->run_after(std::chrono::milliseconds(5), [&] { waited = true; }); })
      .when([&] { return waited; },
            [&] {
              const Loop::Released released = loop->release(*pair.server_id);
              next_owner.received = pair.server.received + released.unread;
              loop->adopt(released.descriptor, next_owner);
            })
      .when([&] { return next_owner.received.size() == bytes.size(); })
      .run();
  EXPECT_TRUE(next_owner.received == bytes);
  EXPECT_TRUE(pair.server.closed.empty());
}

// The request that makes a polling client's socket move may come with the answer to the one before
// just sent, and with the next one behind it.
TEST_P(LoopTest, ASocketIsReleasedFromItsDataRightAfterAnAnswer) {
  auto loop = make_loop();
  Pair pair(*loop, kAnyPort, Stay::kMaybe);
  std::vector<Recorder> owners(50);
  std::size_t moves = 0;
  SocketId current{};
  std::function<void(SocketId, std::span<std::uint8_t>)> answer;
  std::size_t asked = 0;
  const auto move = [&](SocketId socket, std::span<std::uint8_t> bytes) {
    // Released where it is read, with what is queued sent.
    ASSERT_EQ(bytes.size(), 4U);
    const Loop::Released released = loop->release(socket);
    ASSERT_GE(released.descriptor, 0);
    Recorder& owner = owners[moves++];
    owner.when_data = answer;
    current = loop->adopt(released.descriptor, owner);
    loop->send(current, share("done"));
  };
  answer = move;
  pair.server.when_data = answer;
  pair.client.when_data = [&](SocketId socket, std::span<std::uint8_t>) {
    if (asked < owners.size()) {
      ++asked;
      loop->send(socket, share("next"));
    }
  };
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              ++asked;
              loop->send(*pair.client_id, share("next"));
            })
      .when([&] { return pair.client.received.size() == 4 * owners.size(); })
      .run();
  EXPECT_EQ(moves, owners.size());
}

}  // namespace
}  // namespace cloudsync::runtime
