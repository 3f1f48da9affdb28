#include "runtime/signals.h"

#include "base/assert.h"

#include <pthread.h>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's
#include <unistd.h>

namespace cloudsync::runtime {
namespace {

sigset_t termination_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_termination_signals() {
  const sigset_t set = termination_signals();
  CS_ASSERT(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0, "the mask is valid");
  ::signal(SIGPIPE, SIG_IGN);
}

int wait_for_termination() {
  const sigset_t set = termination_signals();
  int signal = 0;
  while (::sigwait(&set, &signal) != 0) {
  }
  return signal;
}

void request_termination() {
  // To the process, not the thread: whichever thread waits takes it.
  ::kill(::getpid(), SIGTERM);
}

}  // namespace cloudsync::runtime
