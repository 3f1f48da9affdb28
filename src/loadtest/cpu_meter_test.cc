#include "loadtest/cpu_meter.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <thread>

namespace cloudsync::loadtest {
namespace {

/// Works until this thread has taken so much CPU time.
void burn(Duration time) {
  const auto taken = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  const auto end = taken() + time;
  while (taken() < end) {
  }
}

TEST(CpuMeter, CountsThreadsThatEndedAndWhatWasThereBeforeNot) {
  constexpr std::chrono::milliseconds kWork{20};
  burn(kWork);
  timespec before{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  CpuMeter meter({::getpid()});
  meter.start();
  std::thread([&] { burn(kWork); }).join();
  const auto taken = meter.taken();
  ASSERT_TRUE(taken);
  EXPECT_GE(*taken, kWork);
  timespec after{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  EXPECT_LE(*taken,
            std::chrono::seconds(after.tv_sec - before.tv_sec) +
                std::chrono::nanoseconds(after.tv_nsec - before.tv_nsec));
}

TEST(CpuMeter, HasNothingOfAProcessThatIsGone) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(0);
  }
  CpuMeter meter({::getpid(), child});
  meter.start();
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(meter.taken());
}

TEST(CpuMeter, HasNothingWithoutProcesses) {
  CpuMeter meter({});
  meter.start();
  EXPECT_FALSE(meter.taken());
}

}  // namespace
}  // namespace cloudsync::loadtest
