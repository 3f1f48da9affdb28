#pragma once
// Helpers of this folder's tests: a recording SocketEvents and turns of a loop until something
// holds.

#include "base/bytes.h"
#include "runtime/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cloudsync::runtime {

inline std::unique_ptr<Loop> test_loop(IoEngine engine, Metrics* metrics = nullptr) {
  auto loop = make_loop(engine, metrics);
  CS_ASSERT(loop.has_value(), "tests have descriptors");
  return *std::move(loop);
}

/// A suite that runs on each engine; skipped, visibly, where the system forbids it.
class LoopTest : public testing::TestWithParam<IoEngine> {
 protected:
  void SetUp() override {
    if (const auto loop = runtime::make_loop(GetParam()); !loop) {
      GTEST_SKIP() << loop.error().message;
    }
  }

  static std::unique_ptr<Loop> make_loop(Metrics* metrics = nullptr) {
    return test_loop(GetParam(), metrics);
  }
};

/// Bytes in which every position differs from its neighbours, so that a hole or a swap shows.
inline std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>((i * 2'654'435'761U) >> 13U);
  }
  return bytes;
}

/// Records what one socket got.
class Recorder : public SocketEvents {
 public:
  void on_data(SocketId socket, std::span<std::uint8_t> bytes) override {
    received.append(as_text(bytes));
    if (when_data) {
      when_data(socket, bytes);
    }
  }

  void on_drained(SocketId socket) override {
    ++drained;
    if (when_drained) {
      when_drained(socket);
    }
  }

  bool on_end(SocketId) override { return when_end && when_end(); }

  void on_closed(SocketId, CloseCause cause) override {
    closed.push_back(cause);
    if (when_closed) {
      when_closed();
    }
  }

  std::string received;
  int drained = 0;
  std::vector<CloseCause> closed;
  std::function<void(SocketId, std::span<std::uint8_t>)> when_data;
  std::function<void(SocketId)> when_drained;
  std::function<bool()> when_end;
  std::function<void()> when_closed;
};

/// Runs the loop until `condition` holds, looked at each millisecond; fails the test after 20 s.
/// The loop's run() ends for good with it, so a test calls this once, with a script of what to do.
class Script {
 public:
  explicit Script(Loop& loop) : loop_(loop) {}

  /// When `condition` holds (and all earlier steps ran), runs `action`.
  Script& when(
      std::function<bool()> condition, std::function<void()> action = [] {}) {
    steps_.push_back({std::move(condition), std::move(action)});
    return *this;
  }

  /// Runs the loop until all steps ran.
  void run() {
    loop_.run_after(std::chrono::seconds(20), [this] {
      ADD_FAILURE() << "step " << next_ << " never held";
      loop_.stop();
    });
    poll();
    loop_.run();
  }

 private:
  struct Step {
    std::function<bool()> condition;
    std::function<void()> action;
  };

  void poll() {
    while (next_ < steps_.size() && steps_[next_].condition()) {
      steps_[next_++].action();
    }
    if (next_ == steps_.size()) {
      loop_.stop();
      return;
    }
    loop_.run_after(std::chrono::milliseconds(1), [this] { poll(); });
  }

  Loop& loop_;
  std::vector<Step> steps_;
  std::size_t next_ = 0;
};

inline const Endpoint kAnyPort{"127.0.0.1", 0};

/// Whether a pair's sockets are pinned; those that are to be released can't be.
enum class Stay : std::uint8_t { kPinned, kMaybe };

/// A connected pair on one loop: `client` connected to `server` through a listener.
struct Pair {
  explicit Pair(Loop& loop, const Endpoint& at = kAnyPort, Stay stay = Stay::kPinned)
      : loop_(loop) {
    auto bound = loop.listen(at, false, [this, stay](SocketId socket, const Endpoint& peer) {
      loop_.attach(socket, server);
      if (stay == Stay::kPinned) {
        loop_.pin(socket);
      }
      server_id = socket;
      server_peer = peer;
    });
    CS_ASSERT(bound.has_value(), "loopback listens");
    endpoint = *bound;
    loop.connect(endpoint, client, [this, stay](Result<SocketId> socket) {
      CS_ASSERT(socket.has_value(), "loopback connects");
      client_id = *socket;
      if (stay == Stay::kPinned) {
        loop_.pin(*socket);
      }
    });
  }

  bool connected() const { return server_id.has_value() && client_id.has_value(); }

  Loop& loop_;
  Endpoint endpoint;
  Endpoint server_peer;
  Recorder server;
  Recorder client;
  std::optional<SocketId> server_id;
  std::optional<SocketId> client_id;
};

}  // namespace cloudsync::runtime
