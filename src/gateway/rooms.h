#pragma once
// Rooms: named groups of this loop's connections. Membership is bound to a session's lifetime.

#include "base/metrics.h"
#include "gateway/ids.h"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cloudsync::gateway {

class Rooms {
 public:
  /// `count` is the number of rooms, added up by those who share it.
  explicit Rooms(Gauge& count) : count_(count) {}

  /// Adds who is no member yet. Returns the room's name, which lives as long as its membership.
  /// O(1).
  const std::string& join(std::string_view room, ConnectionId member);
  void leave(std::string_view room, ConnectionId member);
  /// The members, in no order; empty for an unknown room. Valid until the next change.
  const std::vector<ConnectionId>& members(std::string_view room) const;

  std::size_t size() const { return rooms_.size(); }

 private:
  struct Hash {
    using is_transparent = void;

    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>{}(name);
    }
  };

  Gauge& count_;
  std::unordered_map<std::string, std::vector<ConnectionId>, Hash, std::equal_to<>> rooms_;
};

}  // namespace cloudsync::gateway
