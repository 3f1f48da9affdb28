#include "document/remote_members.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {

bool RemoteMembers::take(Roster roster, std::size_t nodes_max) {
  const auto known = nodes_.find(roster.node);
  if (known == nodes_.end() && nodes_.size() >= nodes_max) {
    return false;
  }
  Node& node = nodes_[roster.node];
  if (known != nodes_.end() && roster.number <= node.number) {
    return true;
  }
  std::map<ClientId, Entry> members;
  for (RosterMember& member : roster.members) {
    const auto before = node.members.find(member.client);
    const std::uint64_t since = before == node.members.end() ? ++arrivals_ : before->second.since;
    const ClientId client = member.client;
    members.insert_or_assign(client, Entry{.member = std::move(member), .since = since});
  }
  node = {.number = roster.number,
          .unlisted = roster.unlisted,
          .silent_beats = 0,
          .members = std::move(members)};
  return true;
}

bool RemoteMembers::beat() {
  bool forgot = false;
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    Node& node = it->second;
    if (++node.silent_beats <= kSilentBeatsMax) {
      ++it;
      continue;
    }
    forgot = forgot || !node.members.empty() || node.unlisted > 0;
    it = nodes_.erase(it);
  }
  return forgot;
}

std::map<ClientId, RosterMember> RemoteMembers::all(std::size_t members_max) const {
  std::map<ClientId, const Entry*> newest;
  for (const auto& [name, node] : nodes_) {
    for (const auto& [client, entry] : node.members) {
      const Entry*& best = newest[client];
      if (best == nullptr || best->since < entry.since) {
        best = &entry;
      }
    }
  }
  std::map<ClientId, RosterMember> members;
  for (const auto& [client, entry] : newest) {
    if (members.size() == members_max) {
      break;
    }
    members.emplace(client, entry->member);
  }
  return members;
}

bool RemoteMembers::has(const ClientId& client) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&client](const auto& node) {
    return node.second.members.contains(client);
  });
}

std::uint64_t RemoteMembers::unlisted() const {
  std::uint64_t count = 0;
  for (const auto& [name, node] : nodes_) {
    count += node.unlisted;
  }
  return count;
}

}  // namespace cloudsync::document
