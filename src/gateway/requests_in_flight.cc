#include "gateway/requests_in_flight.h"

namespace cloudsync::gateway {

RequestTicket RequestsInFlight::begin(const std::shared_ptr<RequestsInFlight>& requests,
                                      std::size_t weight) {
  requests->count_ += weight;
  // Not null, or a holder could not tell a ticket from none.
  return {requests.get(), [requests, weight](const void*) { requests->finish(weight); }};
}

bool RequestsInFlight::wait_if_full() {
  if (count_ < max_) {
    return false;
  }
  waiting_ = true;
  // One may have finished before it could see `waiting_`; whoever resets it goes on.
  return count_ >= max_ || !waiting_.exchange(false);
}

void RequestsInFlight::finish(std::size_t weight) {
  count_ -= weight;
  if (waiting_ && waiting_.exchange(false)) {
    wake_();
  }
}

}  // namespace cloudsync::gateway
