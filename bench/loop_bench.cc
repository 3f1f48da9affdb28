// The engines of the event loop over loopback TCP, side by side: 120-byte frames in rooms, where
// what a member sends goes to all of its room; an echo is a room of one. The server's loop has a
// thread of its own; the clients' loop, always epoll, is the benchmark's thread.
//
// server_us: CPU time of the server's thread for each frame delivered, in microseconds. `calls`:
// its system calls for each. On loopback a send also does the receiver's half of TCP.

#include "base/metrics.h"
#include "runtime/loop_thread.h"

#include <benchmark/benchmark.h>

#include <ctime>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace cloudsync::runtime {
namespace {

constexpr std::size_t kFrameBytes = 120;

/// Sends each frame to all sockets of its sender's room. Rooms fill up in the order of accepting.
class Rooms final : public SocketEvents {
 public:
  Rooms(Loop& loop, std::size_t room_size) : loop_(loop), room_size_(room_size) {}

  void enter(SocketId socket) {
    loop_.attach(socket, *this);
    if (socket.slot >= places_.size()) {
      places_.resize(socket.slot + 1);
    }
    places_[socket.slot] = {.room = members_.size() / room_size_, .part = 0};
    members_.push_back(socket);
  }

  void on_data(SocketId socket, std::span<std::uint8_t> bytes) override {
    Place& place = places_[socket.slot];
    place.part += bytes.size();
    for (; place.part >= kFrameBytes; place.part -= kFrameBytes) {
      for (std::size_t i = 0; i < room_size_; ++i) {
        loop_.send(members_[place.room * room_size_ + i], frame_);
      }
    }
  }

  void on_drained(SocketId) override {}

  void on_closed(SocketId, CloseCause) override {}

  std::size_t size() const { return members_.size(); }

 private:
  struct Place {
    std::size_t room = 0;
    std::size_t part = 0;  // bytes of a frame that has not come whole
  };

  Loop& loop_;
  const std::size_t room_size_;
  const SharedBytes frame_ = share(std::string(kFrameBytes, 'x'));
  std::vector<SocketId> members_;
  std::vector<Place> places_;  // by slot
};

class Server {
 public:
  Server(IoEngine engine, std::size_t room_size)
      : engine_(engine),
        thread_(*make_loop(engine, &metrics_), "server"),
        rooms_(loop(), room_size) {}

  Loop& loop() { return thread_.loop(); }

  template <class T>
  T ask(std::function<T()> question) {
    std::promise<T> answer;
    loop().post([&] { answer.set_value(question()); });
    return answer.get_future().get();
  }

  Endpoint listen() {
    return ask<Endpoint>([this] {
      return *loop().listen({"127.0.0.1", 0}, false, [this](SocketId socket, const Endpoint&) {
        rooms_.enter(socket);
      });
    });
  }

  std::size_t accepted() {
    return ask<std::size_t>([this] { return rooms_.size(); });
  }

  double cpu_us() {
    return ask<double>([] {
      timespec time{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
      return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
    });
  }

  std::uint64_t calls() {
    const std::uint64_t waits = count("cloudsync_loop_waits_total");
    return engine_ != IoEngine::kEpoll ? waits
                                       : waits + count("cloudsync_loop_receives_total") +
                                             count("cloudsync_loop_sends_total");
  }

 private:
  std::uint64_t count(std::string_view name) { return metrics_.counter(name, "").value(); }

  const IoEngine engine_;
  Metrics metrics_;
  LoopThread thread_;
  Rooms rooms_;
};

/// The first member of each room sends frames; a round ends when all members have them.
class Clients final : public SocketEvents {
 public:
  Clients(const Endpoint& server, std::size_t rooms, std::size_t room_size, std::size_t frames)
      : room_size_(room_size),
        burst_(share(std::string(frames * kFrameBytes, 'x'))),
        wanted_(rooms * room_size * burst_->size()) {
    connect(server, rooms * room_size);
  }

