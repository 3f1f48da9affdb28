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

/// A full disk is no such doubt: nothing can be written until there is space, reads go on.
///
/// Thread-safe. Goes from healthy to failed once, and in and out of full.
class StoreHealth {
 public:
  explicit StoreHealth(Metrics& metrics)
      : gauge_(metrics.gauge("cloudsync_store_failed",
                             "1 once an I/O error closed the store until a restart")),
        full_gauge_(metrics.gauge("cloudsync_store_full", "1 while the disk is full")) {}

  void set_full(bool full) {
    if (full_.exchange(full) == full) {
      return;
    }
    full_gauge_.set(full ? 1 : 0);
    if (full) {
      log_error("disk_full", {{"action", "make space: what is not saved yet is sent again then"}});
    } else {
      log_info("disk_has_space");
    }
  }

  bool full() const { return full_; }

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

  /// Also kUnavailable while the disk is full.
  Result<void> check_writable() const {
    CS_TRY(check());
    if (full_) {
      return cloudsync::fail(ErrorCode::kUnavailable, "the disk is full");
    }
    return {};
  }

 private:
  Gauge& gauge_;
  Gauge& full_gauge_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> full_{false};
  // The committer and the readers report, anybody asks; guards reason_.
  mutable std::mutex mutex_;
  std::string reason_;
};

}  // namespace cloudsync::storage
