#pragma once
// Counters, gauges and histograms that every layer can afford: a relaxed atomic add, no lock, no
// lookup on the hot path. A component owns a reference that it looked up once; telemetry text is
// made by Metrics::render (Prometheus exposition format 0.0.4).

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync {

class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }

  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void add(std::int64_t amount) { value_.fetch_add(amount, std::memory_order_relaxed); }

  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }

  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// A histogram over fixed upper bounds, in the unit that its name ends with.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);

  /// O(number of bounds).
  void observe(double value);

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

  double sum() const;

  std::span<const double> bounds() const { return bounds_; }

  /// Observations in bucket `index` alone (not cumulative); index bounds().size() is the overflow.
  std::uint64_t bucket(std::size_t index) const;

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<double> sum_{0};
};

/// Bounds for latencies from 100 us to 10 s, in seconds.
std::span<const double> latency_bounds();
/// Bounds for sizes of batches and groups: powers of two from 1 to 4,096.
std::span<const double> size_bounds();

/// The registry: names are looked up under a lock, references stay valid for the registry's
/// lifetime. Thread-safe. A label set is part of the name: `counter("x_total", "…",
/// "limit=\"frame_bytes\"")`.
class Metrics {
 public:
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});
  Histogram& histogram(std::string_view name,
                       std::string_view help,
                       std::span<const double> bounds,
                       std::string_view labels = {});

  /// The counter of a limit: cloudsync_limit_reached_total{limit="<name>"}.
  Counter& limit(std::string_view name);

  /// All metrics as Prometheus text.
  std::string render() const;

 private:
  template <class T>
  struct Family {
    std::string help;
    std::map<std::string, std::unique_ptr<T>, std::less<>> members;
  };

  mutable std::mutex mutex_;  // guards the maps, never the values
  std::map<std::string, Family<Counter>, std::less<>> counters_;
  std::map<std::string, Family<Gauge>, std::less<>> gauges_;
  std::map<std::string, Family<Histogram>, std::less<>> histograms_;
};

}  // namespace cloudsync