  void on_data(SocketId, std::span<std::uint8_t> bytes) override {
    received_ += bytes.size();
    if (received_ == wanted_) {
      received_ = 0;
      when_round_ends();
    }
  }

  void on_drained(SocketId) override {}

  void on_closed(SocketId, CloseCause) override {}

  void send_round() {
    for (std::size_t i = 0; i < sockets_.size(); i += room_size_) {
      loop_->send(sockets_[i], burst_);
    }
  }

  std::size_t deliveries_per_round() const { return wanted_ / kFrameBytes; }

  Loop& loop() { return *loop_; }

  std::function<void()> when_connected;
  std::function<void()> when_round_ends;

 private:
  // One after the other, so that rooms are the same on both sides.
  void connect(const Endpoint& server, std::size_t left) {
    loop_->connect(server, *this, [this, server, left](Result<SocketId> socket) {
      sockets_.push_back(*socket);
      if (left > 1) {
        connect(server, left - 1);
      } else {
        when_connected();
      }
    });
  }

  std::unique_ptr<Loop> loop_ = *make_loop(IoEngine::kEpoll);
  const std::size_t room_size_;
  const SharedBytes burst_;
  const std::size_t wanted_;
  std::vector<SocketId> sockets_;
  std::size_t received_ = 0;
};

void bench_rooms(benchmark::State& state,
                 IoEngine engine,
                 std::size_t rooms,
                 std::size_t room_size,
                 std::size_t frames) {
  Server server(engine, room_size);
  Clients clients(server.listen(), rooms, room_size, frames);
  double cpu = 0;
  std::uint64_t calls = 0;
  std::uint64_t rounds = 0;
  const auto next = [&] {
    if (state.KeepRunning()) {
      ++rounds;
      clients.send_round();
    } else {
      clients.loop().stop();
    }
  };
  clients.when_round_ends = next;
  clients.when_connected = [&] {
    while (server.accepted() < rooms * room_size) {
    }
    cpu = server.cpu_us();
    calls = server.calls();
    next();
  };
  clients.loop().run();
  const auto deliveries = static_cast<double>(rounds * clients.deliveries_per_round());
  state.SetItemsProcessed(static_cast<std::int64_t>(deliveries));
  state.counters["server_us"] = (server.cpu_us() - cpu) / deliveries;
  state.counters["calls"] = static_cast<double>(server.calls() - calls) / deliveries;
}

void bench_post(benchmark::State& state, IoEngine engine) {
  auto loop = *make_loop(engine);
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

constexpr IoEngine kEpoll = IoEngine::kEpoll;
constexpr IoEngine kUring = IoEngine::kUring;
constexpr IoEngine kDirect = IoEngine::kUringDirect;

// engine, rooms, members of each, frames at once
BENCHMARK_CAPTURE(bench_rooms, echo_1_epoll, kEpoll, 1, 1, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, echo_1_io_uring, kUring, 1, 1, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, echo_1000_epoll, kEpoll, 1'000, 1, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, echo_1000_io_uring, kUring, 1'000, 1, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, rooms_of_10_epoll, kEpoll, 300, 10, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, rooms_of_10_io_uring, kUring, 300, 10, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, rooms_of_10_direct, kDirect, 300, 10, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, room_of_1000_epoll, kEpoll, 1, 1'000, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, room_of_1000_io_uring, kUring, 1, 1'000, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, room_of_1000_direct, kDirect, 1, 1'000, 1)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, room_of_1000_8_at_once_epoll, kEpoll, 1, 1'000, 8)->UseRealTime();
BENCHMARK_CAPTURE(bench_rooms, room_of_1000_8_at_once_io_uring, kUring, 1, 1'000, 8)->UseRealTime();
BENCHMARK_CAPTURE(bench_post, epoll, kEpoll);
BENCHMARK_CAPTURE(bench_post, io_uring, kUring);

}  // namespace
}  // namespace cloudsync::runtime
