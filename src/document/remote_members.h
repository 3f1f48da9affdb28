#pragma once
// Who is in a document at other nodes, by their rosters. A node that falls silent is gone.

#include "document/roster.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace cloudsync::document {

class RemoteMembers {
 public:
  /// Beats without a roster after which a node is gone: the bus may lose two in a row.
  static constexpr std::uint32_t kSilentBeatsMax = 3;

  /// False if it is of another node and there are `nodes_max` already. An old roster changes
  /// nothing.
  bool take(Roster roster, std::size_t nodes_max);

  /// The time of a heartbeat is over. True if somebody was forgotten.
  bool beat();

  /// Each client once, at most `members_max`: one that is at two nodes as the newer of them says.
  std::map<ClientId, RosterMember> all(std::size_t members_max) const;

  bool has(const ClientId& client) const;

  /// Members that the rosters only count.
  std::uint64_t unlisted() const;

  bool empty() const { return nodes_.empty(); }

 private:
  struct Entry {
    RosterMember member;
    std::uint64_t since = 0;  // when it came to that node: a count of arrivals
  };

  struct Node {
    std::uint64_t number = 0;
    std::uint64_t unlisted = 0;
    std::uint32_t silent_beats = 0;
    std::map<ClientId, Entry> members;
  };

  std::uint64_t arrivals_ = 0;
  std::map<std::string, Node> nodes_;
};

/// Who is elsewhere, and what the members here know of that.
struct Elsewhere {
  RemoteMembers members;
  std::map<ClientId, RosterMember> shown;  ///< those of members that the members here know of
  std::size_t count = 0;                   ///< of members, without those who are here as well

  bool empty() const { return members.empty() && shown.empty() && count == 0; }
};

}  // namespace cloudsync::document
