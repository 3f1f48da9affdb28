#pragma once
// A log-linear histogram of latencies (the layout of HdrHistogram, Gil Tene): 64 steps for each
// power of two, so that every quantile is at most 1.6 % above the truth, in 18 KB whatever the
// count. The steps are the same everywhere: histograms of several processes merge without loss.

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cloudsync::loadtest {

class LatencyHistogram {
 public:
  using Micros = std::chrono::microseconds;

  /// Negative values count as 0, values above 2^40 us (12 days) as that.
  void record(Micros latency, std::uint64_t count = 1) {
    const auto raw = std::max<std::int64_t>(latency.count(), 0);
    const std::uint64_t value = std::min(static_cast<std::uint64_t>(raw), kValueMax);
    counts_[index_of(value)] += count;
    total_ += count;
    max_ = std::max(max_, value);
  }

  /// The smallest recorded step that at least `quantile` (0 to 1) of the values do not exceed, its
  /// upper edge; 0 if nothing was recorded.
  Micros quantile(double quantile) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(total_)));
    const std::uint64_t wanted = std::max<std::uint64_t>(rank, 1);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted) {
        return Micros(std::min(upper_edge(i), max_));
      }
    }
    return Micros(0);
  }

  std::uint64_t count() const { return total_; }

  Micros max() const { return Micros(max_); }

  void reset() { *this = LatencyHistogram(); }

  /// Adds what `other` recorded.
  void merge(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] += other.counts_[i];
    }
    total_ += other.total_;
    max_ = std::max(max_, other.max_);
  }

  struct Step {
    std::uint64_t upper_us = 0;  ///< the largest value that falls into it
    std::uint64_t count = 0;

    friend bool operator==(const Step&, const Step&) = default;
  };

  /// The steps with values, from the lowest.
  std::vector<Step> steps() const {
    std::vector<Step> found;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) {
        found.push_back({upper_edge(i), counts_[i]});
      }
    }
    return found;
  }

  /// The histogram with these steps; `max` is not in them, and corrects the last one's edge.
  static LatencyHistogram from_steps(const std::vector<Step>& steps, Micros max) {
    LatencyHistogram histogram;
    for (const Step& step : steps) {
      histogram.record(Micros(static_cast<std::int64_t>(std::min(step.upper_us, kValueMax))),
                       step.count);
    }
    histogram.max_ = std::min(histogram.max_, static_cast<std::uint64_t>(max.count()));
    return histogram;
  }

 private:
  static constexpr std::uint64_t kLinear = 128;  // below: one step for each microsecond
  static constexpr std::uint64_t kSteps = 64;    // above: for each power of two
  static constexpr std::uint64_t kValueMax = (std::uint64_t{1} << 40U) - 1;
  static constexpr std::size_t kBuckets = kLinear + (40 - 7) * kSteps;

  static std::size_t index_of(std::uint64_t value) {
    if (value < kLinear) {
      return value;
    }
    // value >> shift is in [64, 128).
    const auto shift = static_cast<std::uint64_t>(std::bit_width(value)) - 7;
    return kLinear + (shift - 1) * kSteps + ((value >> shift) - kSteps);
  }

  static std::uint64_t upper_edge(std::size_t index) {
    if (index < kLinear) {
      return index;
    }
    const std::uint64_t shift = (index - kLinear) / kSteps + 1;
    const std::uint64_t step = (index - kLinear) % kSteps + kSteps;
    return ((step + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

/// Milliseconds, as reports show latencies.
inline double ms(LatencyHistogram::Micros value) {
  return static_cast<double>(value.count()) / 1e3;
}

}  // namespace cloudsync::loadtest
