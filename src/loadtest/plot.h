#pragma once
// Line plots as inline SVG, for the report. Pure.

#include <string>
#include <utility>
#include <vector>

namespace cloudsync::loadtest {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< by x
};

struct Tick {
  double at = 0;
  std::string label;
};

struct Plot {
  std::string title{};
  std::string x_label{};
  std::string y_label{};
  std::vector<Series> series;
  std::vector<Tick> x_ticks{};  ///< chosen if empty
  bool log_y = false;           ///< values below 0.01 are drawn there
};

/// An <svg> element, with a legend; of no points, a line that says so.
std::string plot_svg(const Plot& plot);

/// Text with what HTML means specially escaped.
std::string escape_html(const std::string& text);

}  // namespace cloudsync::loadtest
