#include "gateway/rooms.h"

#include "base/growth.h"

#include <algorithm>

namespace cloudsync::gateway {

const std::string& Rooms::join(std::string_view room, ConnectionId member) {
  auto found = rooms_.find(room);
  if (found == rooms_.end()) {
    found = rooms_.try_emplace(std::string(room)).first;
  }
  auto& [name, members] = *found;
  if (members.empty()) {
    count_.add(1);
  }
  grow_sparingly(members);
  members.push_back(member);
  return name;
}

void Rooms::leave(std::string_view room, ConnectionId member) {
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

const std::vector<ConnectionId>& Rooms::members(std::string_view room) const {
  static const std::vector<ConnectionId> kNone;
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? kNone : found->second;
}

}  // namespace cloudsync::gateway
