// What every engine does, on each engine that this machine allows: sockets that come and go, posts
// and timers. loop_stream_test.cc has the bytes.

#include "base/metrics.h"
#include "runtime/listening.h"
#include "runtime/loop_thread.h"
#include "runtime/testing.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <thread>

namespace cloudsync::runtime {
namespace {

INSTANTIATE_TEST_SUITE_P(Engines,
                         LoopTest,
                         testing::Values(IoEngine::kEpoll,
                                         IoEngine::kUring,
                                         IoEngine::kUringDirect),
                         [](const auto& engine) {
                           std::string name(io_engine_name(engine.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

void echo(Pair& pair) {
  pair.server.when_data = [&pair](SocketId socket, std::span<std::uint8_t> bytes) {
    pair.loop_.send(socket, share(std::string(bytes.begin(), bytes.end())));
  };
}

TEST_P(LoopTest, EchoesOverIpv4) {
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

TEST_P(LoopTest, EchoesOverIpv6) {
  auto loop = make_loop();
  Pair pair(*loop, {"::1", 0});
  echo(pair);
  Script(*loop)
      .when([&] { return pair.connected(); }, [&] { loop->send(*pair.client_id, share("hello")); })
      .when([&] { return pair.client.received == "hello"; })
      .run();
  EXPECT_EQ(pair.server_peer.address, "::1");
}

TEST_P(LoopTest, AbortResetsThePeerAndReportsOnceAfterTheCall) {
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

TEST_P(LoopTest, IdsOfClosedSocketsAreRefused) {
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
              EXPECT_EQ(loop->release(*first.client_id).descriptor, -1);
              loop->send(*second->client_id, share("fresh"));
            })
      .when([&] { return second->server.received == "fresh"; })
      .run();
  EXPECT_EQ(second->client.received, "");
  EXPECT_EQ(first.client.closed.size(), 1U);
}

TEST_P(LoopTest, StopClosesEverySocket) {
  auto loop = make_loop();
  Pair pair(*loop);
  Script(*loop).when([&] { return pair.connected(); }).run();
  EXPECT_EQ(pair.client.closed, std::vector{CloseCause::kLocal});
  EXPECT_EQ(pair.server.closed, std::vector{CloseCause::kLocal});
}

TEST_P(LoopTest, ReportsARefusedConnect) {
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

TEST_P(LoopTest, AConnectThatIsClosedEndsAtOnceWithAnErrorAndNothingElse) {
  auto loop = make_loop();
  Recorder events;
  Recorder second;
  std::vector<std::string> order;
  const auto endpoint =
      loop->listen(kAnyPort, false, [](SocketId, const Endpoint&) { /* drops it */ });
  // No host has it (RFC 5737): a connect that may take minutes to fail.
  const Endpoint silent{"192.0.2.1", 9};
  for (const Endpoint& target : {silent, *endpoint}) {
    for (const CloseMode mode : {CloseMode::kFlush, CloseMode::kAbort}) {
      const SocketId socket = loop->connect(target, events, [&](Result<SocketId> connected) {
        EXPECT_FALSE(connected.has_value());
        order.push_back("given up");
        if (order.size() == 4) {  // a callback may begin anew
          loop->connect(*endpoint, second, [&](Result<SocketId> again) {
            EXPECT_TRUE(again.has_value());
            order.push_back("connected");
          });
        }
      });
      loop->close(socket, mode);
      loop->close(socket, mode);  // a dead one
    }
  }
  EXPECT_TRUE(order.empty());  // never inside the call
  Script(*loop).when([&] { return order.size() == 5; }).run();
  EXPECT_EQ(order.back(), "connected");
  EXPECT_TRUE(events.closed.empty());
  EXPECT_EQ(second.closed.size(), 1U);
}

TEST_P(LoopTest, ConnectsFromTheAddressThatIsAskedFor) {
  auto loop = make_loop();
  Recorder server;
  Recorder client;
  std::vector<std::string> peers;
  std::vector<ErrorCode> errors;
  const auto endpoint =
      loop->listen({"127.0.0.1", 0}, false, [&](SocketId socket, const Endpoint& peer) {
        loop->attach(socket, server);
        peers.push_back(peer.address);
      });
  for (const char* source : {"127.0.7.1", "127.0.7.2", "192.0.2.1", "nonsense"}) {
    loop->connect_from({source, 0}, *endpoint, client, [&](Result<SocketId> socket) {
      if (!socket) {
        errors.push_back(socket.error().code);
      }
    });
  }
  Script(*loop).when([&] { return peers.size() == 2 && errors.size() == 2; }).run();
  EXPECT_THAT(peers, testing::UnorderedElementsAre("127.0.7.1", "127.0.7.2"));
  // 192.0.2.0/24 is for documentation (RFC 5737): no host has it.
  EXPECT_THAT(errors,
              testing::UnorderedElementsAre(ErrorCode::kBadRequest, ErrorCode::kUnavailable));
}

TEST_P(LoopTest, AcceptsManyConnections) {
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

TEST_P(LoopTest, UnattachedAcceptedSocketIsClosed) {
  auto loop = make_loop();
  Recorder client;
  const auto endpoint = loop->listen(kAnyPort, false, [](SocketId, const Endpoint&) {});
  loop->connect(*endpoint, client, [](Result<SocketId>) {});
  Script(*loop).when([&] { return !client.closed.empty(); }).run();
  EXPECT_EQ(client.closed, std::vector{CloseCause::kPeer});
}

TEST_P(LoopTest, PausesAcceptingWithoutDescriptorsAndGoesOnWhenThereAreSome) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer probes memory through pipes, so it needs descriptors itself";
#endif
  Metrics metrics;
  auto loop = make_loop(&metrics);
  Counter& pauses = metrics.counter("cloudsync_loop_accept_pauses_total", "");
  Counter& turns = metrics.counter("cloudsync_loop_turns_total", "");
  Pair pair(*loop, kAnyPort, Stay::kMaybe);  // a pinned client would make room
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

TEST_P(LoopTest, AttachHandsASocketToAnotherOwner) {
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

TEST_P(LoopTest, StopListeningRefusesNewConnectionsAndKeepsOldOnes) {
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

TEST_P(LoopTest, HeldConnectionsWaitAndWhoHasGivenUpIsNotAccepted) {
  Metrics metrics;
  auto loop = make_loop(&metrics);
  Counter& given_up = metrics.counter("cloudsync_loop_given_up_total", "");
  Pair pair(*loop);
  Recorder client;
  std::optional<SocketId> leaves;
  std::optional<SocketId> stays;
  TimePoint later = kNever;
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              pair.server_id.reset();
              loop->hold_listening(true);
              const auto connect = [&](std::optional<SocketId>& socket) {
                loop->connect(pair.endpoint, client, [&](Result<SocketId> made) {
                  ASSERT_TRUE(made.has_value());  // the kernel answers for us
                  socket = *made;
                });
              };
              connect(leaves);
              connect(stays);
            })
      .when([&] { return leaves && stays; },
            [&] {
              loop->send(*leaves, share("forget it"));
              loop->close(*leaves, CloseMode::kFlush);
              loop->send(*stays, share("hello"));
              later = loop->now() + std::chrono::milliseconds(50);
            })
      .when([&] { return loop->now() >= later; },
            [&] {
              EXPECT_FALSE(pair.server_id.has_value());
              loop->hold_listening(false);
            })
      .when([&] { return pair.server_id && given_up.value() == 1; })
      .when([&] { return pair.server.received == "hello"; })
      .run();
}

TEST_P(LoopTest, PostsKeepEachThreadsOrderAndWakeTheLoop) {
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

TEST_P(LoopTest, AcceptFloodDoesNotStarveAnOpenSocket) {
  constexpr std::size_t kCount = 1'000;
  auto loop = make_loop();
  Pair pair(*loop);
  echo(pair);
  Recorder servers;
  std::size_t accepted = 0;
  std::size_t most_in_a_turn = 0;
  std::size_t in_this_turn = 0;
  const auto endpoint = loop->listen(kAnyPort, false, [&](SocketId socket, const Endpoint&) {
    ++accepted;
    most_in_a_turn = std::max(most_in_a_turn, ++in_this_turn);
    loop->attach(socket, servers);
  });
  ASSERT_TRUE(endpoint.has_value());
  // A task that posts itself runs once a turn.
  std::function<void()> each_turn = [&] {
    in_this_turn = 0;
    loop->post(each_turn);
  };
  std::vector<int> flood;
  Script(*loop)
      .when([&] { return pair.connected(); },
            [&] {
              each_turn();
              for (std::size_t i = 0; i < kCount; ++i) {
                const auto address = to_socket_address(*endpoint);
                const auto fd = start_connect(*address);
                ASSERT_TRUE(fd.has_value());
                flood.push_back(*fd);
              }
              loop->send(*pair.client_id, share("hello"));
            })
      .when([&] { return pair.client.received == "hello"; })
      .when([&] { return accepted == kCount; })
      .run();
  EXPECT_LE(most_in_a_turn, 128U);
  for (const int fd : flood) {
    ::close(fd);
  }
}

TEST_P(LoopTest, PortIsFreeAgainWhenTheLoopHasEnded) {
  Endpoint bound = kAnyPort;
  for (int i = 0; i < 10; ++i) {
    auto loop = make_loop();
    Recorder servers;
    Recorder client;
    bool connected = false;
    const auto listening = loop->listen(
        bound, false, [&](SocketId socket, const Endpoint&) { loop->attach(socket, servers); });
    ASSERT_TRUE(listening.has_value()) << listening.error().message;
    bound = *listening;
    loop->connect(bound, client, [&](Result<SocketId>) { connected = true; });
    Script(*loop).when([&] { return connected; }).run();
  }
}

TEST_P(LoopTest, TasksPostedAfterTheEndAreDestroyedUnrun) {
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

TEST_P(LoopTest, KnowsItsThread) {
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

TEST_P(LoopTest, RunsTimersInOrderAndNotBeforeTheirTime) {
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

TEST(IoEngine, IsKnownByItsNameAndNoOther) {
  for (const IoEngine engine : {IoEngine::kAuto, IoEngine::kUring, IoEngine::kEpoll}) {
    EXPECT_EQ(*parse_io_engine(io_engine_name(engine)), engine);
  }
  EXPECT_EQ(parse_io_engine("iouring").error().code, ErrorCode::kBadRequest);
  EXPECT_EQ(choose_engine(IoEngine::kEpoll).engine, IoEngine::kEpoll);
}

}  // namespace
}  // namespace cloudsync::runtime
