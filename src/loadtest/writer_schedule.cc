#include "loadtest/writer_schedule.h"

#include "base/assert.h"

#include <algorithm>
#include <random>

namespace cloudsync::loadtest {

WriterSchedule::WriterSchedule(std::size_t writers,
                               double edits_per_second,
                               TimePoint start,
                               std::uint64_t seed)
    : start_(start), interval_ns_(static_cast<double>(writers) / edits_per_second * 1e9) {
  CS_ASSERT(writers > 0 && edits_per_second > 0, "a schedule has writers and a rate");
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> phase(0.0, interval_ns_);
  order_.reserve(writers);
  for (std::size_t i = 0; i < writers; ++i) {
    order_.push_back({Duration(static_cast<std::int64_t>(phase(random))), i});
  }
  std::sort(
      order_.begin(), order_.end(), [](const Slot& a, const Slot& b) { return a.phase < b.phase; });
}

TimePoint WriterSchedule::next_due() const {
  // From the start each time, so that rounding does not add up.
  const double round_ns = static_cast<double>(round_) * interval_ns_;
  return start_ + Duration(static_cast<std::int64_t>(round_ns)) + order_[position_].phase;
}

void WriterSchedule::advance() {
  if (++position_ == order_.size()) {
    position_ = 0;
    ++round_;
  }
}

}  // namespace cloudsync::loadtest
