// What only the io_uring engine can get wrong: its rings are small here, so that they run full.

#include "runtime/uring_loop.h"

#include "runtime/testing.h"

namespace cloudsync::runtime {
namespace {

class UringLoopTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto tried = try_uring(); !tried) {
      GTEST_SKIP() << tried.error().message;
    }
  }

  std::unique_ptr<Loop> make_loop(const UringOptions& options) {
    return *make_uring_loop(options, &metrics_);
  }

  std::uint64_t shortages() {
    return metrics_.counter("cloudsync_loop_buffer_shortages_total", "").value();
  }

  Metrics metrics_;
};

TEST_F(UringLoopTest, ReceivesGoOnWhenBuffersRanOut) {
  auto loop = make_loop({.buffers = 2, .buffer_bytes = 128});
  Pair pair(*loop);
  const std::string bytes = pattern(256 * 1024);
  Script(*loop)
      .when([&] { return pair.connected(); }, [&] { loop->send(*pair.client_id, share(bytes)); })
      .when([&] { return pair.server.received.size() == bytes.size(); })
      .run();
  EXPECT_TRUE(pair.server.received == bytes);
  EXPECT_GT(shortages(), 0U);
}

TEST_F(UringLoopTest, ManySocketsShareFewEntriesCompletionsAndBuffers) {
  constexpr std::size_t kSockets = 500;
  constexpr std::size_t kEach = 3'000;
  auto loop = make_loop({.entries = 4, .completions = 8, .buffers = 8, .buffer_bytes = 256});
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::size_t i = 0; i < kSockets; ++i) {
    pairs.push_back(std::make_unique<Pair>(*loop));
  }
  const std::string bytes = pattern(kSockets * kEach);
  const auto part = [&](std::size_t i) { return bytes.substr(i * kEach, kEach); };
  const auto all = [&](const std::function<bool(const Pair&)>& holds) {
    return std::all_of(pairs.begin(), pairs.end(), [&](const auto& pair) { return holds(*pair); });
  };
  Script(*loop)
      .when([&] { return all([](const Pair& pair) { return pair.connected(); }); },
            [&] {
              for (std::size_t i = 0; i < kSockets; ++i) {
                loop->send(*pairs[i]->client_id, share(part(i).substr(0, 1'000)));
                loop->send(*pairs[i]->client_id, share(part(i).substr(1'000)));
              }
            })
      .when([&] {
        return all([](const Pair& pair) {
          return pair.server.received.size() == kEach && pair.client.drained == 1;
        });
      })
      .run();
  for (std::size_t i = 0; i < kSockets; ++i) {
    EXPECT_TRUE(pairs[i]->server.received == part(i)) << i;
  }
}

// Failed sends complete at submission, all of a turn before any is looked at.
TEST_F(UringLoopTest, CutSendsAreNotLostWhenCompletionsOverflow) {
  constexpr std::size_t kSockets = 32;
  constexpr std::size_t kEach = 512 * 1024;
  auto loop = make_loop({.entries = 4, .completions = 8, .buffers = 64, .buffer_bytes = 65'536});
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::size_t i = 0; i < kSockets; ++i) {
    pairs.push_back(std::make_unique<Pair>(*loop));
  }
  const SharedBytes bytes = share(pattern(kEach));
  const auto all = [&](const std::function<bool(const Pair&)>& holds) {
    return std::all_of(pairs.begin(), pairs.end(), [&](const auto& pair) { return holds(*pair); });
  };
  Script(*loop)
      .when([&] { return all([](const Pair& pair) { return pair.connected(); }); },
            [&] {
              for (const auto& pair : pairs) {
                loop->send(*pair->client_id, bytes);
              }
            })
      .when([&] {
        return all([](const Pair& pair) { return pair.server.received.size() == kEach; });
      })
      .run();
  for (const auto& pair : pairs) {
    EXPECT_TRUE(pair->server.received == *bytes);
  }
}

TEST_F(UringLoopTest, TriesTheKernelOut) {
  EXPECT_EQ(choose_engine(IoEngine::kAuto).engine, IoEngine::kUring);
}

}  // namespace
}  // namespace cloudsync::runtime
