#pragma once
// Rooms: named groups of this loop's connections. Membership is bound to a session's lifetime.

#include "base/metrics.h"
#include "gateway/ids.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace cloudsync::gateway {

class Rooms {
 public:
  /// `count` is the number of rooms, added up by those who share it.
  explicit Rooms(Gauge& count) : count_(count) {}

  /// Adds who is no member yet. Returns the room's name, which lives as long as its membership.
  /// O(1).
  const std::string& join(const std::string& room, ConnectionId member);
  void leave(const std::string& room, ConnectionId member);
  /// The members, in no order; empty for an unknown room. Valid until the next change.
  const std::vector<ConnectionId>& members(const std::string& room) const;

  std::size_t size() const { return rooms_.size(); }

 private:
  Gauge& count_;
  std::unordered_map<std::string, std::vector<ConnectionId>> rooms_;
};

}  // namespace cloudsync::gateway
