#include "loadtest/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace cloudsync::loadtest {
namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 300;
constexpr double kLeft = 70;
constexpr double kRight = 20;
constexpr double kTop = 30;
constexpr double kBottom = 50;
constexpr double kLeastLog = 0.01;
// Told apart also by those who see few colours (Okabe and Ito, "Color Universal Design").
constexpr std::string_view kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"};

/// A scale of one axis: values to places.
struct Scale {
  double from = 0;
  double to = 1;
  double place_from = 0;
  double place_to = 1;
  bool log = false;

  double transformed(double value) const {
    return log ? std::log10(std::max(value, kLeastLog)) : value;
  }

  double operator()(double value) const {
    const double span = transformed(to) - transformed(from);
    const double part = span > 0 ? (transformed(value) - transformed(from)) / span : 0.0;
    return place_from + part * (place_to - place_from);
  }
};

/// 1, 2 or 5 times a power of ten, so that `span` has four to ten steps.
double nice_step(double span) {
  const double power = std::pow(10.0, std::floor(std::log10(span / 4)));
  for (const double step : {5.0, 2.0, 1.0}) {
    if (span / (step * power) >= 4) {
      return step * power;
    }
  }
  return power;
}

std::vector<Tick> ticks_of(const Scale& scale) {
  std::vector<Tick> ticks;
  if (scale.log) {
    for (double at = std::pow(10.0, std::ceil(scale.transformed(scale.from) - 1e-9));
         at <= scale.to * 1.0001;
         at *= 10) {
      ticks.push_back({at, fmt::format("{:g}", at)});
    }
    return ticks;
  }
  const double step = nice_step(scale.to - scale.from);
  for (double at = std::ceil(scale.from / step) * step; at <= scale.to + step * 1e-6; at += step) {
    ticks.push_back({at, fmt::format("{:g}", std::abs(at) < step * 1e-6 ? 0.0 : at)});
  }
  return ticks;
}

Scale x_scale(const Plot& plot) {
  Scale scale{.from = 1e300, .to = -1e300, .place_from = kLeft, .place_to = kWidth - kRight};
  for (const Series& series : plot.series) {
    for (const auto& point : series.points) {
      scale.from = std::min(scale.from, point.first);
      scale.to = std::max(scale.to, point.first);
    }
  }
  scale.to = std::max(scale.to, scale.from + 1e-9);
  return scale;
}

Scale y_scale(const Plot& plot) {
  Scale scale{.from = plot.log_y ? 1e300 : 0.0,
              .to = plot.log_y ? kLeastLog : 0.0,
              .place_from = kHeight - kBottom,
              .place_to = kTop,
              .log = plot.log_y};
  for (const Series& series : plot.series) {
    for (const auto& point : series.points) {
      scale.from = std::min(scale.from, point.second);
      scale.to = std::max(scale.to, point.second);
    }
  }
  if (plot.log_y) {  // whole decades
    scale.from = std::pow(10.0, std::floor(scale.transformed(scale.from)));
    scale.to = std::pow(10.0, std::ceil(scale.transformed(scale.to)));
  }
  if (scale.to <= scale.from) {
    scale.to = plot.log_y ? scale.from * 10 : scale.from + 1;
  }
  return scale;
}

std::string axes(const Plot& plot, const Scale& x, const Scale& y) {
  std::string svg;
  const auto out = std::back_inserter(svg);
  for (const Tick& tick : ticks_of(y)) {
    const double at = y(tick.at);
    fmt::format_to(out,
                   R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)"
                   R"(<text x="{}" y="{:.1f}" text-anchor="end">{}</text>)",
                   kLeft,
                   kWidth - kRight,
                   at,
                   at,
                   kLeft - 6,
                   at + 4,
                   tick.label);
  }
  for (const Tick& tick : plot.x_ticks.empty() ? ticks_of(x) : plot.x_ticks) {
    if (tick.at < x.from || tick.at > x.to) {
      continue;
    }
    const double at = x(tick.at);
    fmt::format_to(out,
                   R"(<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>)"
                   R"(<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)",
                   at,
                   at,
                   kTop,
                   kHeight - kBottom,
                   at,
                   kHeight - kBottom + 16,
                   escape_html(tick.label));
  }
  fmt::format_to(out,
                 R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)"
                 R"(<text x="4" y="{}">{}</text>)",
                 (kLeft + kWidth) / 2,
                 kHeight - 8,
                 escape_html(plot.x_label),
                 kTop - 12,
                 escape_html(plot.y_label));
  return svg;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string plot_svg(const Plot& plot) {
  const std::string title = "<h2>" + escape_html(plot.title) + "</h2>\n";
  if (std::all_of(plot.series.begin(), plot.series.end(), [](const Series& series) {
        return series.points.empty();
      })) {
    return title + "<p>Nothing was measured.</p>\n";
  }
  const Scale x = x_scale(plot);
  const Scale y = y_scale(plot);
  std::string svg = title + fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" aria-label="{}">)",
                                        kWidth,
                                        kHeight,
                                        escape_html(plot.title));
  svg += axes(plot, x, y);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const std::string_view colour = kColours[i % std::size(kColours)];
    std::string points;
    for (const auto& [at, value] : plot.series[i].points) {
      fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ", x(at), y(value));
    }
    svg += fmt::format(R"(<polyline fill="none" stroke-width="1.5" stroke="{}" points="{}"/>)"
                       R"(<text x="{}" y="{}" fill="{}">{}</text>)",
                       colour,
                       points,
                       kLeft + 160 + 120 * static_cast<double>(i),
                       kTop - 12,
                       colour,
                       escape_html(plot.series[i].name));
  }
  return svg + "</svg>\n";
}

}  // namespace cloudsync::loadtest
