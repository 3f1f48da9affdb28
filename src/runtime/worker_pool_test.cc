#include "runtime/worker_pool.h"

#include "runtime/loop.h"
#include "runtime/testing.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace cloudsync::runtime {
namespace {

TEST(WorkerPool, RunsEverythingBeforeItCloses) {
  std::atomic<int> ran{0};
  WorkerPool pool(3, 1'000);
  for (int i = 0; i < 500; ++i) {
    EXPECT_TRUE(pool.submit([&ran] { ++ran; }));
  }
  pool.close();
  EXPECT_EQ(ran.load(), 500);
  EXPECT_FALSE(pool.submit([] {}));
}

TEST(WorkerPool, RefusesAboveItsQueue) {
  std::latch started(1);
  std::latch finish(1);
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.submit([&] {
    started.count_down();
    finish.wait();
  }));
  started.wait();
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  EXPECT_EQ(pool.queued(), 2U);
  finish.count_down();
}

TEST(WorkerPool, RunOnAnswersOnTheExecutor) {
  auto loop = test_loop(IoEngine::kEpoll);
  WorkerPool pool(1, 1);
  std::thread::id worked;
  int answer = 0;
  run_on<int>(
      pool,
      *loop,
      [&]() -> Result<int> {
        worked = std::this_thread::get_id();
        return 42;
      },
      [&](Result<int> result) {
        answer = *result;
        loop->stop();
      });
  loop->run();
  EXPECT_EQ(answer, 42);
  EXPECT_NE(worked, std::this_thread::get_id());
}

TEST(WorkerPool, RunOnAnswersOverloadedWhenFull) {
  auto loop = test_loop(IoEngine::kEpoll);
  WorkerPool pool(1, 0);
  ErrorCode code = ErrorCode::kInternal;
  run_on<int>(
      pool,
      *loop,
      []() -> Result<int> { return 1; },
      [&](Result<int> result) {
        code = result.error().code;
        loop->stop();
      });
  EXPECT_EQ(code, ErrorCode::kInternal);
  loop->run();
  EXPECT_EQ(code, ErrorCode::kOverloaded);
}

}  // namespace
}  // namespace cloudsync::runtime
