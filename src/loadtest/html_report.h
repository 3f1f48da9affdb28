#pragma once
// A result as a page that needs nothing else: figures, objectives and plots.

#include "base/json.h"

#include <string>

namespace cloudsync::loadtest {

/// `result` is what result_json() gives; what is missing is left out.
std::string html_report(const JsonObject& result);

}  // namespace cloudsync::loadtest
