#pragma once
// What a node tells the others of who is in a document there: everybody and what they show, each
// time, so that the newest roster is enough and any other may be lost. Only nodes read it; one that
// a node can't read is as good as lost.

#include "base/ids.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudsync::document {

/// A state of presence as JSON text, and the revision that its selection is in.
struct ShownPresence {
  Revision revision;
  std::string state;

  friend bool operator==(const ShownPresence&, const ShownPresence&) = default;
};

struct RosterMember {
  ClientId client;
  UserId user;
  SharedText name;
  std::optional<ShownPresence> presence;
};

struct Roster {
  std::string node;            ///< names one authority over its lifetime
  std::uint64_t number = 0;    ///< rises with each roster of that
  std::uint64_t unlisted = 0;  ///< members beyond those of the list
  std::vector<RosterMember> members;
};

/// The topic of a document's rosters.
std::string roster_topic(const DocumentId& document);

std::string encode_roster(const Roster& roster);

/// At most `members_max` of the members. Errors: kBadRequest if it is no roster.
Result<Roster> decode_roster(std::string_view bytes, std::size_t members_max);

}  // namespace cloudsync::document
