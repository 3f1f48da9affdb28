#pragma once
// A loop and the thread that runs it.

#include "runtime/loop.h"

#include <pthread.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace cloudsync::runtime {

class LoopThread {
 public:
  /// Starts running `loop`; the thread is named `name` (15 characters are shown by the system).
  LoopThread(std::unique_ptr<Loop> loop, const std::string& name)
      : loop_(std::move(loop)), thread_([this] { loop_->run(); }) {
    ::pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
  }

  /// Stops and joins.
  ~LoopThread() { stop(); }

  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  /// For post(), and for everything else from the loop's own thread.
  Loop& loop() { return *loop_; }

  /// Returns when run() has: every socket is closed and nothing runs any more. Idempotent.
  void stop() {
    if (thread_.joinable()) {
      loop_->stop();
      thread_.join();
    }
  }

 private:
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace cloudsync::runtime
