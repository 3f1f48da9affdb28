#include "loadtest/connect_pace.h"

#include <utility>

namespace cloudsync::loadtest {

void ConnectPace::run(std::size_t count, Start start, UniqueFunction<void()> done) {
  begin_ = loop_.now();
  count_ = count;
  start_ = std::move(start);
  done_ = std::move(done);
  start_more();
}

TimePoint ConnectPace::due(std::size_t connection) const {
  if (per_second_ <= 0) {
    return loop_.now();
  }
  const std::chrono::duration<double> delay(static_cast<double>(connection) / per_second_);
  return begin_ + std::chrono::duration_cast<Duration>(delay);
}

void ConnectPace::start_more() {
  while (started_ < count_ && in_flight_ < at_once_) {
    const TimePoint next = due(started_);
    if (next > loop_.now()) {
      if (!std::exchange(waits_, true)) {
        loop_.run_after(next - loop_.now(), [this] {
          waits_ = false;
          start_more();
        });
      }
      return;
    }
    ++in_flight_;
    ++first_in_flight_;
    start_(started_++, next);
  }
}

void ConnectPace::again(UniqueFunction<void()> start) {
  again_.push_back(std::move(start));
  start_again();
}

void ConnectPace::start_again() {
  while (!again_.empty() && in_flight_ < at_once_) {
    auto start = std::move(again_.front());
    again_.pop_front();
    ++in_flight_;
    start();
  }
}

void ConnectPace::on_handshake_over(bool is_first) {
  --in_flight_;
  first_in_flight_ -= is_first ? 1 : 0;
  start_more();
  start_again();
  if (started_ == count_ && first_in_flight_ == 0 && done_) {
    std::exchange(done_, nullptr)();
  }
}

}  // namespace cloudsync::loadtest
