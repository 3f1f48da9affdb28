#include "event.h"

#include <algorithm>

namespace cloudsync::simulation {
namespace {

struct Description {
  std::string_view name;
  std::size_t arguments;
};

constexpr std::array<Description, kActs> kDescriptions{{
    {"start", 2},
    {"edit", 3},
    {"paste", 3},
    {"select", 3},
    {"reload", 3},
    {"move", 3},
    {"impostor", 3},
    {"vandal", 3},
    {"read", 2},
    {"read-old", 3},
    {"crash", 3},
    {"stop", 3},
    {"pause", 3},
    {"jump", 3},
    {"power", 2},
    {"cut", 2},
    {"block", 4},
    {"disk-full", 2},
    {"disk-slow", 3},
    {"up-cut", 2},
    {"up-twice", 2},
    {"up-late", 3},
    {"down-cut", 2},
    {"down-twice", 2},
    {"down-late", 3},
    {"overtaken", 3},
    {"bus-lost", 3},
    {"bus-twice", 4},
    {"bus-late", 4},
    {"append-refused", 2},
    {"append-lost", 2},
    {"append-unknown", 2},
    {"crash-before-append", 3},
    {"crash-in-append", 3},
    {"crash-after-append", 3},
    {"crash-at-publish", 3},
    {"read-fails", 2},
    {"probe-lost", 2},
    {"upgrade-cut", 2},
    {"upgrade-late", 3},
}};

}  // namespace

std::string_view act_name(Act act) {
  return kDescriptions[static_cast<std::size_t>(act)].name;
}

std::optional<Act> act_from_name(std::string_view name) {
  const auto found = std::find_if(kDescriptions.begin(),
                                  kDescriptions.end(),
                                  [name](const Description& one) { return one.name == name; });
  if (found == kDescriptions.end()) {
    return std::nullopt;
  }
  return static_cast<Act>(found - kDescriptions.begin());
}

std::size_t act_arguments(Act act) {
  return kDescriptions[static_cast<std::size_t>(act)].arguments;
}

}  // namespace cloudsync::simulation
