#include "gateway/rooms.h"

#include <algorithm>

namespace cloudsync::gateway {

void Rooms::join(const std::string& room, ConnectionId member) {
  auto& members = rooms_[room];
  if (members.empty()) {
    count_.add(1);
  }
  if (std::find(members.begin(), members.end(), member) == members.end()) {
    members.push_back(member);
  }
}

void Rooms::leave(const std::string& room, ConnectionId member) {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) {
    return;
  }
  auto& members = found->second;
  const auto position = std::find(members.begin(), members.end(), member);
  if (position != members.end()) {
    *position = members.back();
    members.pop_back();
  }
  if (members.empty()) {
    rooms_.erase(found);
    count_.add(-1);
  }
}

const std::vector<ConnectionId>& Rooms::members(const std::string& room) const {
  static const std::vector<ConnectionId> kNone;
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? kNone : found->second;
}

}  // namespace cloudsync::gateway
