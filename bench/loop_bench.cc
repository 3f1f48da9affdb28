// The event loop over loopback TCP, both sides on one loop and core: echo (a message a turn) and
// fan-out (many sockets get the same bytes). `calls` are system calls to the sockets for each
// message, from the loop's own counters; epoll_wait is `turns`.

#include "base/metrics.h"
#include "runtime/loop.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace cloudsync::runtime {
namespace {

/// Sends back what it gets; the other side counts and asks again.
class Echo final : public SocketEvents {
 public:
  explicit Echo(Loop& loop) : loop_(loop) {}

  void on_data(SocketId socket, std::span<std::uint8_t> bytes) override {
    loop_.send(socket, share(std::string(bytes.begin(), bytes.end())));
  }

  void on_drained(SocketId) override {}

  void on_closed(SocketId, CloseCause) override {}

 private:
  Loop& loop_;
};

/// Counts bytes until `wanted` arrived, then stops the loop's round.
class Counting final : public SocketEvents {
 public:
  void on_data(SocketId, std::span<std::uint8_t> bytes) override {
    received += bytes.size();
    if (received >= wanted && when_all) {
      when_all();
    }
  }

  void on_drained(SocketId) override {}

  void on_closed(SocketId, CloseCause) override {}

  std::size_t received = 0;
  std::size_t wanted = 0;
  std::function<void()> when_all;
};

struct Fixture {
  explicit Fixture(std::size_t pairs) {
    const auto endpoint =
        *loop->listen({"127.0.0.1", 0}, false, [this](SocketId id, const Endpoint&) {
          loop->attach(id, echo);
          servers.push_back(id);
        });
    for (std::size_t i = 0; i < pairs; ++i) {
      loop->connect(endpoint, clients, [this](Result<SocketId> id) { sockets.push_back(*id); });
    }
  }

  Metrics metrics;
  std::unique_ptr<Loop> loop = *make_epoll_loop(&metrics);
  Echo echo{*loop};
  Counting clients;
  std::vector<SocketId> servers;
  std::vector<SocketId> sockets;
};

std::uint64_t socket_calls(Metrics& metrics) {
  return metrics.counter("cloudsync_loop_receives_total", "").value() +
         metrics.counter("cloudsync_loop_sends_total", "").value();
}

void start_when_connected(Fixture& fixture, std::size_t pairs, const std::function<void()>& start) {
  if (fixture.sockets.size() == pairs && fixture.servers.size() == pairs) {
    start();
    return;
  }
  fixture.loop->run_after(std::chrono::milliseconds(1), [&fixture, pairs, start] {
    start_when_connected(fixture, pairs, start);
  });
}

/// Drives `round` as often as the benchmark asks, from inside the loop.
void drive(benchmark::State& state,
           Fixture& fixture,
           std::size_t pairs,
           std::size_t messages,
           const std::function<void()>& round) {
  std::uint64_t calls_before = 0;
  std::uint64_t rounds = 0;
  const auto next = [&] {
    if (state.KeepRunning()) {
      ++rounds;
      fixture.clients.received = 0;
      round();
    } else {
      fixture.loop->stop();
    }
  };
  fixture.clients.when_all = next;
  start_when_connected(fixture, pairs, [&] {
    calls_before = socket_calls(fixture.metrics);
    next();
  });
  fixture.loop->run();
  const auto total = static_cast<double>(rounds * messages);
  state.SetItemsProcessed(static_cast<std::int64_t>(rounds * messages));
  state.counters["calls"] =
      static_cast<double>(socket_calls(fixture.metrics) - calls_before) / total;
}

void bench_echo(benchmark::State& state) {
  const auto pairs = static_cast<std::size_t>(state.range(0));
  Fixture fixture(pairs);
  const SharedBytes message = share(std::string(120, 'x'));
  fixture.clients.wanted = pairs * message->size();
  drive(state, fixture, pairs, pairs, [&] {
    for (const SocketId socket : fixture.sockets) {
      fixture.loop->send(socket, message);
    }
  });
}

void bench_fan_out(benchmark::State& state) {
  const auto pairs = static_cast<std::size_t>(state.range(0));
  const auto frames = static_cast<std::size_t>(state.range(1));
  Fixture fixture(pairs);
  const SharedBytes message = share(std::string(120, 'x'));
  fixture.clients.wanted = pairs * frames * message->size();
  drive(state, fixture, pairs, pairs * frames, [&] {
    for (std::size_t i = 0; i < frames; ++i) {
      for (const SocketId socket : fixture.servers) {
        fixture.loop->send(socket, message);
      }
    }
  });
}

void bench_post(benchmark::State& state) {
  auto loop = *make_epoll_loop();
  std::function<void()> again = [&] {
    if (state.KeepRunning()) {
      loop->post(again);
    } else {
      loop->stop();
    }
  };
  loop->post(again);
  loop->run();
}

BENCHMARK(bench_echo)->Arg(1)->Arg(1'000);
BENCHMARK(bench_fan_out)->Args({1'000, 1})->Args({1'000, 8});
BENCHMARK(bench_post);

}  // namespace
}  // namespace cloudsync::runtime
