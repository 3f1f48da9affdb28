#pragma once
// The names of the kinds of events in a history's lines.

#include "checker/history.h"

#include <optional>
#include <string_view>

namespace cloudsync::checker {

std::string_view kind_name(Kind kind);
std::optional<Kind> kind_from_name(std::string_view name);

}  // namespace cloudsync::checker
