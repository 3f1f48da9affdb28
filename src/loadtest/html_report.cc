#include "loadtest/html_report.h"

#include "loadtest/objectives.h"
#include "loadtest/plot.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace cloudsync::loadtest {
namespace {

constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.15rem .8rem;text-align:left}"
    "tr:nth-child(odd){background:#f3f3f3}svg{width:100%;font:11px system-ui,sans-serif}"
    ".grid{stroke:#ddd}.missed{color:#b00;font-weight:bold}";

double number_in(const JsonObject& object, std::string_view key) {
  const JsonValue* value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0.0;
}

std::string text_in(const JsonObject& object, std::string_view key) {
  const JsonValue* value = object.if_contains(key);
  if (value == nullptr) {
    return {};
  }
  return value->is_string() ? std::string(view(value->get_string())) : to_json(*value);
}

const JsonArray& array_in(const JsonObject& object, std::string_view key) {
  static const JsonArray kNone;
  const JsonValue* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

/// The quantiles of a latency: x is the number of nines, so that the tail has room (the plot of
/// HdrHistogram).
Series quantiles_of(const JsonObject& result, const char* key, std::string name) {
  Series series{.name = std::move(name), .points = {}};
  const JsonValue* value = result.if_contains(key);
  const JsonObject* latency = value != nullptr ? value->if_object() : nullptr;
  if (latency == nullptr) {
    return series;
  }
  const double total = number_in(*latency, "count");
  double seen = 0;
  for (const JsonValue& step : array_in(*latency, "steps")) {
    if (!step.is_array() || step.get_array().size() != 2) {
      continue;
    }
    const double edge_ms = step.get_array()[0].to_number<double>() / 1e3;
    seen += step.get_array()[1].to_number<double>();
    // Of the last value the rank is 1: drawn as if there were one more.
    const double below = std::min(seen / total, 1 - 1 / (total + 1));
    series.points.emplace_back(-std::log10(1 - below),
                               std::min(edge_ms, number_in(*latency, "maxMs")));
  }
  return series;
}

/// A figure of each second; of latencies, where there were any.
Series over_time(const JsonObject& result, std::string_view key, std::string name) {
  Series series{.name = std::move(name), .points = {}};
  for (const JsonValue& second : array_in(result, "timeline")) {
    const JsonObject* point = second.if_object();
    if (point != nullptr && (!key.ends_with("Ms") || number_in(*point, "deliveries") > 0)) {
      series.points.emplace_back(number_in(*point, "second"), number_in(*point, key));
    }
  }
  return series;
}

std::string plots(const JsonObject& result) {
  const Plot latency{.title = "Latency by percentile",
                     .x_label = "percentile",
                     .y_label = "milliseconds",
                     .series = {quantiles_of(result, "deliveryLatency", "delivery"),
                                quantiles_of(result, "ackLatency", "ack"),
                                quantiles_of(result, "connectLatency", "connect")},
                     .x_ticks = {{0, "0"},
                                 {0.30103, "50"},
                                 {1, "90"},
                                 {2, "99"},
                                 {3, "99.9"},
                                 {4, "99.99"},
                                 {5, "99.999"},
                                 {6, "99.9999"}},
                     .log_y = true};
  const Plot deliveries{
      .title = "Deliveries over time",
      .x_label = "seconds",
      .y_label = "per second",
      .series = {over_time(result, "deliveries", "deliveries"), over_time(result, "acks", "acks")}};
  const Plot delivery{.title = "Delivery latency over time",
                      .x_label = "seconds",
                      .y_label = "milliseconds",
                      .series = {over_time(result, "deliveryP50Ms", "p50"),
                                 over_time(result, "deliveryP95Ms", "p95"),
                                 over_time(result, "deliveryP99Ms", "p99"),
                                 over_time(result, "deliveryMaxMs", "max")},
                      .log_y = true};
  const Plot connects{.title = "Connections over time",
                      .x_label = "seconds",
                      .y_label = "connections",
                      .series = {over_time(result, "joined", "joined"),
                                 over_time(result, "connects", "new per second")}};
  return plot_svg(latency) + plot_svg(deliveries) + plot_svg(delivery) + plot_svg(connects);
}

std::string members_table(const JsonObject& result, std::string_view key) {
  const JsonValue* value = result.if_contains(key);
  const JsonObject* object = value != nullptr ? value->if_object() : nullptr;
  if (object == nullptr) {
    return {};
  }
  std::string rows;
  for (const auto& member : *object) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n",
                        escape_html(std::string(member.key())),
                        escape_html(text_in(*object, member.key())));
  }
  return fmt::format("<h2>{}</h2>\n<table>{}</table>\n", key, rows);
}

std::string figures_table(const JsonObject& result) {
  std::string rows;
  for (const std::string& metric : metric_names()) {
    if (const auto figure = metric_in(result, metric)) {
      rows += fmt::format("<tr><td>{}</td><td>{:.2f}</td></tr>\n", metric, *figure);
    }
  }
  return "<h2>Figures</h2>\n<table>" + rows + "</table>\n";
}

std::string objectives_table(const JsonObject& result) {
  std::string rows;
  for (const JsonValue& each : array_in(result, "objectives")) {
    if (const JsonObject* objective = each.if_object()) {
      const bool met = text_in(*objective, "met") == "true";
      rows +=
          fmt::format("<tr><td>{}</td><td>{} {}</td><td>{:.2f}</td><td class=\"{}\">{}</td></tr>\n",
                      escape_html(text_in(*objective, "metric")),
                      text_in(*objective, "atLeast") == "true" ? "at least" : "at most",
                      text_in(*objective, "bound"),
                      number_in(*objective, "actual"),
                      met ? "met" : "missed",
                      met ? "met" : "missed");
    }
  }
  return rows.empty() ? rows : "<h2>Objectives</h2>\n<table>" + rows + "</table>\n";
}

}  // namespace

std::string html_report(const JsonObject& result) {
  const std::string scenario = text_in(result, "scenario");
  const std::string title = escape_html("Load test" + (scenario.empty() ? "" : ": " + scenario));
  return fmt::format(
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>"
             "<style>{}</style></head>\n<body><h1>{}</h1>\n<p class=\"{}\">{}</p>\n",
             title,
             kStyle,
             title,
             text_in(result, "ok") == "true" ? "met" : "missed",
             text_in(result, "ok") == "true"
                 ? "All copies converged, and every objective was met."
                 : "The run failed: see the objectives and the figures.") +
         objectives_table(result) + plots(result) + figures_table(result) +
         members_table(result, "errors") + members_table(result, "config") +
         members_table(result, "machine") +
         fmt::format("<p>Commit: {}</p>\n</body></html>\n", escape_html(text_in(result, "commit")));
}

}  // namespace cloudsync::loadtest
