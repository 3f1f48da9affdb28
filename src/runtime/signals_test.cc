#include "runtime/signals.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <thread>

namespace cloudsync::runtime {
namespace {

TEST(Signals, TerminationIsWaitedForInsteadOfKilling) {
  block_termination_signals();
  std::thread other([] { request_termination(); });
  EXPECT_EQ(wait_for_termination(), SIGTERM);
  other.join();
  ::kill(::getpid(), SIGINT);
  EXPECT_EQ(wait_for_termination(), SIGINT);
}

}  // namespace
}  // namespace cloudsync::runtime
