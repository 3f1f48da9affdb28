#pragma once
// Whether the store can still be trusted. After a failed fsync or another I/O error nobody knows
// what the kernel kept (the pages may be marked clean although they never reached the device, and a
// second fsync would then succeed), so the store closes until a restart reads the files anew.
// Source: Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"

#include <atomic>
#include <mutex>
#include <string>

namespace cloudsync::storage {

/// Thread-safe. Goes from healthy to failed once.
class StoreHealth {
 public:
  explicit StoreHealth(Metrics& metrics)
      : gauge_(metrics.gauge("cloudsync_store_failed",
                             "1 once an I/O error closed the store until a restart")) {}

  void fail(std::string reason) {
    const std::lock_guard lock(mutex_);
    if (failed_) {
      return;
    }
    log_error("store_failed", {{"reason", reason}, {"action", "restart once the disk is sound"}});
    reason_ = std::move(reason);
    gauge_.set(1);
    failed_ = true;
  }

  bool failed() const { return failed_; }

  /// kUnavailable with the reason once failed.
  Result<void> check() const {
    if (!failed_) {
      return {};
    }
    const std::lock_guard lock(mutex_);
    return cloudsync::fail(ErrorCode::kUnavailable, "the store closed: " + reason_);
  }

 private:
  Gauge& gauge_;
  std::atomic<bool> failed_{false};
  // The committer and the readers report, anybody asks; guards reason_.
  mutable std::mutex mutex_;
  std::string reason_;
};

}  // namespace cloudsync::storage
