#include "runtime/epoll_loop.h"

#include "base/metrics.h"
#include "runtime/loop_thread.h"
#include "runtime/testing.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <thread>

namespace cloudsync::runtime {
namespace {

/// Bytes in which every position differs from its neighbours, so that a hole or a swap shows.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>((i * 2'654'435'761U) >> 13U);
  }
  return bytes;
}

void echo(Pair& pair) {
  pair.server.when_data = [&pair](SocketId socket, std::span<std::uint8_t> bytes) {
    pair.loop_.send(socket, share(std::string(bytes.begin(), bytes.end())));
  };
}

TEST(EpollLoop, EchoesOverIpv4) {
  auto loop = make_loop();
  Pair pair(*loop);
  echo(pair);
  Script(*loop)
      .when([&] { return pair.connected(); }, [&] { loop->send(*pair.client_id, share("hello")); })
      .when([&] { return pair.client.received == "hello"; })
      .run();
  EXPECT_NE(pair.endpoint.port, 0);
  EXPECT_EQ(pair.server_peer.address, "127.0.0.1");
  EXPECT_EQ(pair.client.drained, 1);
}

TEST(EpollLoop, EchoesOverIpv6) {
  auto loop = make_loop();
  Pair pair(*loop, {"::1", 0});
  echo(pair);
  Script(*loop)
      .when([&] { return pair.connected(); }, [&] { loop->send(*pair.client_id, share("hello")); })
      .when([&] { return pair.client.received == "hello"; })
      .run();
  EXPECT_EQ(pair.server_peer.address, "::1");
}

TEST(EpollLoop, SendsOfOneTurnLeaveInOneCall) {
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

TEST(EpollLoop, LargeTransferToASlowReaderArrivesWhole) {
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

TEST(EpollLoop, PausedSocketGetsNothingUntilResumed) {
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

TEST(EpollLoop, FlushingCloseDeliversEverythingThenEndsBothSides) {
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

TEST(EpollLoop, PeerThatEndsItsSideStillGetsWhatWasQueued) {
  auto loop = make_loop();
  Pair pair(*loop);
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
              const int fd = loop->release(*pair.client_id);
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

TEST(EpollLoop, AbortResetsThePeerAndReportsOnceAfterTheCall) {
  auto loop = make_loop();
  Pair pair(*loop);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->close(*pair.client_id, CloseMode::kAbort);
              loop->close(*pair.client_id, CloseMode::kAbort);
              EXPECT_TRUE(pair.client.closed.empty());
            })
      .when([&] { return !pair.server.closed.empty() && !pair.client.closed.empty(); })
      .run();
  EXPECT_EQ(pair.client.closed, std::vector{CloseCause::kLocal});
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kError});
}

TEST(EpollLoop, IdsOfClosedSocketsAreRefused) {
  auto loop = make_loop();
  Pair first(*loop);
  std::optional<Pair> second;
  Script(*loop)
      .when([&] { return first.connected(); },
            [&] { loop->close(*first.client_id, CloseMode::kAbort); })
      .when([&] { return !first.client.closed.empty() && !first.server.closed.empty(); },
            [&] { second.emplace(*loop); })
      .when([&] { return second->connected(); },
            [&] {
              EXPECT_NE(*first.client_id, *second->client_id);
              EXPECT_NE(*first.client_id, *second->server_id);
              loop->send(*first.client_id, share("stale"));
              loop->send(*first.server_id, share("stale"));
              loop->close(*first.client_id, CloseMode::kAbort);
              EXPECT_EQ(loop->queued_bytes(*first.client_id), 0U);
              EXPECT_EQ(loop->release(*first.client_id), -1);
              loop->send(*second->client_id, share("fresh"));
            })
      .when([&] { return second->server.received == "fresh"; })
      .run();
  EXPECT_EQ(second->client.received, "");
  EXPECT_EQ(first.client.closed.size(), 1U);
}

TEST(EpollLoop, StopClosesEverySocket) {
  auto loop = make_loop();
  Pair pair(*loop);
  Script(*loop).when([&] { return pair.connected(); }).run();
  EXPECT_EQ(pair.client.closed, std::vector{CloseCause::kLocal});
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kLocal});
}

