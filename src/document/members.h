#pragma once
// Who is in a document: live connections, one per client id, and the loops they live on.

#include "base/ids.h"
#include "base/keyed.h"
#include "document/messages.h"
#include "document/roster.h"

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace cloudsync::document {

/// 48 bytes, of which there may be half a million: the flags are where a MemberId is padded.
struct Member {
  std::uint64_t connection = 0;  ///< of its id
  std::uint32_t loop = 0;        ///< of its id
  /// Among the limits.members_listed that others are told of: in their member lists, by user-joined
  /// and user-left, and by presence.
  bool listed = false;
  /// The others were not told yet of what it shows.
  bool presence_due = false;
  ClientId client;
  UserId user;
  SharedText name;
  /// What it shows, if it was not withdrawn.
  std::unique_ptr<const ShownPresence> presence = nullptr;

  MemberId id() const { return {.loop = loop, .connection = connection}; }
};

class Members {
 public:
  explicit Members(std::size_t listed_max) : listed_max_(listed_max) {}

  /// Adds a member whose id and client are not there yet; it is listed while there is room.
  Member& add(Member member);
  /// Removes it.
  Member take(MemberId id);

  /// Null if not there. Valid until it is removed.
  Member* find(MemberId id);
  const Member* find_client(const ClientId& client) const;

  bool has_client(const ClientId& client) const { return find_client(client) != nullptr; }

  /// Lists a member that came when the list was full. False if it still is.
  bool try_list(Member& member);

  std::size_t count() const { return members_.size(); }

  bool empty() const { return members_.empty(); }

  std::size_t listed_count() const { return listed_count_; }

  /// All of them, as pointers, in the order of their ids.
  const auto& all() const { return members_; }

  /// Loops with at least one member besides `except`.
  std::vector<std::uint32_t> loops(const std::optional<MemberId>& except) const;

 private:
  struct IdOf {
    static MemberId key(const std::unique_ptr<Member>& member) { return member->id(); }

    static MemberId key(MemberId id) { return id; }
  };

  struct ClientOf {
    static const ClientId& key(const Member* member) { return member->client; }

    static const ClientId& key(const ClientId& client) { return client; }
  };

  /// So many are searched one by one.
  static constexpr std::size_t kSearched = 16;

  std::size_t listed_max_;
  std::size_t listed_count_ = 0;
  // Sorted arrays of pointers: a member is one block with its id in it, and its place in both takes
  // 16 bytes, which are moved for another in a document of 10,000 within microseconds. Nearly all
  // documents have a few, among which a client is looked for without the second.
  boost::container::flat_set<std::unique_ptr<Member>, KeyLess<IdOf>> members_;
  boost::container::flat_set<Member*, KeyLess<ClientOf>> by_client_;   // above kSearched
  boost::container::flat_map<std::uint32_t, std::uint32_t> per_loop_;  // members on each, never 0
};

}  // namespace cloudsync::document
