#include "base/metrics.h"

#include "base/assert.h"
#include "base/json.h"

#include <algorithm>
#include <array>

namespace cloudsync {
namespace {

std::string number(double value) {
  return to_json(JsonValue(value));
}

void append_header(std::string& out,
                   std::string_view name,
                   std::string_view help,
                   std::string_view type) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
  out.append(name).append(" ").append(type).append("\n");
}

void append_sample(std::string& out,
                   std::string_view name,
                   std::string_view labels,
                   std::string_view value) {
  out.append(name);
  if (!labels.empty()) {
    out.append("{").append(labels).append("}");
  }
  out.append(" ").append(value).append("\n");
}

void append_histogram(std::string& out,
                      const std::string& name,
                      const std::string& labels,
                      const Histogram& histogram) {
  const std::string prefix = labels.empty() ? "" : labels + ",";
  std::uint64_t cumulative = 0;
  const auto bounds = histogram.bounds();
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    cumulative += histogram.bucket(i);
    append_sample(out,
                  name + "_bucket",
                  prefix + "le=\"" + number(bounds[i]) + "\"",
                  std::to_string(cumulative));
  }
  cumulative += histogram.bucket(bounds.size());
  append_sample(out, name + "_bucket", prefix + "le=\"+Inf\"", std::to_string(cumulative));
  append_sample(out, name + "_sum", labels, number(histogram.sum()));
  append_sample(out, name + "_count", labels, std::to_string(cumulative));
}

template <class Families, class Make>
auto& find_or_make(Families& families,
                   std::string_view name,
                   std::string_view help,
                   std::string_view labels,
                   Make make) {
  auto& family = families[std::string(name)];
  family.help = help;
  auto& member = family.members[std::string(labels)];
  if (member == nullptr) {
    member = make();
  }
  return *member;
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), buckets_(bounds.size() + 1) {
  CS_ASSERT(std::is_sorted(bounds_.begin(), bounds_.end()), "histogram bounds rise");
}

void Histogram::observe(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  const auto index = static_cast<std::size_t>(bound - bounds_.begin());
  buckets_[index].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

double Histogram::sum() const {
  return sum_.load(std::memory_order_relaxed);
}

std::uint64_t Histogram::bucket(std::size_t index) const {
  return buckets_[index].load(std::memory_order_relaxed);
}

std::span<const double> latency_bounds() {
  static constexpr std::array kBounds = {0.0001,
                                         0.00025,
                                         0.0005,
                                         0.001,
                                         0.0025,
                                         0.005,
                                         0.01,
                                         0.025,
                                         0.05,
                                         0.085,
                                         0.15,
                                         0.25,
                                         0.5,
                                         1.0,
                                         2.5,
                                         10.0};
  return kBounds;
}

std::span<const double> size_bounds() {
  static constexpr std::array kBounds = {
      1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0};
  return kBounds;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  const std::lock_guard lock(mutex_);
  return find_or_make(counters_, name, help, labels, [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
  const std::lock_guard lock(mutex_);
  return find_or_make(gauges_, name, help, labels, [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(std::string_view name,
                              std::string_view help,
                              std::span<const double> bounds,
                              std::string_view labels) {
  const std::lock_guard lock(mutex_);
  return find_or_make(
      histograms_, name, help, labels, [bounds] { return std::make_unique<Histogram>(bounds); });
}

Counter& Metrics::limit(std::string_view name) {
  return counter("cloudsync_limit_reached_total",
                 "How often a documented limit was reached.",
                 "limit=\"" + std::string(name) + "\"");
}

std::string Metrics::render() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : counters_) {
    append_header(out, name, family.help, "counter");
    for (const auto& [labels, counter] : family.members) {
      append_sample(out, name, labels, std::to_string(counter->value()));
    }
  }
  for (const auto& [name, family] : gauges_) {
    append_header(out, name, family.help, "gauge");
    for (const auto& [labels, gauge] : family.members) {
      append_sample(out, name, labels, std::to_string(gauge->value()));
    }
  }
  for (const auto& [name, family] : histograms_) {
    append_header(out, name, family.help, "histogram");
    for (const auto& [labels, histogram] : family.members) {
      append_histogram(out, name, labels, *histogram);
    }
  }
  return out;
}

}  // namespace cloudsync
