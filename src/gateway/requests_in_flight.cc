#include "gateway/requests_in_flight.h"

namespace cloudsync::gateway {

RequestTicket RequestsInFlight::begin(const std::shared_ptr<RequestsInFlight>& requests) {
  ++requests->count_;
  // Not null, or a holder could not tell a ticket from none.
  return {requests.get(), [requests](const void*) { requests->finish(); }};
}

bool RequestsInFlight::wait_if_full() {
  if (count_ < max_) {
    return false;
  }
  waiting_ = true;
  // One may have finished before it could see `waiting_`; whoever resets it goes on.
  return count_ >= max_ || !waiting_.exchange(false);
}

void RequestsInFlight::finish() {
  --count_;
  if (waiting_ && waiting_.exchange(false)) {
    wake_();
  }
}

}  // namespace cloudsync::gateway
