#include "loadtest/objectives.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cloudsync::loadtest {
namespace {

struct Metric {
  std::string name;
  std::vector<std::string> path;  // in the result
  bool more_is_better = false;
};

std::vector<Metric> make_metrics() {
  std::vector<Metric> metrics;
  const std::pair<const char*, const char*> latencies[] = {
      {"connect", "connectLatency"},
      {"delivery", "deliveryLatency"},
      {"ack", "ackLatency"},
      {"slow-delivery", "slowDeliveryLatency"}};
  for (const auto& [name, key] : latencies) {
    for (const std::string quantile : {"p50", "p95", "p99", "p999", "max"}) {
      metrics.push_back({std::string(name) + "-" + quantile + "-ms", {key, quantile + "Ms"}});
    }
  }
  metrics.insert(metrics.end(),
                 {{"connect-seconds", {"connections", "seconds"}},
                  {"settle-seconds", {"settleSeconds"}},
                  {"failed", {"connections", "failed"}},
                  {"disconnects", {"connections", "disconnects"}},
                  {"errors", {"errorCount"}},
                  {"late-edits", {"edits", "late"}},
                  {"connects-per-second", {"connections", "perSecond"}, true},
                  {"edits-per-second", {"edits", "perSecond"}, true},
                  {"deliveries-per-second", {"deliveries", "perSecond"}, true},
                  {"joined", {"connections", "joined"}, true},
                  {"reconnects", {"connections", "reconnects"}, true},
                  {"slow-disconnects", {"connections", "slowDisconnects"}, true}});
  return metrics;
}

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> kMetrics = make_metrics();
  return kMetrics;
}

/// Of a latency: whether nothing was measured.
bool is_empty(const JsonObject& latency) {
  const JsonValue* count = latency.if_contains("count");
  return count == nullptr || !count->is_number() || count->to_number<double>() == 0;
}

const Metric* find_metric(std::string_view name) {
  const auto found = std::find_if(metrics().begin(), metrics().end(), [&](const Metric& metric) {
    return metric.name == name;
  });
  return found != metrics().end() ? &*found : nullptr;
}

}  // namespace

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& metric : metrics()) {
    names.push_back(metric.name);
  }
  return names;
}

std::optional<bool> more_is_better(std::string_view metric) {
  const Metric* found = find_metric(metric);
  return found != nullptr ? std::optional(found->more_is_better) : std::nullopt;
}

std::optional<double> metric_in(const JsonObject& result, std::string_view metric) {
  const Metric* found = find_metric(metric);
  if (found == nullptr) {
    return std::nullopt;
  }
  const JsonObject* object = &result;
  for (std::size_t i = 0; object != nullptr; ++i) {
    const JsonValue* value = object->if_contains(found->path[i]);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (i + 1 == found->path.size()) {
      return value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
    }
    object = value->if_object();
    // A latency of nothing is no latency of 0.
    if (object != nullptr && found->path[i].ends_with("Latency") && is_empty(*object)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::vector<Verdict> judge(const std::vector<Objective>& objectives, const JsonObject& result) {
  std::vector<Verdict> verdicts;
  for (const Objective& objective : objectives) {
    Verdict verdict{.objective = objective,
                    .at_least = more_is_better(objective.metric).value_or(false)};
    if (const auto actual = metric_in(result, objective.metric)) {
      verdict.actual = *actual;
      verdict.met = verdict.at_least ? *actual >= objective.bound : *actual <= objective.bound;
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

bool all_met(const std::vector<Verdict>& verdicts) {
  return std::all_of(
      verdicts.begin(), verdicts.end(), [](const Verdict& verdict) { return verdict.met; });
}

void add_verdicts(JsonObject& result, const std::vector<Verdict>& verdicts) {
  JsonArray list;
  for (const Verdict& verdict : verdicts) {
    list.push_back(JsonObject{{"metric", verdict.objective.metric},
                              {"bound", verdict.objective.bound},
                              {"atLeast", verdict.at_least},
                              {"actual", verdict.actual},
                              {"met", verdict.met}});
  }
  result["objectives"] = std::move(list);
}

std::string verdicts_text(const std::vector<Verdict>& verdicts) {
  std::string text;
  for (const Verdict& verdict : verdicts) {
    text += fmt::format("objective     {} {} {}: {:.2f}, {}\n",
                        verdict.objective.metric,
                        verdict.at_least ? ">=" : "<=",
                        verdict.objective.bound,
                        verdict.actual,
                        verdict.met ? "met" : "MISSED");
  }
  return text;
}

}  // namespace cloudsync::loadtest