TEST(EpollLoop, ReportsARefusedConnect) {
  auto loop = make_loop();
  Recorder events;
  std::vector<ErrorCode> errors;
  // A port that was bound and is free again.
  Endpoint free_port;
  {
    auto other = make_loop();
    free_port = *other->listen(kAnyPort, false, [](SocketId, const Endpoint&) {});
  }
  const auto done = [&](Result<SocketId> socket) { errors.push_back(socket.error().code); };
  loop->connect(free_port, events, done);
  loop->connect({"no address", 1}, events, done);
  EXPECT_TRUE(errors.empty());
  Script(*loop).when([&] { return errors.size() == 2; }).run();
  EXPECT_THAT(errors,
              testing::UnorderedElementsAre(ErrorCode::kBadRequest, ErrorCode::kUnavailable));
  EXPECT_TRUE(events.closed.empty());
}

TEST(EpollLoop, AcceptsManyConnections) {
  constexpr std::size_t kCount = 2'000;
  auto loop = make_loop();
  Recorder servers;
  Recorder clients;
  std::size_t accepted = 0;
  std::size_t connected = 0;
  const auto endpoint = loop->listen(kAnyPort, true, [&](SocketId socket, const Endpoint&) {
    ++accepted;
    loop->attach(socket, servers);
    loop->send(socket, share("x"));
  });
  ASSERT_TRUE(endpoint.has_value());
  for (std::size_t i = 0; i < kCount; ++i) {
    loop->connect(*endpoint, clients, [&](Result<SocketId> socket) {
      ASSERT_TRUE(socket.has_value());
      ++connected;
    });
  }
  Script(*loop).when([&] { return clients.received.size() == kCount; }).run();
  EXPECT_EQ(accepted, kCount);
  EXPECT_EQ(connected, kCount);
  EXPECT_EQ(clients.closed.size(), kCount);
}

TEST(EpollLoop, UnattachedAcceptedSocketIsClosed) {
  auto loop = make_loop();
  Recorder client;
  const auto endpoint = loop->listen(kAnyPort, false, [](SocketId, const Endpoint&) {});
  loop->connect(*endpoint, client, [](Result<SocketId>) {});
  Script(*loop).when([&] { return !client.closed.empty(); }).run();
  EXPECT_EQ(client.closed, std::vector{CloseCause::kPeer});
}

TEST(EpollLoop, PausesAcceptingWithoutDescriptorsAndGoesOnWhenThereAreSome) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer probes memory through pipes, so it needs descriptors itself";
#endif
  Metrics metrics;
  auto loop = make_loop(&metrics);
  Counter& pauses = metrics.counter("cloudsync_loop_accept_pauses_total", "");
  Counter& turns = metrics.counter("cloudsync_loop_turns_total", "");
  Pair pair(*loop);
  std::uint64_t turns_then = 0;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  // The client's descriptor exists already; the accepted one would be above the limit.
  const int probe = ::dup(0);
  ::close(probe);
  const rlimit tight{static_cast<rlim_t>(probe), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &tight);
  Script(*loop)
      .when([&] { return pauses.value() == 2; },
            [&] {
              EXPECT_FALSE(pair.server_id.has_value());
              turns_then = turns.value();
              ::setrlimit(RLIMIT_NOFILE, &before);
            })
      .when([&] { return pair.connected(); })
      .run();
  // One timer a millisecond for the script in 100 ms; a spinning loop has tens of thousands.
  EXPECT_LT(turns_then, 2'000U);
}

