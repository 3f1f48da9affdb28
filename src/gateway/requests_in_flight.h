#pragma once
// The requests of one session that the application has not finished. The gateway takes no more of
// the peer's messages while there are too many, so that a peer costs a bounded amount of work and
// memory, however fast it asks: the rest waits in its own socket buffers. A request whose answer
// may be large counts as several.

#include "base/unique_function.h"

#include <atomic>
#include <cstddef>
#include <memory>

namespace cloudsync::gateway {

/// Held by whoever works on a request, on any thread. The request is finished, answered or not,
/// when the last copy is gone.
using RequestTicket = std::shared_ptr<const void>;

class RequestsInFlight {
 public:
  /// `wake` is called on the thread that finishes a request which wait_if_full() waited for.
  RequestsInFlight(std::size_t requests_max, UniqueFunction<void()> wake)
      : max_(requests_max), wake_(std::move(wake)) {}

  /// Counts `weight` more; the ticket keeps `requests` alive.
  static RequestTicket begin(const std::shared_ptr<RequestsInFlight>& requests, std::size_t weight);

  /// True if there are as many as allowed: `wake` will be called once, when one is finished.
  bool wait_if_full();

  /// `wake` is not called any more. On the owner's thread; a call on another may be under way.
  void stop_waiting() { waiting_ = false; }

 private:
  void finish(std::size_t weight);

  const std::size_t max_;
  UniqueFunction<void()> wake_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<bool> waiting_ = false;
};

}  // namespace cloudsync::gateway
