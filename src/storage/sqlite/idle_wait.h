#pragma once
// How the store's threads wait for work: who waits long gives its page cache back, so that a node
// whose people only look on does not keep what their coming took.

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace cloudsync::storage {

/// Long for a store that is worked with; filling the cache again takes milliseconds.
inline constexpr std::chrono::seconds kIdleTime{2};

/// Waits until `is_wanted()`, under the lock. If that takes kIdleTime, calls `on_idle()` once
/// meanwhile, without the lock.
template <class IsWanted, class OnIdle>
void wait_for_work(std::unique_lock<std::mutex>& lock,
                   std::condition_variable& wake,
                   IsWanted is_wanted,
                   OnIdle on_idle) {
  if (wake.wait_for(lock, kIdleTime, is_wanted)) {
    return;
  }
  lock.unlock();
  on_idle();
  lock.lock();
  wake.wait(lock, is_wanted);
}

}  // namespace cloudsync::storage