TEST(EpollLoop, SocketMovesBetweenLoopsMidStreamWithoutLosingBytes) {
  const std::string bytes = pattern(4 * 1024 * 1024);
  auto second = std::make_unique<LoopThread>(make_loop(), "second");
  Recorder adopted;
  std::atomic<std::size_t> total{0};
  adopted.when_data = [&](SocketId, std::span<std::uint8_t> chunk) {
    total.fetch_add(chunk.size());
  };
  auto loop = make_loop();
  Pair pair(*loop);
  pair.server.when_data = [&](SocketId socket, std::span<std::uint8_t> chunk) {
    total.fetch_add(chunk.size());
    if (pair.server.received.size() > bytes.size() / 4) {
      const int fd = loop->release(socket);
      ASSERT_GE(fd, 0);
      second->loop().post([&, fd] { second->loop().adopt(fd, adopted); });
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

TEST(EpollLoop, SocketWithQueuedBytesIsNotReleased) {
  auto loop = make_loop();
  Pair pair(*loop);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->send(*pair.client_id, share("queued"));
              EXPECT_EQ(loop->release(*pair.client_id), -1);
            })
      .when([&] { return pair.server.received == "queued"; })
      .run();
}

TEST(EpollLoop, AttachHandsASocketToAnotherOwner) {
  auto loop = make_loop();
  Pair pair(*loop);
  Recorder next_owner;
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->attach(*pair.server_id, next_owner);
              loop->send(*pair.client_id, share("for the next"));
            })
      .when([&] { return next_owner.received == "for the next"; })
      .run();
  EXPECT_EQ(pair.server.received, "");
  EXPECT_TRUE(pair.server.closed.empty());
  EXPECT_EQ(next_owner.closed.size(), 1U);
}

TEST(EpollLoop, StopListeningRefusesNewConnectionsAndKeepsOldOnes) {
  auto loop = make_loop();
  Pair pair(*loop);
  Recorder late;
  bool refused = false;
  echo(pair);
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              loop->stop_listening();
              loop->connect(pair.endpoint, late, [&](Result<SocketId> socket) {
                refused = !socket.has_value();
              });
              loop->send(*pair.client_id, share("still here"));
            })
      .when([&] { return refused && pair.client.received == "still here"; })
      .run();
}

TEST(EpollLoop, PostsKeepEachThreadsOrderAndWakeTheLoop) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5'000;
  LoopThread runner(make_loop(), "posts");
  std::vector<std::vector<int>> seen(kThreads);
  std::atomic<int> left{kThreads * kPosts};
  std::vector<std::thread> posters;
  for (std::size_t t = 0; t < kThreads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        runner.loop().post([&, t, i] {
          seen[t].push_back(i);
          left.fetch_sub(1);
        });
      }
    });
  }
  for (auto& poster : posters) {
    poster.join();
  }
  while (left.load() > 0) {
    std::this_thread::yield();
  }
  runner.stop();
  std::vector<int> expected(kPosts);
  std::iota(expected.begin(), expected.end(), 0);
  for (const auto& order : seen) {
    EXPECT_EQ(order, expected);
  }
}

TEST(EpollLoop, TasksPostedAfterTheEndAreDestroyedUnrun) {
  auto loop = make_loop();
  bool ran = false;
  const auto token = std::make_shared<int>(0);
  loop->stop();
  loop->post([&ran, token] { ran = true; });
  loop->run();
  loop->post([&ran, token] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(EpollLoop, KnowsItsThread) {
  auto loop = make_loop();
  EXPECT_TRUE(loop->on_loop_thread());
  LoopThread runner(std::move(loop), "mine");
  std::atomic<int> inside{-1};
  runner.loop().post([&] { inside = runner.loop().on_loop_thread() ? 1 : 0; });
  while (inside.load() < 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(inside.load(), 1);
  EXPECT_FALSE(runner.loop().on_loop_thread());
}

TEST(EpollLoop, RunsTimersInOrderAndNotBeforeTheirTime) {
  auto loop = make_loop();
  std::vector<int> order;
  const TimePoint start = loop->now();
  loop->run_after(std::chrono::milliseconds(6), [&] {
    order.push_back(3);
    EXPECT_GE(loop->now() - start, std::chrono::milliseconds(6));
    loop->stop();
  });
  loop->run_after(std::chrono::milliseconds(2), [&] { order.push_back(1); });
  loop->run_after(std::chrono::milliseconds(4), [&] { order.push_back(2); });
  const TimerId never = loop->run_after(std::chrono::milliseconds(3), [&] { order.push_back(9); });
  EXPECT_TRUE(loop->cancel(never));
  EXPECT_FALSE(loop->cancel(never));
  loop->run();
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

}  // namespace
}  // namespace cloudsync::runtime
