#include "loadtest/measurements_json.h"

#include <algorithm>
#include <utility>

namespace cloudsync::loadtest {
namespace {

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

std::uint64_t count_in(const JsonObject& json, std::string_view key) {
  return find_unsigned(json, key).value_or(0);
}

const JsonObject& object_in(const JsonObject& json, std::string_view key) {
  static const JsonObject kNone;
  const JsonValue* value = json.if_contains(key);
  const JsonObject* object = value != nullptr ? value->if_object() : nullptr;
  return object != nullptr ? *object : kNone;
}

/// One list for both directions.
constexpr std::pair<const char*, std::uint64_t Measurements::*> kCounts[] = {
    {"edits", &Measurements::edits},
    {"lateEdits", &Measurements::late_edits},
    {"submissions", &Measurements::submissions},
    {"resends", &Measurements::resends},
    {"frames", &Measurements::frames},
    {"cursors", &Measurements::cursors},
    {"segments", &Measurements::segments},
    {"octets", &Measurements::octets},
    {"operations", &Measurements::operations},
    {"joined", &Measurements::joined},
    {"disconnects", &Measurements::disconnects},
    {"reconnects", &Measurements::reconnects},
    {"slowDisconnects", &Measurements::slow_disconnects},
};

constexpr std::pair<const char*, Latency Measurements::*> kLatencies[] = {
    {"connect", &Measurements::connect},
    {"delivery", &Measurements::delivery},
    {"slowDelivery", &Measurements::slow_delivery},
    {"ack", &Measurements::ack},
};

constexpr std::pair<const char*, std::size_t Outcome::*> kOutcomeCounts[] = {
    {"connected", &Outcome::connected},
    {"failed", &Outcome::failed},
    {"diverged", &Outcome::diverged_documents},
    {"unsettled", &Outcome::unsettled_documents},
    {"unmeasured", &Outcome::unmeasured_edits},
};

constexpr std::pair<const char*, std::chrono::duration<double> Outcome::*> kOutcomeTimes[] = {
    {"connecting", &Outcome::connecting},
    {"writing", &Outcome::writing},
    {"settling", &Outcome::settling},
};

constexpr std::pair<const char*, LatencyHistogram Second::*> kSecondLatencies[] = {
    {"connect", &Second::connect},
    {"delivery", &Second::delivery},
    {"ack", &Second::ack},
};

JsonObject errors_json(const Counts& errors) {
  JsonObject json;
  for (const auto& [code, count] : errors) {
    json[code] = count;
  }
  return json;
}

void merge_errors(Counts& errors, const JsonObject& json) {
  for (const auto& member : json) {
    const std::string code(member.key());
    errors[code] += count_in(json, code);
  }
}

}  // namespace

JsonObject histogram_json(const LatencyHistogram& histogram) {
  JsonArray steps;
  for (const auto& step : histogram.steps()) {
    steps.push_back(JsonArray{step.upper_us, step.count});
  }
  return {{"maxUs", histogram.max().count()}, {"steps", std::move(steps)}};
}

LatencyHistogram read_histogram(const JsonObject& json) {
  std::vector<LatencyHistogram::Step> steps;
  const JsonValue* list = json.if_contains("steps");
  for (const JsonValue& step :
       list != nullptr && list->is_array() ? list->get_array() : JsonArray()) {
    if (!step.is_array() || step.get_array().size() != 2) {
      continue;
    }
    boost::json::error_code error;
    const auto upper = step.get_array()[0].to_number<std::uint64_t>(error);
    const auto count = error ? 0 : step.get_array()[1].to_number<std::uint64_t>(error);
    if (!error) {
      steps.push_back({upper, count});
    }
  }
  return LatencyHistogram::from_steps(
      steps, LatencyHistogram::Micros(static_cast<std::int64_t>(count_in(json, "maxUs"))));
}

JsonObject measurements_json(const Measurements& measurements) {
  JsonObject json{{"errors", errors_json(measurements.errors)}};
  for (const auto& [key, member] : kCounts) {
    json[key] = measurements.*member;
  }
  for (const auto& [key, member] : kLatencies) {
    json[key] = histogram_json((measurements.*member).total);
  }
  return json;
}

void merge_measurements(Measurements& measurements, const JsonObject& json) {
  for (const auto& [key, member] : kCounts) {
    measurements.*member += count_in(json, key);
  }
  for (const auto& [key, member] : kLatencies) {
    (measurements.*member).total.merge(read_histogram(object_in(json, key)));
  }
  merge_errors(measurements.errors, object_in(json, "errors"));
}

JsonObject outcome_json(const Outcome& outcome) {
  JsonObject json;
  for (const auto& [key, member] : kOutcomeCounts) {
    json[key] = outcome.*member;
  }
  for (const auto& [key, member] : kOutcomeTimes) {
    json[key] = (outcome.*member).count();
  }
  return json;
}

void merge_outcome(Outcome& outcome, const JsonObject& json) {
  for (const auto& [key, member] : kOutcomeCounts) {
    outcome.*member += count_in(json, key);
  }
  for (const auto& [key, member] : kOutcomeTimes) {
    const JsonValue* time = json.if_contains(key);
    const double seconds = time != nullptr && time->is_number() ? time->to_number<double>() : 0.0;
    outcome.*member = std::max(outcome.*member, std::chrono::duration<double>(seconds));
  }
}

JsonObject second_json(const Second& second) {
  JsonObject json{
      {"rung", second.rung}, {"joined", second.joined}, {"errors", errors_json(second.errors)}};
  for (const auto& [key, member] : kSecondLatencies) {
    json[key] = histogram_json(second.*member);
  }
  return json;
}

Second read_second(const JsonObject& json) {
  Second second;
  second.rung = count_in(json, "rung");
  second.joined = count_in(json, "joined");
  merge_errors(second.errors, object_in(json, "errors"));
  for (const auto& [key, member] : kSecondLatencies) {
    second.*member = read_histogram(object_in(json, key));
  }
  return second;
}

}  // namespace cloudsync::loadtest
