#include "document/members.h"

#include "base/assert.h"
#include "base/growth.h"

#include <algorithm>
#include <utility>

namespace cloudsync::document {

Member& Members::add(Member member) {
  CS_ASSERT(!has_client(member.client), "a client id has one member");
  grow_sparingly(members_);
  const auto [it, inserted] = members_.insert(std::make_unique<Member>(std::move(member)));
  CS_ASSERT(inserted, "a member joins once");
  Member& added = **it;
  if (!by_client_.empty()) {
    by_client_.insert(&added);
  } else if (count() > kSearched) {
    for (const auto& one : members_) {
      by_client_.insert(one.get());
    }
  }
  ++per_loop_[added.loop];
  added.listed = false;
  (void)try_list(added);
  return added;
}

Member Members::take(MemberId id) {
  const auto it = members_.find(id);
  CS_ASSERT(it != members_.end(), "only a member is removed");
  Member& member = **it;
  listed_count_ -= member.listed ? 1 : 0;
  by_client_.erase(&member);
  if (--per_loop_[id.loop] == 0) {
    per_loop_.erase(id.loop);
  }
  Member taken = std::move(member);
  members_.erase(it);
  if (count() <= kSearched) {
    by_client_.clear();
    by_client_.shrink_to_fit();
  }
  return taken;
}

Member* Members::find(MemberId id) {
  const auto it = members_.find(id);
  return it == members_.end() ? nullptr : it->get();
}

const Member* Members::find_client(const ClientId& client) const {
  if (by_client_.empty()) {
    const auto one = std::find_if(members_.begin(), members_.end(), [&](const auto& member) {
      return member->client == client;
    });
    return one == members_.end() ? nullptr : one->get();
  }
  const auto it = by_client_.find(client);
  return it == by_client_.end() ? nullptr : *it;
}

bool Members::try_list(Member& member) {
  if (!member.listed && listed_count_ < listed_max_) {
    member.listed = true;
    ++listed_count_;
  }
  return member.listed;
}

std::vector<std::uint32_t> Members::loops(const std::optional<MemberId>& except) const {
  std::vector<std::uint32_t> loops;
  for (const auto& [loop, count] : per_loop_) {
    const bool only_except =
        except && except->loop == loop && count == 1 && members_.contains(*except);
    if (!only_except) {
      loops.push_back(loop);
    }
  }
  return loops;
}

}  // namespace cloudsync::document
